"""manifest.json: what a pack consists of, what came before it, and where the audit log stood.

The signature (Ed25519, RFC 8032) is over a line of our own and the bytes of the manifest, so that
it never passes for a signature of something else; the key is the one of the audit log.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.audit.marks import Mark
from collector.audit.signing import Signer
from collector.export.heading import Heading, Totals
from collector.export.safe import moment

FORMAT = "muster posture pack 1"
FILE, SIGNATURE = "manifest.json", "manifest.sig"
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Previous:
    """The pack before: its file's name and the SHA-256 of its manifest, in hexadecimal."""

    name: str
    manifest_sha256: str


def build(
    folder: Path,
    heading: Heading,
    totals: Totals,
    previous: Previous | None,
    audit: Mark | None,
    signed_by: str,
) -> bytes:
    """The manifest of the files that lie in `folder`; the same files give the same bytes."""
    content = {
        "format": FORMAT,
        "collector": heading.collector,
        "environment": heading.environment,
        "as_of": moment(heading.as_of),
        "since": moment(heading.since) if heading.since else None,
        "scope": heading.scope,
        "pseudonyms": heading.pseudonyms,
        "policy_version": heading.policy_version,
        "erased_since": {
            "devices": heading.erased_devices,
            "people": heading.erased_people,
        },
        "previous": vars_of(previous),
        "audit": vars_of(audit),
        "signed_by": signed_by,
        "totals": sums(totals),
        "files": [_file(path, totals) for path in sorted(folder.iterdir())],
    }
    return (json.dumps(content, indent=2, sort_keys=False) + "\n").encode()


def sums(totals: Totals) -> dict[str, Any]:
    """What the rows add up to, as the summary shows it and later packs compare themselves with."""
    rules: dict[str, dict[str, int]] = {}
    for (rule_id, status), count in sorted(totals.rules.items()):
        rules.setdefault(rule_id, {})[status] = count
    for rule_id, counted in rules.items():
        counted["counting"] = totals.counting[rule_id]
    return {
        "devices": dict(sorted(totals.devices.items())),
        "never_reported": totals.never_reported,
        "without_owner": totals.without_owner,
        "rules": rules,
        "changes": dict(sorted(totals.changes.items())),
        "waivers": dict(sorted(totals.waivers.items())),
    }


def sign(signer: Signer, manifest: bytes) -> bytes:
    return signer.sign(signed_words(manifest)).encode() + b"\n"


def signed_words(manifest: bytes) -> bytes:
    return FORMAT.encode() + b"\n" + manifest


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def vars_of(value: Any) -> Mapping[str, Any] | None:
    return None if value is None else {name: getattr(value, name) for name in value.__slots__}


def _file(path: Path, totals: Totals) -> dict[str, object]:
    """`rows`: of a table's file, how many rows it holds beside its header."""
    held = {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
    table = path.stem
    if path.suffix in (".csv", ".json") and table in totals.rows:
        return held | {"rows": totals.rows[table]}
    return held
