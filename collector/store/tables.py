"""How a table is written down: strict types, a natural key, times as whole milliseconds."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy import text as expression

from collector.store.columns import INTEGER, Moment

metadata = MetaData()


def key(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def words(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


def number(name: str) -> Column[Any]:
    return Column(name, INTEGER, nullable=False)


def binary(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


def moment(name: str) -> Column[Any]:
    return Column(name, Moment, nullable=False)


def maybe(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def table(name: str, *columns: Column[Any] | CheckConstraint, clustered: bool = True) -> Table:
    """`clustered`: SQLite keeps the rows in the order of the key, without a rowid."""
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=not clustered)


def index(name: str, *columns: Column[Any], where: str = "") -> Index:
    if not where:
        return Index(name, *columns)
    return Index(name, *columns, sqlite_where=expression(where), postgresql_where=expression(where))
