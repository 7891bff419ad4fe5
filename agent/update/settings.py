"""Whether this agent updates itself, and from where: only its own package says so.

The folder `update` beside the program holds `update.toml`, with where the signed releases lie, and
`root.json`, the operator's keys that are believed first. Without the folder nothing is ever
installed, whatever a collector says. No key and no address comes over the wire.
"""

import os
import stat
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = "update"
FILE, ROOT = "update.toml", "root.json"
KEYS = {"metadata_url", "targets_url"}


class BadSettings(Exception):
    """The package's settings cannot be used; nothing is installed. The message is for people."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`root`: the content of the first root.json."""

    metadata_url: str
    targets_url: str
    root: bytes


def program_folder() -> Path | None:
    """Where the bundle lies that this process was started from; None when it is no bundle."""
    return Path(sys.executable).parent if getattr(sys, "frozen", False) else None


def load(program: Path | None) -> Settings | None:
    """None: this agent does not update itself. Raises BadSettings."""
    if program is None or not (program / FOLDER).is_dir():
        return None
    folder = program / FOLDER
    try:
        for place in (folder, folder / FILE, folder / ROOT):
            _refuse_foreign(place)
        root = (folder / ROOT).read_bytes()
        values = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"cannot read {error.filename}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{folder / FILE}: {error}") from error
    if set(values) != KEYS or not all(_is_address(value) for value in values.values()):
        raise BadSettings(f"{folder / FILE} must hold metadata_url and targets_url, both https://")
    return Settings(values["metadata_url"], values["targets_url"], root)


def _refuse_foreign(place: Path) -> None:
    """Whoever may write the keys that are believed may install anything."""
    seen = place.lstat()
    if sys.platform == "win32":
        return  # in %ProgramFiles%, where only administrators write
    others = seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if stat.S_ISLNK(seen.st_mode) or seen.st_uid not in (0, os.geteuid()) or others:
        raise BadSettings(f"{place} is a link, or others can write it: nothing is installed")


def _is_address(value: object) -> bool:
    """HTTPS; plain HTTP only to this machine itself."""
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    own = parts.scheme == "http" and parts.hostname == "127.0.0.1"
    return bool(parts.hostname) and (parts.scheme == "https" or own)
