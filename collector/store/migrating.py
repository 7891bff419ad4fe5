"""An older file is brought up to date in one transaction; a newer one is refused, untouched."""

from datetime import datetime
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, insert, inspect, select, update
from sqlite_utils import Database

from collector import __version__
from collector.store import letters, recount, triggers
from collector.store.errors import StoreTooNew, damaged
from collector.store.schema import device, opened_by

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database, engine: Engine, path: Path, now: datetime) -> None:
    """Migrate to the newest schema, and remember which collector did so."""
    with engine.begin() as connection:
        tables = database.table_names()
        if tables and "alembic_version" not in tables:
            raise damaged(path, "its tables are not a collector's")
        _migrate(connection, path)
        letters.install(connection)
        triggers.install(connection)
        recount.begin(connection, now)
        _sign(connection, now)


def _migrate(connection: Connection, path: Path) -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    newest_first = list(scripts.walk_revisions())
    context = MigrationContext.configure(connection, opts={"render_as_batch": True})
    held = context.get_current_heads()
    known = [script.revision for script in newest_first]
    if any(revision not in known for revision in held):
        raise StoreTooNew(_too_new(connection, path))
    missing = newest_first[: known.index(held[0])] if held else newest_first
    with Operations.context(context):
        for script in reversed(missing):
            script.module.upgrade()
            context.stamp(scripts, script.revision)


def _too_new(connection: Connection, path: Path) -> str:
    newer = "a newer version"
    if inspect(connection).has_table(opened_by.name):
        newest = select(opened_by.c.collector_version).order_by(opened_by.c.first_at.desc())
        newer = connection.execute(newest.limit(1)).scalar() or newer
    return (
        f"{path} was upgraded by {newer} of the collector and this is {__version__}: "
        f"install {newer}, or restore a backup made before the upgrade"
    )


def _sign(connection: Connection, now: datetime) -> None:
    """A collector with other code may judge otherwise: when it changes, all are judged again."""
    newest = select(opened_by).order_by(opened_by.c.first_at.desc()).limit(1)
    revision = MigrationContext.configure(connection).get_current_revision()
    signature = {"collector_version": __version__, "schema_revision": revision}
    last = connection.execute(newest).mappings().first()
    if last is not None and {key: last[key] for key in signature} == signature:
        return
    connection.execute(insert(opened_by).values(first_at=now, **signature))
    connection.execute(update(device).values(judged_policy_version=None))
