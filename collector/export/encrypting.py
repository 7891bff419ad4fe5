"""A file for its recipients alone, as the age format has it (age-encryption.org/v1)."""

import os
from collections.abc import Sequence
from pathlib import Path

ENDING = ".age"


def encrypt(path: Path, recipients: Sequence[str]) -> Path:
    """Beside the file, and on disk on return. `recipients`: public keys as age-keygen shows them.

    A stream: memory does not grow with the file.
    """
    from pyrage import encrypt_io, x25519

    target = path.with_name(path.name + ENDING)
    keys = [x25519.Recipient.from_str(each) for each in recipients]
    with path.open("rb") as plain, target.open("xb") as out:
        encrypt_io(plain, out, keys)
        out.flush()
        os.fsync(out.fileno())
    target.chmod(0o640)
    return target
