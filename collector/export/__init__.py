"""The posture export: rows once, one writer a format, all files of an export or none."""

from collections.abc import Callable, Iterable
from typing import IO

from collector.export import to_csv, to_json
from collector.export.rows import Heading, Row

Writer = Callable[[Heading, Iterable[Row], IO[str]], None]

FORMATS: dict[str, Writer] = {"csv": to_csv.write, "json": to_json.write}
