"""What is asked again and again is parsed by SQLite once for each connection."""

from pathlib import Path

from sqlalchemy import Connection, bindparam, select

from collector.store import Store
from collector.store.prepared import Prepared
from collector.store.schema import device

MANY = 300
"""More statements than a driver keeps unless it is told to."""
ONE = device.c.device_id == bindparam("of_device")
EVERY_TIME = tuple(
    Prepared(select(device.c[name]).where(ONE)) for name in ("hostname", "platform", "model")
)


def _ask(c: Connection) -> None:
    for each in EVERY_TIME:
        each.rows(c, of_device="d1")


def _parsed_at_the_second_time(c: Connection) -> list[int]:
    """What SQLite looks at while it parses, after a busy start and one round of questions."""
    heard: list[int] = []

    def allow(action: int, *what: object) -> int:
        heard.append(action)
        return 0

    raw = c.connection.dbapi_connection
    assert raw is not None
    raw.set_authorizer(allow)  # type: ignore[attr-defined]  # as sqlite3's own
    for number in range(MANY):
        for _ in range(3):
            c.exec_driver_sql(f"SELECT {number}").all()
    _ask(c)
    assert heard
    heard.clear()
    _ask(c)
    raw.set_authorizer(None)  # type: ignore[attr-defined]
    return heard


def test_statements_in_turn_do_not_push_each_other_out(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    try:
        assert store.write(_parsed_at_the_second_time) == []
        assert store.read(_parsed_at_the_second_time) == []
    finally:
        store.close()
