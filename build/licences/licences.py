"""Every package that is shipped with Muster, its licence, and that licence's text.

    python build/licences/licences.py            writes docs/licences.md anew
    python build/licences/licences.py --check    fails when it is stale, or a licence is not allowed
    python build/licences/licences.py --texts agent OUT    the texts that go with the agent

It reads the locked requirements and what is installed of them beside this Python.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HALVES = ("agent", "collector")
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
ALLOWED = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "EPL-2.0",
        "GPL-2.0-or-later WITH Bootloader-exception",
        "LGPL-3.0-or-later",
        "LicenseRef-Public-Domain",
        "MIT",
        "MIT-0",
        "PSF-2.0",
        "Zlib",
    }
)
"""Of a choice ("A OR B") one is enough, of a sum ("A AND B") each is needed."""

WITHOUT_EXPRESSION = {
    "asyncssh": "EPL-2.0 OR GPL-2.0-or-later",
    "babel": "BSD-3-Clause",
    "click-default-group": "LicenseRef-Public-Domain",
    "h11": "MIT",
    "hyperframe": "MIT",
    "jinja2": "BSD-3-Clause",
    "joserfc": "BSD-3-Clause",
    "pluggy": "MIT",
    "protobuf": "BSD-3-Clause",
    "psutil": "BSD-3-Clause",
    "pyasn1": "BSD-2-Clause",
    "pyasn1-modules": "BSD-2-Clause",
    "pygal": "LGPL-3.0-or-later",
    "pyopenssl": "Apache-2.0",
    "pyrage": "MIT",
    "pysqlite3": "Zlib",
    "segno": "BSD-3-Clause",
    "sqlite-fts4": "Apache-2.0",
    "tzdata": "Apache-2.0",
    "uvloop": "Apache-2.0 AND MIT",
    "zxcvbn": "MIT",
}
"""Packages that name no SPDX expression: what their licence file or metadata says in words."""

BESIDE = (
    ("CPython", "the interpreter, in the bundles", "PSF-2.0"),
    (
        "PyInstaller's bootloader",
        "starts the bundles; its exception allows it in programs of any licence",
        "GPL-2.0-or-later WITH Bootloader-exception",
    ),
    ("SQLite", "in pysqlite3 and in CPython", "LicenseRef-Public-Domain"),
    ("OpenSSL", "in cryptography, grpcio's BoringSSL and CPython", "Apache-2.0"),
)
HEAD = """\
# Licences of what is shipped

What comes with the agent and the collector, by the locked requirements. Written by
`make licences`; a test fails when it is stale or when a licence is not among those allowed in
build/licences/licences.py. Packages hold the texts as `THIRD-PARTY-LICENCES`. Muster itself has no
licence file yet.

| package | version | licence | agent | collector |
|---|---|---|---|---|
"""


class Unknown(Exception):
    """A package whose licence nobody has read; the message says what to do."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str
    halves: tuple[str, ...]


def locked(half: str) -> dict[str, str]:
    """Version by name, lower case."""
    text = (ROOT / "requirements" / f"{half}.txt").read_text()
    return {name.lower(): version for name, version in LOCKED.findall(text)}


def licence_of(name: str) -> str:
    """An SPDX expression. Raises Unknown."""
    try:
        said = metadata.metadata(name)["License-Expression"]
    except metadata.PackageNotFoundError:
        said = None
    found = said or WITHOUT_EXPRESSION.get(name)
    if not found:
        raise Unknown(
            f"{name} names no licence: read its files and add it to {Path(__file__).name}"
        )
    return found


def is_allowed(expression: str) -> bool:
    """
    >>> is_allowed("EPL-2.0 OR GPL-2.0-or-later"), is_allowed("MIT AND AGPL-3.0-only")
    (True, False)
    """
    if expression in ALLOWED:
        return True
    bare = expression.replace("(", "").replace(")", "")
    return any(
        all(part.strip() in ALLOWED for part in choice.split(" AND "))
        for choice in bare.split(" OR ")
    )


def packages() -> list[Package]:
    """Raises Unknown."""
    found = {half: locked(half) for half in HALVES}
    made = []
    for name in sorted(set().union(*found.values())):
        halves = tuple(half for half in HALVES if name in found[half])
        made.append(Package(name, found[halves[0]][name], licence_of(name), halves))
    return made


def table() -> str:
    lines = [
        f"| {each.name} | {each.version} | {each.licence} |"
        + "".join(f" {'yes' if half in each.halves else ''} |" for half in HALVES)
        for each in packages()
    ]
    beside = [f"| {name} | {what} | {licence} |" for name, what, licence in BESIDE]
    return (
        HEAD
        + "\n".join(lines)
        + "\n\nIn the bundles, beside those:\n\n| part | what | licence |\n|---|---|---|\n"
        + "\n".join(beside)
        + "\n"
    )


def refused() -> list[str]:
    """Those whose licence is not allowed."""
    shipped = [(each.name, each.licence) for each in packages()]
    shipped += [(name, licence) for name, _what, licence in BESIDE]
    return [f"{name}: {licence}" for name, licence in shipped if not is_allowed(licence)]


def texts(half: str) -> Iterator[str]:
    """Every package of one half, with the files that its makers call licence or notice.

    What is locked for other systems alone is not installed here, and not in this system's bundle.
    """
    here = {each.name.lower().replace("_", "-") for each in metadata.distributions()}
    for name, version in sorted(locked(half).items()):
        if name not in here:
            continue
        yield f"{'=' * 78}\n{name} {version}: {licence_of(name)}\n{'=' * 78}\n"
        for file in metadata.files(name) or []:
            if "dist-info" in str(file) and re.match(r"(?i)(licen|copying|notice|auth)", file.name):
                yield file.read_text(encoding="utf-8").rstrip() + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--texts", nargs=2, metavar=("HALF", "OUT"))
    args = parser.parse_args()
    page = ROOT / "docs" / "licences.md"
    if args.texts:
        half, out = args.texts
        Path(out).write_text("\n".join(texts(half)), encoding="utf-8")
        return 0
    troubles = [f"not allowed: {each}" for each in refused()]
    if args.check and page.read_text(encoding="utf-8") != table():
        troubles.append("docs/licences.md is stale: run `make licences`")
    if not args.check:
        page.write_text(table(), encoding="utf-8")
    for each in troubles:
        print(each, file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
