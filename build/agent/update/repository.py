"""Makes and signs the list of releases that agents believe: offline, where the keys are kept.

    python build/agent/update/repository.py init  KEYS REPOSITORY
    python build/agent/update/repository.py add   KEYS REPOSITORY PACKAGE VERSION windows|macos
    python build/agent/update/repository.py renew KEYS REPOSITORY

KEYS is a folder of four Ed25519 keys, for this person alone; it never goes to the web server, the
collector or an agent. REPOSITORY is what any web server then serves: its folders `metadata` and
`targets`. `metadata/1.root.json` goes into the agent's package as `update/root.json`.
`renew` says that the list still holds: agents install nothing by a list that has run out.
"""

import re
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

LASTS = {
    "root": timedelta(days=730),
    "targets": timedelta(days=180),
    "snapshot": timedelta(days=180),
    "timestamp": timedelta(days=14),
}
NAMES = {
    "windows": "muster-agent-{version}-windows-x64.msi",
    "macos": "muster-agent-{version}-macos.pkg",
}
VERSION = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){1,3}")
Kept = TypeVar("Kept", Root, Targets)


class Failed(Exception):
    """One line for people."""


def main(words: Sequence[str], now: datetime | None = None) -> int:
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    try:
        match words:
            case ["init", keys, repository]:
                init(Path(keys), Path(repository), now)
            case ["add", keys, repository, package, version, system]:
                add(Path(keys), Path(repository), Path(package), (version, system), now)
            case ["renew", keys, repository]:
                renew(Path(keys), Path(repository), now)
            case _:
                print("repository: give init, add or renew; see the first lines", file=sys.stderr)
                return 2
    except (Failed, OSError, ValueError) as error:
        print(f"repository: {error}", file=sys.stderr)
        return 1
    return 0


def init(keys: Path, repository: Path, now: datetime) -> None:
    """Refuses where keys or a list are already: losing the root's key means new packages."""
    if keys.exists() or repository.exists():
        raise Failed(f"{keys} or {repository} is already there")
    keys.mkdir(mode=0o700, parents=True)
    (repository / "metadata").mkdir(parents=True)
    (repository / "targets").mkdir()
    root = Root(consistent_snapshot=True, expires=now + LASTS["root"])
    for role in LASTS:
        signer = CryptoSigner.generate_ed25519()
        path = keys / f"{role}.pem"
        path.touch(mode=0o600)
        path.write_bytes(signer.private_bytes)
        root.add_key(signer.public_key, role)
    _sign(keys, repository, root)
    targets = Targets(expires=now + LASTS["targets"])
    _sign(keys, repository, targets)
    _publish(keys, repository, targets.version, now)


def add(keys: Path, repository: Path, package: Path, named: tuple[str, str], now: datetime) -> None:
    version, system = named
    if not VERSION.fullmatch(version) or system not in NAMES:
        raise Failed(f"write a version as 1.2.3, and one of {', '.join(NAMES)}")
    name = NAMES[system].format(version=version)
    targets = _newest(repository, "targets", Targets)
    info = TargetFile.from_file(name, str(package), ["sha256"])
    if targets.targets.get(name, info) != info:
        raise Failed(f"{name} is signed already, with other content: take a new version")
    shutil.copyfile(package, repository / "targets" / f"{info.hashes['sha256']}.{name}")
    targets.targets[name] = info
    targets.version += 1
    targets.expires = now + LASTS["targets"]
    _sign(keys, repository, targets)
    _publish(keys, repository, targets.version, now)


def renew(keys: Path, repository: Path, now: datetime) -> None:
    """All that will run out: the list itself too, and the root while its key is still believed."""
    root = _newest(repository, "root", Root)
    if root.expires.replace(tzinfo=UTC) - now < LASTS["root"] / 2:
        root.version += 1
        root.expires = now + LASTS["root"]
        _sign(keys, repository, root)
    targets = _newest(repository, "targets", Targets)
    targets.version += 1
    targets.expires = now + LASTS["targets"]
    _sign(keys, repository, targets)
    _publish(keys, repository, targets.version, now)


def _publish(keys: Path, repository: Path, targets_version: int, now: datetime) -> None:
    """The timestamp last: until it is there, agents see the list before."""
    folder = repository / "metadata"
    number = _number(folder, "snapshot") + 1
    meta = {"targets.json": MetaFile(version=targets_version)}
    expires = now + LASTS["snapshot"]
    _sign(keys, repository, Snapshot(version=number, expires=expires, meta=meta))
    stamped = Timestamp(expires=now + LASTS["timestamp"], snapshot_meta=MetaFile(version=number))
    before = folder / "timestamp.json"
    if before.exists():
        stamped.version = Metadata[Timestamp].from_file(str(before)).signed.version + 1
    _sign(keys, repository, stamped)


def _sign(keys: Path, repository: Path, signed: Root | Targets | Snapshot | Timestamp) -> None:
    key = load_pem_private_key((keys / f"{signed.type}.pem").read_bytes(), None)
    metadata = Metadata(signed)
    metadata.sign(CryptoSigner(key))  # type: ignore[arg-type]  # it was made as Ed25519
    name = (
        "timestamp.json" if signed.type == "timestamp" else f"{signed.version}.{signed.type}.json"
    )
    half = repository / "metadata" / f".{name}"
    metadata.to_file(str(half))
    half.replace(repository / "metadata" / name)


def _newest(repository: Path, role: str, kind: type[Kept]) -> Kept:
    folder = repository / "metadata"
    return Metadata[kind].from_file(str(folder / f"{_number(folder, role)}.{role}.json")).signed


def _number(folder: Path, role: str) -> int:
    found = [int(each.name.partition(".")[0]) for each in folder.glob(f"[0-9]*.{role}.json")]
    return max(found, default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
