"""Says what is wrong with a pack: a file, a number of rows, the signature, or the link to another.

Nothing is believed before the signature holds, and nothing is unpacked beyond what the signed
manifest says a file weighs: a bomb is refused before it goes off. Nothing is written anywhere.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from collector.audit.signing import Verifier
from collector.export.manifest import FILE, FORMAT, SIGNATURE, signed_words

UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
"""What a damaged or hostile zip makes `zipfile` raise."""
WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What packs are compressed with; others may ask for memory without limit."""
LOCAL_HEADER = 30
"""Bytes before the name of each file in a zip (APPNOTE 4.3.7)."""
LARGEST_MANIFEST = 4 << 20
LARGEST_SIGNATURE = 1 << 10
MOST_FILES = 1_000
PIECE = 1 << 20


class NotAPack(Exception):
    """The file cannot be read as a pack at all; str() says why."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a pack says of itself, and every problem that was found: none, and it is valid."""

    manifest: dict[str, Any]
    manifest_sha256: str
    problems: tuple[str, ...]


def check(path: Path, verifier: Verifier) -> Checked:
    """Raises NotAPack."""
    try:
        with zipfile.ZipFile(path) as archive:
            raw = _small(archive, FILE, LARGEST_MANIFEST)
            signature = _small(archive, SIGNATURE, LARGEST_SIGNATURE).decode("ascii", "replace")
            digest = hashlib.sha256(raw).hexdigest()
            if not verifier.holds(signed_words(raw), signature.strip()):
                problem = f"{SIGNATURE}: it does not hold for {FILE} under this key"
                return Checked(_read(raw), digest, (problem,))
            manifest = _read(raw)
            problems = [*_outside(archive), *_problems(archive, manifest)]
            return Checked(manifest, digest, tuple(problems))
    except FileNotFoundError:
        raise NotAPack(f"{path} does not exist") from None
    except OSError as error:
        raise NotAPack(f"{path} cannot be read: {error.strerror}") from error
    except (*UNREADABLE, ValueError, KeyError, OverflowError) as error:
        raise NotAPack(f"{path} is not a whole pack: {error}") from error


def follows(checked: Checked, previous: Checked) -> list[str]:
    """Problems of the link between a pack and the one before it."""
    link = checked.manifest.get("previous")
    if link is None:
        return ["previous: the pack says that there was none before it"]
    found = []
    if link.get("manifest_sha256") != previous.manifest_sha256:
        found.append(f"previous: the pack follows {link.get('name')}, which is another one")
    same = ("collector", "environment", "scope", "pseudonyms", "signed_by")
    found += [
        f"previous: {key} is another one"
        for key in same
        if checked.manifest.get(key) != previous.manifest.get(key)
    ]
    if checked.manifest.get("since") != previous.manifest.get("as_of"):
        found.append("previous: between the two there is a time that neither covers")
    return found


def _small(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    entry = archive.getinfo(name)
    if entry.compress_type not in WAYS:
        raise NotAPack(f"{name} is compressed in a way that we do not use")
    if entry.file_size > most:
        raise NotAPack(f"{name} is larger than any that we write")
    with archive.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise NotAPack(f"{name} is larger than any that we write")
    return content


def _read(raw: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(raw)
        if manifest["format"] != FORMAT:
            raise NotAPack(f"{FILE}: the format is {manifest['format']!r}, this reads {FORMAT!r}")
        for file in manifest["files"]:
            str(file["name"]), int(file["bytes"]), str(file["sha256"])
        return dict(manifest)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotAPack(f"{FILE} cannot be read") from error


def _outside(archive: zipfile.ZipFile) -> Iterator[str]:
    """Room for a file that the list of files does not name: a program that reads a zip from its
    beginning would show that one.
    """
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    begins = [entry.header_offset for entry in entries]
    ends = [*begins[1:], archive.start_dir]
    room = [
        end - entry.header_offset - entry.compress_size - LOCAL_HEADER - len(entry.filename)
        for entry, end in zip(entries, ends, strict=True)
    ]
    if begins[0] or archive.comment or any(not 0 <= each < LOCAL_HEADER for each in room):
        yield "the zip holds bytes that belong to none of its files"


def _problems(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> Iterator[str]:
    named = {file["name"]: file for file in manifest["files"]}
    there = [entry.filename for entry in archive.infolist()[:MOST_FILES]]
    if len(archive.infolist()) > MOST_FILES:
        yield f"it holds {len(archive.infolist())} files"
    for name in sorted(set(there) - named.keys() - {FILE, SIGNATURE}):
        yield f"{name!r}: the manifest does not name it"
    for name in sorted({name for name in there if there.count(name) > 1}):
        yield f"{name!r}: it is there more than once"
    for name, file in named.items():
        if name not in there:
            yield f"{name!r}: it is missing"
        else:
            yield from _problems_of(archive, name, file)


def _problems_of(archive: zipfile.ZipFile, name: str, file: dict[str, Any]) -> Iterator[str]:
    entry = archive.getinfo(name)
    if entry.file_size != file["bytes"]:
        yield f"{name!r}: it has {entry.file_size} bytes, the manifest says {file['bytes']}"
        return
    if entry.compress_type not in WAYS:
        yield f"{name!r}: it is compressed in a way that we do not use"
        return
    try:
        with archive.open(entry) as content:
            digest, lines = _digest(content, file["bytes"])
    except (*UNREADABLE, ValueError) as error:
        yield f"{name!r}: it cannot be unpacked ({error})"
        return
    if digest != file["sha256"]:
        yield f"{name!r}: it was changed, its SHA-256 is another one"
    elif "rows" in file and (rows := _rows(name, lines)) != file["rows"]:
        yield f"{name!r}: it holds {rows} rows, the manifest says {file['rows']}"


def _digest(content: IO[bytes], size: int) -> tuple[str, int]:
    """SHA-256 and how many line ends there are; no more is read than the manifest says."""
    digest, lines, left = hashlib.sha256(), 0, size
    while piece := content.read(min(PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            raise ValueError("it is larger than it says")
        digest.update(piece)
        lines += piece.count(b"\n")
    return digest.hexdigest(), lines


def _rows(name: str, lines: int) -> int:
    """Our tables have a row a line: no cell of a CSV and no string of a JSON holds a line end."""
    return lines - 1 if name.endswith(".csv") else lines - 2
