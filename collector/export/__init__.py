"""The weekly posture pack: rows once, one writer a format, all of a pack or nothing of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from collector.export.columns import Table
from collector.export.heading import Heading, Totals


class Writer(Protocol):
    """Fills files of its own in the folder it was made for."""

    def write(self, table: Table, values: Sequence[Any], told: Sequence[Any]) -> None:
        """One row, its values in the order of the table's columns; `told`: with times as text."""

    def finish(self, totals: Totals) -> None:
        """All rows are told; on return the files are whole and on disk."""

    def close(self) -> None:
        """Let go of the files, whatever has happened."""


Open = Callable[[Path, Heading], Writer]


def _csv(folder: Path, heading: Heading) -> Writer:
    from collector.export.to_csv import Writer as Csv

    return Csv(folder, heading)


def _json(folder: Path, heading: Heading) -> Writer:
    from collector.export.to_json import Writer as Json

    return Json(folder, heading)


def _xlsx(folder: Path, heading: Heading) -> Writer:
    from collector.export.to_xlsx import Writer as Xlsx

    return Xlsx(folder, heading)


def _sqlite(folder: Path, heading: Heading) -> Writer:
    from collector.export.to_sqlite import Writer as Sqlite

    return Sqlite(folder, heading)


FORMATS: dict[str, Open] = {"csv": _csv, "json": _json, "xlsx": _xlsx, "sqlite": _sqlite}
