"""The page as a tagged PDF (PDF/UA-1), set by Typst outside the process that serves.

What it needs of memory and time does not touch the collector; a process of its own has a limit.
Texts go in as JSON and never as markup. The fonts are Typst's own, so that every machine gives the
same bytes; a character that they do not have stands as a question mark (summary.html has it).
"""

import json
import multiprocessing
import os
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from collector.export.summary.blocks import Page

FILE = "summary.pdf"
SECONDS = 120
NICER = 10


class CannotSet(Exception):
    """There is no PDF; str() says why."""


def set_page(page: Page, out: Path, as_of: datetime, step: Callable[[], None]) -> None:
    """`step` is called before and while it goes on and may raise to stop. Raises CannotSet."""
    step()  # However fast Typst is, there is one moment to stop at.
    text = json.dumps(shown(page.plain()))
    if multiprocessing.current_process().daemon:
        # The process that makes the packs of the schedule: apart already, and may start none.
        _compile(text, str(out), as_of)
    else:
        _apart(text, out, as_of, step)


def _apart(text: str, out: Path, as_of: datetime, step: Callable[[], None]) -> None:
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_compile, args=(text, str(out), as_of), daemon=True)
    child.start()
    try:
        for _ in range(SECONDS * 10):
            child.join(0.1)
            if child.exitcode is not None:
                break
            step()
    finally:
        child.kill()
        child.join()
    if child.exitcode != 0 or not out.exists():
        raise CannotSet(f"{FILE} could not be set (Typst ended with {child.exitcode})")


def shown(value: object) -> object:
    """Without the characters that the font cannot show: a PDF/UA may not hold them.

    >>> shown({"a": ["né ok", "\\u202egnp.exe \\u0645"]})
    {'a': ['né ok', '?gnp.exe ?']}
    """
    if isinstance(value, dict):
        return {key: shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    return "".join(map(_character, value)) if isinstance(value, str) else value


def _character(character: str) -> str:
    if character in "\u202f\u00a0":
        return "\u00a0"
    known = " " <= character <= "~" or "\u00a1" <= character <= "\u017f"
    return character if known or character in "–—−’‘“”…±·×" else "?"  # noqa: RUF001


def _compile(text: str, out: str, as_of: datetime) -> None:
    import typst

    os.nice(NICER)
    source = files("collector.export.summary").joinpath("templates", "summary.typ").read_bytes()
    compiler = typst.Compiler(source, ignore_system_fonts=True, sys_inputs={"page": text})
    try:
        pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=as_of)
    except typst.TypstError as error:
        raise CannotSet(f"{FILE} could not be set ({error})") from error
    assert isinstance(pdf, bytes)
    Path(out).write_bytes(pdf)
