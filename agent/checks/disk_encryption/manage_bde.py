"""Reads `manage-bde -status`: numbers and AES tokens in any language, words only where known.

Labels are translated and never looked at. A value is believed when it is a number with a percent
sign, an AES token, or one of the words below, each taken from real output in that language.
"""

import re
from collections.abc import Mapping
from typing import Final

from agent.checks.disk_encryption.bitlocker import (
    DECRYPTED,
    DECRYPTING,
    DECRYPTING_PAUSED,
    ENCRYPTED,
    ENCRYPTING,
    OFF,
    ON,
    OS_VOLUME,
    PAUSED,
    UNDERWAY,
    WHOLE,
    Told,
)
from agent.host import CannotTell, Conflicting, Denied, Host, NoData, ToolMissing, Unparsable

PROTECTION: Final[Mapping[str, int]] = {
    "protection on": ON,
    "protection off": OFF,
    "der schutz ist aktiviert": ON,
    "der schutz ist deaktiviert": OFF,
    "protección activada": ON,
    "protección desactivada": OFF,
    "защита включена": ON,
    "защита отключена": OFF,
    "保护已启用": ON,
    "保护关闭": OFF,
}
USED_SPACE_ONLY = ("used space only encrypted", "cifrado solo de espacio usado", "仅加密了已用空间")
CONVERSION: Final[Mapping[str, int]] = {
    "fully decrypted": DECRYPTED,
    "fully encrypted": ENCRYPTED,
    "encryption in progress": ENCRYPTING,
    "decryption in progress": DECRYPTING,
    "encryption paused": PAUSED,
    "decryption paused": DECRYPTING_PAUSED,
    "vollständig entschlüsselt": DECRYPTED,
    "verschlüsselung wird durchgeführt": ENCRYPTING,
    "完全解密": DECRYPTED,
    **dict.fromkeys(USED_SPACE_ONLY, ENCRYPTED),
}
NO_PROTECTORS = ("none found", "keine gefunden", "ninguno", "找不到")
USUAL = ("C:", "D:", "E:", "F:")
LOCKED = ("locked", "gesperrt", "bloqueado")
KINDS: Final[Mapping[str, int]] = {
    "os volume": OS_VOLUME,
    "betriebssystemvolume": OS_VOLUME,
    "volumen del sistema operativo": OS_VOLUME,
    "os 卷": OS_VOLUME,
}
HEAD = re.compile(r'\S[^\[]*?(?:"?(?P<letter>[A-Za-z]):"?|(?P<device>\\\\\?\\Volume\S+))\s*\[')
KIND = re.compile(r"\[(.+)\]")
LINE = re.compile(r"([^:]+):\s*(.*)")
PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%")
PERCENTS = re.compile(PERCENT.pattern + r"\s*$")
CIPHER = re.compile(r"((?:XTS-)?AES[ -]\d{3})\b.*")
REBOOTS = re.compile(r"\s*\(\d+ .*\)$")
WBEM_DENIED = (0x80041003, 0x80041003 - (1 << 32))
"""WBEM_E_ACCESS_DENIED, unsigned and signed: what it ends with where it may not ask."""


def read_status(host: Host) -> tuple[str, list[Told]]:
    """The command that answered, and every volume it named. Raises CannotTell.

    One volume that cannot be opened may spoil the whole listing, so the usual ones are then asked
    one by one.
    """
    try:
        return "manage-bde -status", parse_status(_run(host))
    except (ToolMissing, Denied):
        raise
    except CannotTell as trouble:
        found = [told for letter in USUAL for told in _of(host, letter)]
        if not found:
            raise trouble from None
        return "manage-bde -status, volume by volume", found


def _of(host: Host, letter: str) -> list[Told]:
    try:
        return parse_status(_run(host, letter), letter)
    except CannotTell:
        return []


def _run(host: Host, *volume: str) -> str:
    output = host.run("manage-bde", "-status", *volume, ok=(0, *WBEM_DENIED))
    if output.exit_status in WBEM_DENIED:
        raise Denied("manage-bde -status: only an administrator may ask")
    return output.text


def parse_status(text: str, only: str = "") -> list[Told]:
    """Every volume in the listing. `only` names it where the listing's head is missing.

    Raises Unparsable when no volume is in it.
    """
    lines = text.splitlines()
    headless = only and not any(map(HEAD.match, lines)) and any(map(PERCENTS.search, lines))
    blocks: list[tuple[str, str, list[str]]] = [(only, "", [])] if headless else []
    for line in lines:
        if head := HEAD.match(line):
            letter, device = head["letter"], head["device"]
            blocks.append((f"{letter}:".upper() if letter else "", (device or "").lower(), []))
        elif blocks:
            blocks[-1][2].append(line)
    if not blocks:
        raise Unparsable("manage-bde -status named no volume")
    return [_told(letter, device, lines) for letter, device, lines in blocks]


def _told(letter: str, device: str, lines: list[str]) -> Told:
    values = [found[2].strip() for line in lines if (found := LINE.match(line.strip()))]
    known = [REBOOTS.sub("", value).rstrip(".").casefold() for value in values]
    percents = [float(f[1].replace(",", ".")) for v in values if (f := PERCENT.fullmatch(v))]
    ciphers = [found[1] for value in values if (found := CIPHER.fullmatch(value))]
    percent = percents[0] if len(percents) == 1 else None
    told = next((CONVERSION[word] for word in known if word in CONVERSION), None)
    return Told(
        device=device,
        letter=letter,
        kind=_kind(lines),
        conversion=_conversion(percent, told, bool(ciphers)),
        protection=next((PROTECTION[word] for word in known if word in PROTECTION), None),
        percent=percent,
        locked=any(word in LOCKED for word in known),
        cipher=ciphers[0] if ciphers else None,
        protectors=frozenset() if any(word in NO_PROTECTORS for word in known) else None,
        used_space_only=any(word in USED_SPACE_ONLY for word in known),
        silent=_silence(percent, told),
    )


def _silence(percent: float | None, told: int | None) -> CannotTell:
    if percent is None:
        return NoData("manage-bde gives no percentage")
    if told == DECRYPTED:
        return Conflicting(f"manage-bde says both {percent:g} % and fully decrypted")
    return Unparsable("manage-bde speaks a language whose words are not known here")


def _conversion(percent: float | None, told: int | None, cipher: bool) -> int | None:
    """By the number; the word says only which way it goes, and cannot make it more."""
    if percent is None or (percent > 0 and told == DECRYPTED):
        return None
    if percent == 0 and not cipher:
        return DECRYPTED
    if percent < WHOLE:
        return told if told in UNDERWAY else ENCRYPTING
    return told or ENCRYPTED


def _kind(lines: list[str]) -> int | None:
    """A data volume may be a removable one: manage-bde calls both the same."""
    kinds = (KIND.fullmatch(line.strip()) for line in lines)
    return next((KINDS.get(kind[1].strip().casefold()) for kind in kinds if kind), None)
