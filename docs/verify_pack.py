"""Says whether a posture pack is complete and unchanged. Needs Python 3.11 and `cryptography`.

Usage: python verify_pack.py PACK.zip audit.pub [PACK_BEFORE.zip]
"""

import base64
import hashlib
import json
import sys
import zipfile
import zlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

SHOWN = ("as_of", "scope", "pseudonyms", "environment", "collector", "signed_by")
FORMAT, LARGEST, PIECE = "muster posture pack 1", 4 << 20, 1 << 20


def small(pack, name):
    """A file of at most 4 MiB, whatever the archive says of its size."""
    with pack.open(name) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{name} is too large")
    return content


def loose(pack):
    """Whether there is room for a file that the list of files does not name."""
    entries = sorted(pack.infolist(), key=lambda entry: entry.header_offset)
    ends = [*(entry.header_offset for entry in entries[1:]), pack.start_dir]
    room = [
        end - entry.header_offset - entry.compress_size - 30 - len(entry.filename)
        for entry, end in zip(entries, ends, strict=True)
    ]
    return entries[0].header_offset or pack.comment or any(not 0 <= each < 30 for each in room)


def wrong(pack, file):
    """What is wrong with one file; no more of it is unpacked than the manifest says it weighs."""
    digest, left, lines = hashlib.sha256(), file["bytes"], 0
    with pack.open(file["name"]) as content:
        while piece := content.read(min(PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                break
            digest.update(piece)
            lines += piece.count(b"\n")
    if left or digest.hexdigest() != file["sha256"]:
        return "it was changed"
    rows = lines - (1 if file["name"].endswith(".csv") else 2)
    if file.get("rows", rows) != rows:
        return f"it holds {rows} rows, the manifest says {file['rows']}"
    return None


def check(path, key):
    """The manifest, its SHA-256 and every problem. Nothing is believed before the signature."""
    with zipfile.ZipFile(path) as pack:
        if any(entry.compress_type not in (0, 8) for entry in pack.infolist()):
            raise ValueError("it is compressed in a way that packs are not")
        raw, signature = small(pack, "manifest.json"), small(pack, "manifest.sig")
        key.verify(base64.b64decode(signature.strip()), FORMAT.encode() + b"\n" + raw)
        manifest = json.loads(raw)
        named = [file["name"] for file in manifest["files"]]
        there = sorted(pack.namelist())
        found = ["the zip holds bytes that belong to none of its files"] if loose(pack) else []
        if there != sorted([*named, "manifest.json", "manifest.sig"]):
            odd = set(there) ^ {*named, "manifest.json", "manifest.sig"}
            found.append(f"missing, added or doubled files: {sorted(odd) or there}")
        found += [
            f"{file['name']}: {why}"
            for file in manifest["files"]
            if file["name"] in there and (why := wrong(pack, file))
        ]
    return manifest, hashlib.sha256(raw).hexdigest(), found


def main(pack, public, before=None):
    try:
        key = load_pem_public_key(Path(public).read_bytes())
        manifest, _, found = check(pack, key)
        if before:
            earlier, digest, more = check(before, key)
            found += [f"{before}: {each}" for each in more]
            if (manifest["previous"] or {}).get("manifest_sha256") != digest:
                found.append(f"it does not follow {before}")
            elif manifest["since"] != earlier["as_of"]:
                found.append("between the two packs lies a time that neither covers")
    except InvalidSignature:
        found = ["the signature does not hold: the manifest was changed, or the key is another"]
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
        EOFError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        found = [f"it cannot be read: {error}"]
    for each in found:
        print("NOT VALID ", ascii(each))
    if not found:
        what = ", ".join(f"{key} {manifest[key]}" for key in SHOWN)
        print("valid:", ascii(what.replace("_", " "))[1:-1])
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) in (3, 4) else __doc__)
