"""What BitLocker says of a volume: its numbers are believed together, never one of them alone.

The methods outrank the properties of Win32_EncryptableVolume, which are cached: on Windows 11 24H2
ProtectionStatus was seen as 1 on a disk that had been fully decrypted
(https://github.com/osquery/osquery/issues/8931). Enumerations:
https://learn.microsoft.com/windows/win32/secprov/win32-encryptablevolume
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent.host import CannotTell, Conflicting, Denied, NoData, Row, ToolFailed, Unparsable
from agent.windows.rows import each, number, words
from protos.posture.v1.signals_pb2 import Protection

DECRYPTED, ENCRYPTED, ENCRYPTING, DECRYPTING, PAUSED, DECRYPTING_PAUSED = range(6)
"""ConversionStatus."""
WHOLE = 100
"""Percent."""
OFF, ON, UNKNOWN = range(3)
"""ProtectionStatus; it is unknown while the volume is locked."""
UNDERWAY: Final[Mapping[int, str]] = {
    ENCRYPTING: "encryption is in progress",
    DECRYPTING: "decryption is in progress",
    PAUSED: "encryption is paused",
    DECRYPTING_PAUSED: "decryption is paused",
}
CIPHERS: Final[Mapping[int, str]] = {
    0: "",
    1: "AES 128 with diffuser",
    2: "AES 256 with diffuser",
    3: "AES 128",
    4: "AES 256",
    5: "the drive's own encryption",
    6: "XTS-AES 128",
    7: "XTS-AES 256",
}
TPM, RECOVERY_PASSWORD = 1, 3
"""KeyProtectorType."""
WITH_A_SECRET = frozenset((4, 6, 8))
"""TPM and PIN, TPM and PIN and key, passphrase."""
OS_VOLUME, DATA_VOLUME, REMOVABLE_VOLUME = range(3)
"""VolumeType."""
NOT_ACTIVATED, LOCKED_VOLUME, ACCESS_DENIED = 0x80310008, 0x80310000, 0x80070005
"""ReturnValue: FVE_E_NOT_ACTIVATED is "BitLocker is off here", which is an answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What BitLocker told of one volume; None is "it did not say", and `silent` is why."""

    device: str = ""
    letter: str = ""
    kind: int | None = None
    conversion: int | None = None
    protection: int | None = None
    percent: float | None = None
    locked: bool = False
    cipher: str | None = None
    protectors: frozenset[int] | None = None
    used_space_only: bool = False
    cached: bool = False
    """The protection is the class's property, and no method's answer."""
    silent: CannotTell | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a volume is protected, or why that cannot be told."""

    protection: Protection.ValueType | None
    remarks: tuple[str, ...] = ()
    trouble: CannotTell | None = None


def read_row(row: Row) -> Told:
    """One instance of Win32_EncryptableVolume, live or as another tool listed it."""
    conversion, silent = _asked(row, "GetConversionStatus", "ConversionStatus")
    protection, why = _asked(row, "GetProtectionStatus", "ProtectionStatus")
    lock, _ = _asked(row, "GetLockStatus", "LockStatus")
    cipher, _ = _asked(row, "GetEncryptionMethod", "EncryptionMethod")
    kinds = {int(str(kind)) for kind in each(row, "KeyProtectorTypes") if str(kind).isdigit()}
    return Told(
        device=(words(row, "DeviceID") or "").lower(),
        letter=(words(row, "DriveLetter") or "").upper(),
        kind=number(row, "VolumeType"),
        conversion=conversion,
        protection=protection,
        percent=number(row, "EncryptionPercentage"),
        locked=lock == 1 or _code(row, "GetProtectionStatus") == LOCKED_VOLUME,
        cipher=CIPHERS.get(cipher) if cipher is not None else None,
        protectors=frozenset(kinds) if _said(row, "KeyProtectorTypes") else None,
        used_space_only=bool((number(row, "EncryptionFlags") or 0) & 1),
        cached=number(row, "GetProtectionStatus") is None,
        silent=silent or why,
    )


def _said(row: Row, name: str) -> bool:
    return row.get(name) is not None


def _code(row: Row, method: str) -> int | None:
    code = number(row, f"{method}.ReturnValue")
    return None if code is None else code & 0xFFFFFFFF


def _asked(row: Row, method: str, cached: str) -> tuple[int | None, CannotTell | None]:
    """The method's answer; the cached property only where the method was never called."""
    value, code = number(row, method), _code(row, method)
    if value is not None:
        return value, None
    if code is None:
        value = number(row, cached)
        return value, None if value is not None else NoData(f"nothing was said of {cached}")
    if code == NOT_ACTIVATED:
        return 0, None
    if code == ACCESS_DENIED:
        return None, Denied(f"{method}: access was denied")
    return None, ToolFailed(f"{method} returned 0x{code:08X}")


def answer(told: Told) -> Answer:
    """Encrypted only where conversion is done, and protection is on, and nothing contradicts."""
    if told.locked or told.protection == UNKNOWN:
        locked = "it is locked, and BitLocker does not say how a locked volume is protected"
        return Answer(None, trouble=NoData(locked))
    if told.conversion is None:
        return Answer(
            None, trouble=told.silent or NoData("BitLocker did not say what is encrypted")
        )
    if told.conversion == DECRYPTED:
        return _decrypted(told)
    if told.conversion not in (ENCRYPTED, *UNDERWAY):
        trouble = Unparsable(f"ConversionStatus {told.conversion} is none we know")
        return Answer(None, trouble=trouble)
    if not _whole(told):
        return Answer(Protection.PROTECTION_PARTIAL, (UNDERWAY[told.conversion],))
    if told.protection is None:
        return Answer(None, trouble=told.silent or NoData("BitLocker did not say what protects it"))
    if told.protection == OFF:
        return Answer(Protection.PROTECTION_KEY_EXPOSED, (_exposed(told),))
    return _encrypted(told)


def _whole(told: Told) -> bool:
    """The last percent may still be "in progress" when protection is on already."""
    if told.conversion == ENCRYPTED:
        return True
    done = told.percent is not None and told.percent >= WHOLE
    return told.conversion in (ENCRYPTING, PAUSED) and done


def _decrypted(told: Told) -> Answer:
    if told.protection == ON and not told.cached:
        contradiction = "BitLocker says both that it is fully decrypted and that protection is on"
        return Answer(None, trouble=Conflicting(contradiction))
    stale = ("its cached ProtectionStatus says on; nothing of it is encrypted",)
    return Answer(Protection.PROTECTION_PLAIN, stale if told.protection == ON else ())


def _exposed(told: Told) -> str:
    if told.protectors is None:
        return "protection is off: suspended, or waiting for activation"
    if not told.protectors:
        return "no key protector: waiting for activation, the key lies in clear"
    return "protection is suspended, the key lies in clear"


def _encrypted(told: Told) -> Answer:
    if told.protection != ON:
        trouble = Unparsable(f"ProtectionStatus {told.protection} is none we know")
        return Answer(None, trouble=trouble)
    if told.cipher == "":
        return Answer(None, trouble=Conflicting("BitLocker says protection is on, and no cipher"))
    return Answer(Protection.PROTECTION_ENCRYPTED, tuple(_remarks(told)))


def _remarks(told: Told) -> list[str]:
    remarks = [told.cipher] if told.cipher else []
    if told.cipher == CIPHERS[5]:
        remarks = ["encrypted by the drive itself, not by Windows"]
    if told.conversion in UNDERWAY:
        remarks.append("encryption is about to finish")
    if told.used_space_only:
        remarks.append("used space only")
    if told.protectors and told.kind in (OS_VOLUME, None):
        if not told.protectors & WITH_A_SECRET and TPM in told.protectors:
            remarks.append("unlocks by TPM without a PIN")
        if RECOVERY_PASSWORD not in told.protectors:
            remarks.append("no recovery password")
    return remarks
