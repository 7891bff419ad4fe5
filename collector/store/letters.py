"""Any three letters of a device's description or owner find it, at the cost of what is found.

SQLite's FTS5 with its trigram tokenizer; the triggers keep it in the transaction of each change.
It holds no text of its own, only which letters stand where. On a PostgreSQL-wire engine a GIN
index with `gin_trgm_ops` (pg_trgm) on `device.searched` and `device.owner` does the same.

A gap of two marks goes before each word, so that one or two letters find where words begin.
"""

import json
import unicodedata

from sqlalchemy import ColumnElement, Connection, Index, func, select
from sqlalchemy import text as sql

from collector.store.columns import INTEGER
from collector.store.tables import key, table, words

device_number = table("device_number", key("number", INTEGER), words("device_id"), clustered=False)
Index("device_number_by_device", device_number.c.device_id, unique=True)

GAP = "\n\n"
FIELD = "\t"
LETTERS = 3
TABLE = "device_letters"
OWNED = "CASE {0}.owner WHEN '' THEN '' ELSE char(10, 10) || {0}.owner END"

_CREATE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(described, owner, content='', columnsize=0,"
    " tokenize='trigram')"
)
_FORGET = "('secure-delete', 1)"
"""Letters that go leave no trace; an older SQLite only says that they are gone."""
FORGETS_SINCE = (3, 42)
_FILL = (
    f"INSERT INTO {TABLE} (rowid, described, owner)"  # noqa: S608 - constants
    f" SELECT n.number, d.searched, {OWNED.format('d')} FROM device_number n"
    " JOIN device d ON d.device_id = n.device_id"
)


def plain(text: str) -> str:
    """Small letters without accents, each run of white space as one gap.

    >>> plain("Élodie's  PC")
    "elodie's\\n\\npc"
    """
    parts = unicodedata.normalize("NFKD", text.casefold()).casefold()
    letters = "".join(each for each in parts if each != "\0" and not unicodedata.combining(each))
    return GAP.join(letters.split())


def described(*fields: str) -> str:
    """What of a device is searched for a text: see `sought`."""
    return FIELD.join(GAP + plain(each) for each in fields if each.strip())


def sought(text: str) -> str:
    """The text as it stands within `described`; fewer than three letters begin a word.

    >>> sought("LAP"), sought("la")
    ('lap', '\\n\\nla')
    """
    letters = plain(text)
    return letters if len(letters) >= LETTERS else GAP + letters


def matches(text: str, searched: ColumnElement[str]) -> ColumnElement[bool]:
    """The text stands in what describes the device."""
    return searched.contains(sought(text), autoescape=True)


def matches_owner(text: str, owner: ColumnElement[str]) -> ColumnElement[bool]:
    """The text stands in the owner's address, or begins it when it is short."""
    letters = text.casefold()
    if len(letters) < LETTERS:
        return owner.startswith(letters, autoescape=True)
    return owner.contains(letters, autoescape=True)


def ids_with(connection: Connection, text: str, *, of_owner: bool, most: int) -> list[str] | None:
    """The ids of devices that the text finds, in no order. None: more than `most`."""
    meant = [f"{{described}} : {_phrase(sought(text))}"]
    if of_owner:
        letters = text.casefold()
        begun = letters if len(letters) >= LETTERS else GAP + letters
        meant.append(f"{{owner}} : {_phrase(begun)}")
    found = sql(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :meant LIMIT :most")  # noqa: S608
    given = {"meant": " OR ".join(meant), "most": most + 1}
    numbers = list(connection.execute(found, given).scalars())
    if len(numbers) > most:
        return None
    chosen = select(func.json_each(json.dumps(numbers)).table_valued("value").c.value)
    query = select(device_number.c.device_id).where(device_number.c.number.in_(chosen))
    return list(connection.execute(query).scalars())


def install(connection: Connection) -> None:
    """Make the index anew when it is not there; the triggers keep it from then on."""
    known = sql("SELECT 1 FROM sqlite_master WHERE name = :name").bindparams(name=TABLE)
    if connection.execute(known).first() is not None:
        return
    connection.exec_driver_sql(_CREATE)
    version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
    if tuple(int(part) for part in version.split(".")) >= FORGETS_SINCE:
        connection.exec_driver_sql(f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES {_FORGET}")  # noqa: S608
    connection.exec_driver_sql("DELETE FROM device_number")
    connection.exec_driver_sql(
        "INSERT INTO device_number (device_id) SELECT device_id FROM device ORDER BY device_id"
    )
    connection.exec_driver_sql(_FILL)


def _phrase(letters: str) -> str:
    return '"' + letters.replace('"', '""') + '"'
