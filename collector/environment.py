"""Production or a test: chosen at the first start, kept, and said in all that is handed out.

A collector of another environment has another authority, so its agents cannot reach this one; the
name tells people which of the two they look at.
"""

import re
from dataclasses import replace
from pathlib import Path

from collector.config import Config, ConfigError
from collector.identity.key_files import KeyFileError, write_private

PRODUCTION = "production"
FILE = "environment"
NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")
LONGEST_NAME = 54
"""Of the collector, so that the subject of its authority (64 characters) holds all of it."""


def kept(folder: Path) -> str:
    """The environment of this data folder; those from before there were any are production.

    Raises KeyFileError.
    """
    path = folder / FILE
    try:
        found = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return PRODUCTION
    except (OSError, UnicodeDecodeError):
        found = ""
    if not NAME.fullmatch(found):
        raise KeyFileError(f"{path} does not hold the name of an environment: restore it")
    return found


def settled(config: Config) -> Config:
    """With the folder's environment and the name that people see; the first start keeps it.

    Raises ConfigError when the folder is of another environment than the one asked for.
    """
    asked = config.environment
    if asked and not NAME.fullmatch(asked):
        raise ConfigError(
            f"--environment: {asked!r} names no environment: use 1 to 16 small letters, digits and "
            "hyphens, such as test"
        )
    if not (config.folder / FILE).exists() and not (config.folder / "authority.pem").exists():
        config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(config.folder / FILE, f"{asked or PRODUCTION}\n".encode())
    found = kept(config.folder)
    if asked not in ("", found):
        raise ConfigError(
            f"--environment: {config.folder} is of {found!r} since its first start: give a "
            f"collector of {asked!r} a data folder of its own with --data DIR"
        )
    return replace(config, environment=found, name=called(config.name, found))


def called(name: str, environment: str) -> str:
    """What people see.

    >>> called("Muster", "production"), called("Muster", "test")
    ('Muster', 'Muster (test)')
    """
    if environment == PRODUCTION:
        return name
    shown = f"{name} ({environment})"
    if len(shown) > LONGEST_NAME:
        raise ConfigError(
            f"--name: {shown!r} is longer than {LONGEST_NAME} characters: choose a shorter name"
        )
    return shown
