"""The file is opened safely, brought up to date, or refused with words that help."""

import os
import sqlite3 as stdlib_sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, text

from collector.store import Store, StoreDamaged, StoreError, StoreTooNew, letters
from collector.store.engine import write_ahead_is_safe
from collector.store.schema import metadata, opened_by
from tests.fakes import FixedClock


def test_what_is_acknowledged_is_synced(store: Store) -> None:
    def pragmas(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {n: connection.exec_driver_sql(f"PRAGMA {n}").scalar() for n in names}

    assert store.write(pragmas) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_only_the_account_of_the_collector_can_read_the_files(store: Store) -> None:
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in store.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "collector.sqlite3" in modes
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    (tmp_path / "collector.sqlite3").chmod(0o644)
    Store.open(tmp_path).close()
    assert stat.S_IMODE((tmp_path / "collector.sqlite3").stat().st_mode) == 0o600


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The index of letters is a virtual table; nothing but SQLite knows its parts."""
    return kind != "table" or not (name or "").startswith(letters.TABLE)


def test_the_migrations_build_the_tables_of_the_schema(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": _is_ours}
        )
        return list(compare_metadata(context, metadata))

    assert store.read(differences) == []


def test_the_migrations_build_the_same_statements_as_the_schema(
    store: Store, tmp_path: Path
) -> None:
    def shape(connection: Connection) -> dict[str, str]:
        listed = (
            "SELECT name, sql FROM sqlite_master"
            " WHERE type <> 'trigger' AND name NOT LIKE 'alembic%'"
            f" AND name NOT LIKE '{letters.TABLE}%'"
        )
        rows = connection.exec_driver_sql(listed).all()
        return {row.name: " ".join((row.sql or "").split()) for row in rows}

    built = store.read(shape)

    def from_schema(connection: Connection) -> dict[str, str]:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        return shape(connection)

    assert store.write(from_schema) == built


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    before = (tmp_path / "collector.sqlite3").read_bytes()
    Store.open(tmp_path).close()
    assert (tmp_path / "collector.sqlite3").read_bytes() == before


def test_a_database_of_a_newer_version_is_refused_by_name(
    tmp_path: Path, clock: FixedClock
) -> None:
    store = Store.open(tmp_path, clock=clock)
    clock.advance(days=1)

    def upgraded(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(
            insert(opened_by).values(
                first_at=clock(), collector_version="7.1.0", schema_revision="9999"
            )
        )

    store.write(upgraded)
    store.close()
    with pytest.raises(StoreTooNew, match=r"by 7\.1\.0 .*install 7\.1\.0, or restore a backup"):
        Store.open(tmp_path)


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "collector.sqlite3").write_bytes(b"this is not a database at all" * 200)
    with pytest.raises(StoreDamaged, match="restore a backup"):
        Store.open(tmp_path)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    other = stdlib_sqlite3.connect(tmp_path / "collector.sqlite3")
    other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    with pytest.raises(StoreDamaged, match="tables are not a collector's"):
        Store.open(tmp_path)


def test_a_truncated_file_is_damaged(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    path = tmp_path / "collector.sqlite3"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreDamaged):
        Store.open(tmp_path)


def test_a_damaged_page_is_found_by_the_check(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    page = store.read(
        lambda c: c.exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE name = 'event_by_time'"
        ).scalar_one()
    )
    store.check()
    store.close()
    with (tmp_path / "collector.sqlite3").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 512)
    store = Store.open(tmp_path)
    with pytest.raises(StoreDamaged):
        store.check()
    store.close()


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="is not a folder: name another data folder"):
        Store.open(tmp_path / "data")


def test_without_create_a_missing_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database at"):
        Store.open(tmp_path / "data", create=False)
    assert not (tmp_path / "data").exists()


def test_versions_with_the_defect_of_the_log_are_known() -> None:
    safe = [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 53, 4), (4, 0, 0)]
    unsafe = [(3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 0), (3, 51, 2)]
    assert all(write_ahead_is_safe(version) for version in safe)
    assert not any(write_ahead_is_safe(version) for version in unsafe)
