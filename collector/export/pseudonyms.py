"""People's names in a pack: as they are, or a stable pseudonym that only this collector can make.

A pseudonym is an HMAC-SHA-256 (RFC 2104) of the name under a key of the data folder: the same in
every pack, and of no use to whoever holds the pack and a list of names.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from collector.identity.key_files import KeyFileError, write_private
from collector.model import Device, EvidenceLine
from collector.policy import title
from collector.veil import Veil, names_people

KEY_FILE = "pseudonyms.key"
KEY_BYTES = 32
DIGITS = 12
SHORT_ID = 8
LEAST_NAME, LEAST_PART = 3, 4
"""Letters; what is shorter stands in many words that are nobody's name."""
BETWEEN = re.compile(r"[._+-]")


@dataclass(frozen=True, slots=True)
class Names:
    """`key`: None shows names as they are."""

    key: bytes | None = None

    def person(self, name: str) -> str:
        if self.key is None or not name:
            return name
        digest = hmac.new(self.key, name.casefold().encode(), hashlib.sha256)
        return f"person-{digest.hexdigest()[:DIGITS]}"

    def hostname(self, device: Device) -> str:
        return self.shown(device.device_id, device.hostname)

    def shown(self, device_id: str, hostname: str) -> str:
        """A host name often holds its person's: under pseudonyms the id stands for it."""
        if self.key is None:
            return hostname
        return f"device-{device_id[:SHORT_ID]}" if device_id else ""

    def serial(self, serial: str) -> str:
        return serial if self.key is None else ""

    def reason(self, words: str) -> str:
        """What a person wrote freely may name anybody."""
        return words if self.key is None else ""

    def quarantine(self, because: str) -> str:
        """It names another device."""
        return because if self.key is None or not because else "set apart"

    def veil(self, device: Device) -> Veil:
        """Over what the device says: its name and its owner's may stand in a path or a label."""
        if self.key is None:
            return Veil()
        whole = device.owner.rpartition("@")[0]
        parts = [part for part in BETWEEN.split(whole) if len(part) >= LEAST_PART]
        names = {device.hostname, device.hostname.partition(".")[0], whole, *parts}
        return Veil(frozenset(name for name in names if len(name) >= LEAST_NAME))

    def because(self, rule_id: str, words: str, veil: Veil) -> str:
        if self.key is None:
            return words
        return title(rule_id) if names_people(rule_id) else veil.over(words)

    def evidence(
        self, rule_id: str, lines: Sequence[EvidenceLine], veil: Veil
    ) -> Sequence[EvidenceLine]:
        if self.key is None:
            return lines
        if names_people(rule_id):
            return ()
        return [EvidenceLine(veil.over(line.source), veil.over(line.said)) for line in lines]


def open_pseudonyms(folder: Path) -> Names:
    """The key of this data folder, made once when there is none. Raises KeyFileError."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read or written: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path} does not hold a key: restore it from a backup")
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
    return Names(key)


def _make(path: Path) -> None:
    """Of two that make it at once one is kept, and both use that one."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        write_private(fresh, secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
