"""The files that a writer fills: closed whatever happens, on disk when it is finished."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import IO


class Files:
    """New files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._open: list[IO[str]] = []

    def text(self, name: str) -> IO[str]:
        file = (self._folder / name).open("x", encoding="utf-8", newline="", buffering=1 << 16)
        self._open.append(self._stack.enter_context(file))
        return file

    def finish(self) -> None:
        for file in self._open:
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        self._stack.close()
