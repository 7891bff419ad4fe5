"""People's names in a pack: as they are, or a stable pseudonym that only this collector can make.

A pseudonym is an HMAC-SHA-256 (RFC 2104) of the name under a key of the data folder: the same in
every pack, and of no use to whoever holds the pack and a list of names.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.identity.key_files import write_private
from collector.model import Device, EvidenceLine
from collector.policy import title
from collector.veil import names_people

KEY_FILE = "pseudonyms.key"
DIGITS = 12
SHORT_ID = 8


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

    def because(self, rule_id: str, words: str) -> str:
        return words if self.key is None or not names_people(rule_id) else title(rule_id)

    def evidence(self, rule_id: str, lines: Sequence[EvidenceLine]) -> Sequence[EvidenceLine]:
        return lines if self.key is None or not names_people(rule_id) else ()


def open_pseudonyms(folder: Path) -> Names:
    """The key of this data folder, made when there is none."""
    path = folder / KEY_FILE
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    return Names(path.read_bytes())
