"""How a line depends on all lines before it, and how a signed checkpoint names them all.

A line is ``<hash in hex> <record as JSON>``, where the hash is SHA-256 over the hash of the line
before (32 bytes; zeros before the first) and the bytes of the record. Whoever changes, removes,
adds or moves a line must make every later hash anew, and the checkpoints hold the old ones.

A checkpoint is a record that states the number of records before it and the hash of the last; its
Ed25519 signature (RFC 8032) is over `signed_words`.
"""

import hashlib
from dataclasses import dataclass

GENESIS = bytes(32)
HASH_LENGTH = 64


class Broken(Exception):
    """A line is not what the chain says it must be; str() says what is wrong."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands: how many records there are, and the hash of the last."""

    records: int = 0
    hash: bytes = GENESIS


def line_of(record: bytes, before: bytes) -> tuple[bytes, bytes]:
    """The line with its end, and its hash."""
    digest = hashlib.sha256(before + record).digest()
    return digest.hex().encode() + b" " + record + b"\n", digest


def record_in(line: bytes, before: bytes) -> tuple[bytes, bytes]:
    """The record of a line (without its end) and the line's hash. Raises Broken."""
    stated, record = line[:HASH_LENGTH], line[HASH_LENGTH + 1 :]
    if len(line) <= HASH_LENGTH or line[HASH_LENGTH] != 0x20:
        raise Broken("it is not a line of this log")
    digest = hashlib.sha256(before + record).digest()
    if digest.hex().encode() != stated:
        raise Broken("its hash does not follow from the record and the line before it")
    return record, digest


def signed_words(origin: str, head: Head, at: str) -> bytes:
    """What a checkpoint's signature is over. `origin` is the key's id, so that a test
    environment's log never passes for another's."""
    lines = ("muster audit checkpoint v1", origin, str(head.records), head.hash.hex(), at, "")
    return "\n".join(lines).encode()
