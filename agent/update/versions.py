"""Names a release: a version made of numbers, and the one file that each system takes. Pure."""

import re

VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){1,3}")
FILES = {
    "windows": "muster-agent-{version}-windows-x64.msi",
    "macos": "muster-agent-{version}-macos.pkg",
}
"""By the system's name; a system that is not here has a package manager."""


class NoVersion(ValueError):
    """Not numbers with dots between them."""


def numbers(version: str) -> tuple[int, ...]:
    """To be compared. Raises NoVersion.

    >>> numbers("1.10.0") > numbers("1.9")
    True
    >>> numbers("1.2") == numbers("1.2.0")
    True
    """
    if not VERSION.fullmatch(version):
        raise NoVersion(f"{version[:40]!r} is no version: it is written 1.2.3")
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))


def is_newer(version: str, than: str) -> bool:
    """Raises NoVersion.

    >>> is_newer("1.2.0", "1.1.9"), is_newer("1.2.0", "1.2")
    (True, False)
    """
    return numbers(version) > numbers(than)


def file_of(version: str, system: str) -> str:
    """The name of the release's file, which is all that a version is ever turned into.

    Raises NoVersion.

    >>> file_of("1.2.0", "macos")
    'muster-agent-1.2.0-macos.pkg'
    """
    numbers(version)
    return FILES[system].format(version=version)
