"""A store with very many devices and weeks of history, made in bulk and not by check-ins."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # as the store's engine

from collector.policy import RULES, default_text
from collector.store import FILE_NAME, Store, letters, policies, recount, triggers
from tests.load.large_rest import more_than_devices

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SYSTEMS = (
    ("windows", "", "Windows 11 Pro"),
    ("windows", "", "Windows 11 Pro"),
    ("windows", "", "Windows 10 Pro"),
    ("macos", "", "macOS 26.1"),
    ("linux", "debian", "Debian GNU/Linux 12 (bookworm)"),
)
COLUMNS = [
    "device_id",
    "hostname",
    "platform",
    "os_id",
    "os_name",
    "os_version",
    "os_build",
    "form_factor",
    "manufacturer",
    "model",
    "serial",
    "agent_version",
    "searched",
    "enrolled_at",
    "last_seen_at",
    "last_report_at",
    "last_sequence",
    "digest",
    "compliance",
    "compliance_since",
    "answer_version",
    "answer_digest",
    "judged_policy_version",
    "evaluated_at",
    "quarantined_because",
    "retired_at",
    "owner",
    "silent",
]
FINDING_COLUMNS = [
    "device_id",
    "rule_id",
    "recorded_at",
    "closed_at",
    "signal",
    "status",
    "because",
    "evidence",
    "since",
    "evaluated_at",
    "policy_version",
    "cause",
]
SAID = '[["/proc/self/mountinfo", "/dev/mapper/root on / type ext4"]]'
FAIL_SHARES = (0.03, 0.02, 0.04, 0.06, 0.05, 0.02, 0.08, 0.15, 0.1)
PACKAGED = 20_000
CACHE_KIB = 2 << 20
SCATTER = 7_368_787  # a prime: the devices of one person are not neighbours
PEOPLE = """
INSERT OR REPLACE INTO person
SELECT owner, 'Person ' || substr(owner, 7, 3), 'Sales', 'en', NULL, 0, 'the measurement', count(*)
FROM device WHERE owner <> '' AND retired_at IS NULL GROUP BY owner;
UPDATE person SET left_at = 0 WHERE email LIKE 'person77%';
INSERT OR REPLACE INTO person_word SELECT email, email FROM person;
INSERT OR REPLACE INTO person_word
SELECT substr(email, 1, instr(email, '@') - 1), email FROM person;
INSERT OR REPLACE INTO person_word SELECT 'example', email FROM person;
INSERT OR REPLACE INTO person_word SELECT 'org', email FROM person;
INSERT OR REPLACE INTO person_word SELECT 'person', email FROM person;
INSERT OR REPLACE INTO person_word SELECT 'sales', email FROM person;
INSERT OR REPLACE INTO person_word SELECT substr(email, 7, 3), email FROM person;
INSERT INTO membership (group_name, device_id)
SELECT 'large', device_id FROM device WHERE device_id < '4' AND retired_at IS NULL;
INSERT INTO membership (group_name, device_id)
SELECT 'small', device_id FROM device WHERE device_id < '004' AND retired_at IS NULL;
INSERT INTO fleet_group (name, description, contact, created_at, devices)
SELECT group_name, '', '', 0, count(*) FROM membership GROUP BY group_name;
UPDATE device SET severity = -1 - abs(random() % 4) WHERE compliance = 'non_compliant';
"""


def seeded(folder: Path, many: int) -> Store:
    """The store in this folder; made when it is not there, which takes minutes for a million."""
    made = folder / "seeded"
    if not made.exists():
        for stale in folder.glob("collector.sqlite3*"):
            stale.unlink()
        Store.open(folder).close()
        begun = time.perf_counter()
        with _unguarded(folder / FILE_NAME) as connection:
            _make(connection, many)
        made.touch()
        print(f"seeded {many:,} devices in {time.perf_counter() - begun:.0f} s", flush=True)
    return Store.open(folder)


@contextmanager
def _unguarded(path: Path) -> Iterator[Connection]:
    """One transaction without a log and without a wait for the disk: a crash loses the file."""

    def connect() -> Any:
        raw = sqlite3.connect(path)
        raw.isolation_level = None
        for setting in ("journal_mode=OFF", "synchronous=OFF", "temp_store=MEMORY"):
            raw.execute(f"PRAGMA {setting}")
        raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        return raw

    engine = create_engine("sqlite://", module=sqlite3, creator=connect, poolclass=StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    engine.dispose()


def _make(connection: Connection, many: int) -> None:
    """Rows in the order of their keys, without triggers and indices; these come at the end."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    for name in triggers.TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    indices = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('device', 'finding')"
    ).all()
    for index in indices:
        connection.exec_driver_sql(f"DROP INDEX {index.name}")
    connection.exec_driver_sql(f"DROP TABLE {letters.TABLE}")
    for first in range(0, many, PACKAGED):
        _fill(connection, range(first, min(first + PACKAGED, many)), many, now)
    for index in indices:
        connection.exec_driver_sql(index.sql)
    letters.install(connection)
    _count(connection)
    for statement in PEOPLE.split(";")[:-1]:
        connection.exec_driver_sql(statement)
    more_than_devices(connection, many, now)
    connection.exec_driver_sql("ANALYZE")


def _fill(connection: Connection, numbers: range, many: int, now: int) -> None:
    devices, findings = [], []
    chance = random.Random(numbers.start)
    for number in numbers:
        device, found = _one(number, many, now, chance)
        devices.append(device)
        findings.extend(found)
    cursor = connection.connection.cursor()
    cursor.executemany(_insert("device", COLUMNS), devices)
    findings.sort(key=lambda row: row[:3])
    cursor.executemany(_insert("finding", FINDING_COLUMNS), findings)


def _insert(table: str, columns: list[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


def _one(
    number: int, many: int, now: int, chance: random.Random
) -> tuple[tuple[Any, ...], list[Any]]:
    """Ids grow with the number, and nothing else does."""
    device_id = f"{((number << 64) // many << 64) + chance.getrandbits(64):032x}"
    platform, os_id, os_name = SYSTEMS[number % len(SYSTEMS)]
    hostname = f"{chance.choice(('LAP', 'PC', 'MAC', 'SITE7'))}-{chance.getrandbits(32):08X}"
    serial, model = f"PF{chance.getrandbits(32):08X}", f"Model {chance.randrange(60)}"
    enrolled = now - chance.randrange(60, 400) * DAY
    silent = chance.random() < 0.03
    seen = now - (chance.randrange(8, 90) * DAY if silent else chance.randrange(1440) * MINUTE)
    findings = list(_findings(device_id, enrolled, seen, now, chance))
    statuses = {row[5] for row in findings if row[3] is None}
    state = (
        "non_compliant"
        if "fail" in statuses
        else "unknown"
        if "unknown" in statuses
        else "compliant"
    )
    words = letters.described(hostname, serial, model, os_name)
    retired = enrolled + 50 * DAY if chance.random() < 0.01 else None
    somebody = number * SCATTER % many // 2
    owner = f"person{somebody}@example.org" if chance.random() < 0.8 else ""
    row = (
        *(device_id, hostname, platform, os_id, os_name, "12", "", "laptop", "Maker", model),
        *(serial, "0.1.0", words, enrolled, seen, seen, 7, chance.randbytes(32), state),
        *(seen - 3 * DAY, 1, chance.randbytes(16), 1, seen, "", retired, owner, int(silent)),
    )
    return row, findings


def _findings(
    device_id: str, enrolled: int, seen: int, now: int, chance: random.Random
) -> Iterator[tuple[Any, ...]]:
    """One open interval a rule; some rules have failed before, or do since a while."""
    for rule, share in zip(RULES, FAIL_SHARES, strict=True):
        drawn = chance.random()
        status = "fail" if drawn < share else "unknown" if drawn < share + 0.02 else "pass"
        cause = chance.choice(("permission_denied", "timed_out")) if status == "unknown" else ""
        turned = chance.random() < 0.15
        at = max(enrolled, seen - chance.randrange(60 * 24) * HOUR) if turned else enrolled
        before = "pass" if status == "fail" else "fail"
        if turned and at - enrolled > HOUR:
            began = max(enrolled, at - chance.randrange(1, 20 * 24) * HOUR)
            said = (rule.signal, before, "It was so before.", SAID, began, at, 1, "")
            yield (device_id, rule.id, began, at, *said)
        said = (rule.signal, status, "It is so now.", SAID, at, seen, 1, cause)
        yield (device_id, rule.id, at, None, *said)


def _count(connection: Connection) -> None:
    now = datetime.now(UTC)
    policies.add(connection, default_text(), now, "the measurement")
    triggers.install(connection)
    recount.recount(connection)
    recount.make_up_past(connection, now)
