"""The statements of every check-in: written once in Core, compiled once, run by the driver.

Running a statement through Core costs 25 to 50 µs each time, what SQLite does for it 3 to 6 µs.

What is constant in a statement stands in its text. Were it handed in, SQLite could not tell that
a partial index fits, and would plan the statement anew at every run (`sqlite3_bind`: "may
influence the choice of query plan"): 17 to 47 µs where running it takes 3.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

Statement = Select[Any] | Insert | Update | Delete
Convert = Callable[[Any], Any] | None


class _Bind(NamedTuple):
    name: str
    default: Any
    convert: Convert


def _row_of(names: list[str]) -> Callable[[list[Any]], Any]:
    row = namedtuple("row", names)  # type: ignore[misc]  # the statement has the names
    return row._make


def _compiled(statement: Statement, dialect: Dialect) -> SQLCompiler:
    constants = []

    def visit(bind: BindParameter[Any]) -> None:
        bind.required = False
        if bind.value is not None:
            bind.literal_execute = True
            constants.append(bind)

    fixed = visitors.cloned_traverse(statement, {}, {"bindparam": visit})
    kwargs = {"render_postcompile": True} if constants else {}
    compiled = fixed.compile(dialect=dialect, compile_kwargs=kwargs)
    assert isinstance(compiled, SQLCompiler)
    return compiled


class _Text:
    """A statement in one dialect: its text, and how values go in and come out."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = _compiled(statement, dialect)
        names = compiled.positiontup
        if names is None:
            raise TypeError(f"{dialect.name} does not number its parameters")
        self.sql = str(compiled)
        self._binds = [
            _Bind(
                name,
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in names
        ]
        columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        self._row: Callable[[list[Any]], Any] = _row_of([column.name for column in columns])
        self._converts = [
            (number, convert)
            for number, column in enumerate(columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        given = [values.get(bind.name, bind.default) for bind in self._binds]
        return [
            value if bind.convert is None else bind.convert(value)
            for bind, value in zip(self._binds, given, strict=True)
        ]

    def row(self, found: tuple[Any, ...]) -> Any:
        row = list(found)
        for number, convert in self._converts:
            row[number] = convert(row[number])
        return self._row(row)


class Prepared:
    """A Core statement whose parameters are named with `bindparam`, or by an INSERT's columns.

    The types of the columns convert what goes in and comes out, as in Core, and a row is a named
    tuple of the columns. Troubles are the driver's own; `errors.explain` knows them.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        text = self._text(connection)
        cursor = connection.connection.cursor()
        cursor.execute(text.sql, text.bound(values))
        return [text.row(found) for found in cursor.fetchall()]

    def first(self, connection: Connection, **values: Any) -> Any | None:
        found = self.rows(connection, **values)
        return found[0] if found else None

    def run(self, connection: Connection, *changes: Mapping[str, Any]) -> None:
        """Once for each of `changes`."""
        text = self._text(connection)
        cursor = connection.connection.cursor()
        cursor.executemany(text.sql, [text.bound(values) for values in changes])

    def _text(self, connection: Connection) -> _Text:
        dialect = connection.dialect
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = _Text(self._statement, dialect)
        return text
