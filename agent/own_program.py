"""As root the agent runs only from a folder that nobody but root can have changed.

Packages install it so; a deployment that opens the folder (chmod -R 777, an owner taken over from a
build machine) would let whoever may write there decide what root runs. Windows is left out: the
installer's place, %ProgramFiles%, is the administrators', and its list has not been seen by us.
"""

import os
import stat
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from agent.state import StateError

ROOT = (0,)


class OpenToOthers(StateError):
    """Others than root can change the program; the message says where and what to do."""


def look() -> None:
    """Nothing where this is no bundle, or not root's. Raises OpenToOthers."""
    if sys.platform == "win32":
        return
    if getattr(sys, "frozen", False) and os.geteuid() == 0:
        refuse_open(Path(sys.executable).resolve().parent)


def refuse_open(folder: Path, owners: Collection[int] = ROOT) -> None:
    """Raises OpenToOthers for a bundle's folder, what is in it and every folder it lies in."""
    for place in folder.parents:
        _refuse(place, owners, sticky_is_safe=True)
    for place in (folder, *_below(folder)):
        _refuse(place, owners, sticky_is_safe=False)


def _below(folder: Path) -> Iterator[Path]:
    for inside, folders, files in os.walk(folder):
        yield from (Path(inside, name) for name in (*folders, *files))


def _refuse(place: Path, owners: Collection[int], *, sticky_is_safe: bool) -> None:
    """In a sticky folder (/tmp) nobody can rename what is root's."""
    try:
        seen = place.lstat()
    except OSError as error:
        raise OpenToOthers(f"cannot look at {place}: {error.strerror}") from error
    if seen.st_uid not in owners:
        raise OpenToOthers(_said(place, f"belongs to uid {seen.st_uid}", "chown root"))
    if stat.S_ISLNK(seen.st_mode) or (sticky_is_safe and seen.st_mode & stat.S_ISVTX):
        return
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OpenToOthers(_said(place, "can be written by others", "chmod go-w"))


def _said(place: Path, why: str, command: str) -> str:
    return (
        f"{place} {why}, who could decide what root runs here: {command} {place}, "
        "then install the agent's package again"
    )
