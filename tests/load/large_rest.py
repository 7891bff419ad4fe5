"""What a large fleet has beside devices: waivers, notifications, one device with a long history."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from collector.policy import RULES
from tests.fleet import posture

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MOMENTS = 2_000
MOST_NOTIFICATIONS = 200_000
WAIVER = """
INSERT INTO waiver (number, device_id, group_name, rule_id, reason, requested_by, requested_at,
  ends_at, decision, decided_by, decided_at, remark, ended_by, ended_at)
VALUES (?, ?, ?, ?, ?, 'alice@example.org', ?, ?, ?, ?, ?, '', '', NULL)"""
NOTIFICATION = """
INSERT INTO notification (number, dedup_key, topic, target, address, about, subject, content,
  urgent, created_at, next_at, attempts, sent_at, failed_at, trouble)
VALUES (?, ?, 'daily', 'mail', ?, ?, 'Two devices need you', '', 0, ?, NULL, 1, ?, ?, ?)"""
FINDING = """
INSERT INTO finding (device_id, rule_id, recorded_at, closed_at, signal, status, because,
  evidence, since, evaluated_at, policy_version)
VALUES (?, ?, ?, ?, ?, ?, 'It was so for a while.', '[["/proc/mounts", "ext4"]]', ?, ?, 1)"""
REPORT = """
INSERT INTO report (device_id, sequence, digest, posture, observed_at, received_at)
VALUES (?, ?, zeroblob(32), ?, ?, ?)"""


def more_than_devices(connection: Connection, many: int, now: int) -> None:
    """The last device by id is the one with the long history."""
    cursor = connection.connection.cursor()
    ids = [row[0] for row in cursor.execute("SELECT device_id FROM device ORDER BY device_id")]
    cursor.executemany(WAIVER, _waivers(ids[:: max(1, len(ids) // (many // 20))], now))
    cursor.executemany(NOTIFICATION, _notifications(min(MOST_NOTIFICATIONS, 2 * many), now))
    busy = ids[-1]
    begun = cursor.execute("SELECT enrolled_at FROM device WHERE device_id = ?", [busy]).fetchone()
    cursor.executemany(FINDING, _intervals(busy, begun[0], now))
    described = json.dumps({"hostname": "LAP-LONG", "memory_bytes": str(16 << 30)})
    cursor.execute("INSERT INTO inventory VALUES (?, ?)", [busy, described])
    said = [(busy, n, posture("LAP-LONG", n), begun[0] + n, begun[0] + n) for n in range(1, 200)]
    cursor.executemany(REPORT, said)
    silent = [(busy, begun[0] + n * DAY, begun[0] + n * DAY + HOUR) for n in range(300)]
    cursor.executemany("INSERT INTO absence VALUES (?, ?, ?)", silent)


def _waivers(ids: list[str], now: int) -> Iterator[tuple[Any, ...]]:
    """A third is over, a tenth is waiting, and three stand for groups."""
    for number, device_id in enumerate(ids, 1):
        rule = RULES[number % len(RULES)].id
        asked = now - (number % 300) * DAY
        ends = now + ((number * 7) % 180 - 60) * DAY
        waits = number % 10 == 0
        decided = ("", "", None) if waits else ("approved", "bob@example.org", asked + HOUR)
        group = {1: "small", 2: "large", 3: "large"}.get(number, "")
        about = ("", group) if group else (device_id, "")
        reason = "The machine in the laboratory runs a measurement until the end of the month."
        yield (number, *about, rule, reason, asked, ends, *decided)


def _notifications(many: int, now: int) -> Iterator[tuple[Any, ...]]:
    """One in fifty has failed."""
    for number in range(1, many + 1):
        at = now - (many - number) * MINUTE
        gone = (None, at, "the server said 550") if number % 50 == 0 else (at + MINUTE, None, "")
        address = f"person{number % 5000}@example.org"
        yield (number, f"daily:{number}", address, f"person:{address}", at, *gone)


def _intervals(device_id: str, enrolled: int, now: int) -> Iterator[tuple[Any, ...]]:
    """Closed ones, each a rule's turn, spread over the whole life of the device."""
    step = (now - DAY - enrolled) // (MOMENTS + len(RULES))
    for number in range(MOMENTS):
        rule = RULES[number % len(RULES)]
        begun = enrolled + (number + 1) * step
        status = "fail" if number // len(RULES) % 2 else "pass"
        ends = begun + len(RULES) * step
        yield (device_id, rule.id, begun, ends, rule.signal, status, begun, begun)
