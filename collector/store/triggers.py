"""The counters follow every change, whoever makes it: the database moves them itself.

SQLite's triggers. On a PostgreSQL-wire engine the same statements stand in trigger functions.
They are put in place whenever a store is opened, because rebuilding a table drops its triggers.
"""

# ruff: noqa: ISC004, S608 - a trigger is a few sentences, made of nothing but constants

from sqlalchemy import Connection

from collector.store import letters

DAY_MS = 86_400_000
HOUR_S, DAY_S = 3600, 86_400
BUCKET_ENDS_S = (
    HOUR_S,
    4 * HOUR_S,
    *(days * DAY_S for days in (1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 45, 60, 90, 180, 365)),
)
"""A time to fix is counted in the first bucket whose end it does not exceed; there is one more."""

BUCKET = (
    "CASE "
    + " ".join(f"WHEN {{0}} <= {end} THEN {n}" for n, end in enumerate(BUCKET_ENDS_S))
    + f" ELSE {len(BUCKET_ENDS_S)} END"
)

_RETIRED_OR_BACK = "(OLD.retired_at IS NULL) <> (NEW.retired_at IS NULL)"


def _devices(row: str, by: int) -> str:
    """One device more or fewer, while it is in service."""
    return (
        "INSERT INTO device_tally (platform, compliance, silent, devices)"
        f" SELECT {row}.platform, {row}.compliance, {row}.silent, {by}"
        f" WHERE {row}.retired_at IS NULL"
        f" ON CONFLICT DO UPDATE SET devices = devices + {by};"
    )


def _finding(row: str, by: int) -> str:
    """One open finding more or fewer, of a device in service."""
    return (
        "INSERT INTO finding_tally (rule_id, status, cause, platform, findings)"
        f" SELECT {row}.rule_id, {row}.status, {row}.cause, d.platform, {by} FROM device d"
        f" WHERE d.device_id = {row}.device_id AND d.retired_at IS NULL"
        f" AND {row}.closed_at IS NULL"
        f" ON CONFLICT DO UPDATE SET findings = findings + {by};"
    )


def _all_findings(row: str, by: int) -> str:
    """Every open finding of a device that comes, goes or changes its platform."""
    return (
        "INSERT INTO finding_tally (rule_id, status, cause, platform, findings)"
        f" SELECT f.rule_id, f.status, f.cause, {row}.platform, {by} FROM finding f"
        f" WHERE f.device_id = {row}.device_id AND f.closed_at IS NULL"
        f" AND {row}.retired_at IS NULL"
        f" ON CONFLICT DO UPDATE SET findings = findings + {by};"
    )


_BEFORE = (
    "SELECT f.status, f.since FROM finding f"
    " WHERE f.device_id = NEW.device_id AND f.rule_id = NEW.rule_id"
    " AND f.recorded_at < NEW.recorded_at AND f.status IN ('pass', 'fail')"
    " ORDER BY f.recorded_at DESC LIMIT 1"
)
"""What was last known: an unknown in between neither breaks nor mends anything."""


_UNCOUNTED = (
    "INSERT INTO flow (day, rule_id, kind, bucket, turns)"
    f" SELECT at / {DAY_MS}, rule_id, kind, {BUCKET.format('seconds')}, -1"
    " FROM turn WHERE device_id = OLD.device_id"
    " ON CONFLICT DO UPDATE SET turns = turns - 1;"
    "DELETE FROM turn WHERE device_id = OLD.device_id;"
)
"""The turns of a device that is no more; those that were only kept long enough stay counted."""


def _letters(row: str, *, gone: bool) -> str:
    """A device's letters go into their index, or out of it."""
    command, value = ("device_letters, ", "'delete', ") if gone else ("", "")
    return (
        f"INSERT INTO device_letters ({command}rowid, described, owner)"
        f" SELECT {value}number, {row}.searched, {letters.OWNED.format(row)}"
        f" FROM device_number WHERE device_id = {row}.device_id;"
    )


TRIGGERS = {
    "device_described": (
        "AFTER INSERT ON device",
        "INSERT INTO device_number (device_id) VALUES (NEW.device_id);"
        + _letters("NEW", gone=False),
    ),
    "device_described_anew": (
        "AFTER UPDATE OF searched, owner ON device"
        " WHEN OLD.searched <> NEW.searched OR OLD.owner <> NEW.owner",
        _letters("OLD", gone=True) + _letters("NEW", gone=False),
    ),
    "device_described_no_more": (
        "AFTER DELETE ON device",
        _letters("OLD", gone=True) + "DELETE FROM device_number WHERE device_id = OLD.device_id;",
    ),
    "device_added": (
        "AFTER INSERT ON device",
        _devices("NEW", 1) + _all_findings("NEW", 1),
    ),
    "device_removed": (
        "AFTER DELETE ON device",
        _devices("OLD", -1) + _all_findings("OLD", -1) + _UNCOUNTED,
    ),
    "device_moved": (
        "AFTER UPDATE OF platform, compliance, silent, retired_at ON device"
        " WHEN OLD.platform <> NEW.platform OR OLD.compliance <> NEW.compliance"
        f" OR OLD.silent <> NEW.silent OR {_RETIRED_OR_BACK}",
        _devices("OLD", -1) + _devices("NEW", 1),
    ),
    "device_findings_moved": (
        "AFTER UPDATE OF platform, retired_at ON device"
        f" WHEN OLD.platform <> NEW.platform OR {_RETIRED_OR_BACK}",
        _all_findings("OLD", -1) + _all_findings("NEW", 1),
    ),
    "finding_added": ("AFTER INSERT ON finding", _finding("NEW", 1)),
    "finding_removed": ("AFTER DELETE ON finding", _finding("OLD", -1)),
    "finding_moved": (
        "AFTER UPDATE OF closed_at, status, cause ON finding"
        " WHEN OLD.closed_at IS NOT NEW.closed_at OR OLD.status <> NEW.status"
        " OR OLD.cause <> NEW.cause",
        _finding("OLD", -1) + _finding("NEW", 1),
    ),
    "finding_fails": (
        "AFTER INSERT ON finding WHEN NEW.status = 'fail'",
        "INSERT INTO turn (device_id, rule_id, at, kind, seconds)"
        " SELECT NEW.device_id, NEW.rule_id, NEW.recorded_at, 'failing', 0"
        f" WHERE NOT EXISTS (SELECT 1 FROM ({_BEFORE}) WHERE status = 'fail');",
    ),
    "finding_fixed": (
        "AFTER INSERT ON finding WHEN NEW.status = 'pass'",
        "INSERT INTO turn (device_id, rule_id, at, kind, seconds)"
        " SELECT NEW.device_id, NEW.rule_id, NEW.recorded_at, 'fixed',"
        " max(0, NEW.since - before.since) / 1000"
        f" FROM ({_BEFORE}) before WHERE before.status = 'fail';",
    ),
    "turn_to_be_told": (
        "AFTER INSERT ON turn WHEN NEW.kind = 'failing'",
        "INSERT INTO new_failure (device_id, rule_id, recorded_at)"
        " VALUES (NEW.device_id, NEW.rule_id, NEW.at);",
    ),
    "turn_counted": (
        "AFTER INSERT ON turn",
        "INSERT INTO flow (day, rule_id, kind, bucket, turns)"
        f" SELECT NEW.at / {DAY_MS}, NEW.rule_id, NEW.kind, {BUCKET.format('NEW.seconds')}, 1"
        " WHERE true ON CONFLICT DO UPDATE SET turns = turns + 1;",
    ),
}


def install(connection: Connection) -> None:
    """Put every trigger in place as it is written here; nothing is written when all are."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    held = {row.name: row.sql for row in rows}
    wanted = {
        name: f"CREATE TRIGGER {name} {when} BEGIN {does} END"
        for name, (when, does) in TRIGGERS.items()
    }
    for name in held.keys() - wanted.keys():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    for name, statement in wanted.items():
        if held.get(name) != statement:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(statement)
