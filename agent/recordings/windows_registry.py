r"""Registry values out of what tools print: reg export, reg query, secedit.

An export holds everything below its first key. HKEY_CURRENT_USER is the hive of the person who
ran the tool, which as a service we read below HKEY_USERS.
"""

import re

from agent.host import FileMissing, RegistryValue
from agent.recordings.hives import Hives
from agent.recordings.loose import Loose

PERSON = r"HKU\S-1-5-21-0-0-0-1001"
"""Stands for the security identifier of a person who is not named."""

KEY = re.compile(r"\[(-?)(HKEY_[^\]]+)\]")
NAMED = re.compile(r'(@|"(?:[^"\\]|\\.)*")=(.*)', re.DOTALL)
QUERIED_KEY = re.compile(r"(?:HKEY_\w+|HK(?:LM|CU|U))\\.+")
QUERIED = re.compile(r"\s*(.+?)\s{2,}(REG_\w+)(?:\s{2,}(.*)|\s*)")
MISSING = (
    "unable to find the specified registry key or value",
    "konnte den angegebenen Registrierungsschlüssel oder Wert nicht finden",
    "n'a pas pu trouver la clé ou la valeur de Registre spécifiée",
    "no ha podido encontrar la clave o el valor del Registro especificado",
)
DESKTOP = r"HKCU\Control Panel\Desktop"
POLICIES = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
WELL_KNOWN = {
    "inactivitytimeoutsecs": POLICIES,
    "screensaverissecure": DESKTOP,
    "screensavetimeout": DESKTOP,
    "screensaveactive": DESKTOP,
    "scrnsave.exe": DESKTOP,
}
"""The key of a value where an excerpt shows the value alone."""


def export(loose: Loose, hives: Hives) -> bool:
    """A file of ``reg export``: everything below its first key."""
    text = loose.text
    if not text.lstrip("\ufeff\r\n ").startswith(("Windows Registry Editor", "REGEDIT4")):
        return False
    key = ""
    for line in _unfolded(text):
        if (head := KEY.fullmatch(line)) is not None:
            first, key = not key, _key(head[2])
            hives.note(key, whole=first and not loose.partial)
        elif key and (found := NAMED.fullmatch(line)) is not None:
            name = "" if found[1] == "@" else _unquoted(found[1])
            value = exported(found[2].strip())
            if value is not None:
                hives.put(key, name, value)
    return True


def _unfolded(text: str) -> list[str]:
    return re.sub(r"\\\r*\n\s*", "", text).splitlines()


def _key(key: str) -> str:
    return re.sub(r"^(HKEY_CURRENT_USER|HKCU)\b", lambda _: PERSON, key)


def _unquoted(words: str) -> str:
    return re.sub(r"\\(.)", r"\1", words[1:-1])


def exported(said: str) -> RegistryValue | None:
    r"""A value of a .reg file; None where it is of no known form.

    >>> exported("dword:0000012c"), exported('"AzureAD\\\\JohnDoe"')
    (300, 'AzureAD\\JohnDoe')
    """
    if said.startswith('"') and said.endswith('"') and len(said) > 1:
        return _unquoted(said)
    kind, _, digits = said.partition(":")
    try:
        if kind == "dword":
            return int(digits, 16)
        content = bytes.fromhex(digits.replace(",", " "))
    except ValueError:
        return None
    return _typed(kind, content)


def _typed(kind: str, content: bytes) -> RegistryValue | None:
    words = content.decode("utf-16-le", "replace").rstrip("\0")
    known: dict[str, RegistryValue] = {
        "hex": content,
        "hex(1)": words,
        "hex(2)": words,
        "hex(4)": int.from_bytes(content, "little"),
        "hex(7)": tuple(part for part in words.split("\0") if part),
        "hex(b)": int.from_bytes(content, "little"),
    }
    return known.get(kind)


def query(loose: Loose, hives: Hives) -> bool:
    """``reg query``: only the values it shows are known, and one that it did not find."""
    if not loose.name.lower().startswith(("reg_query", "reg-query", "regquery")):
        return False
    key, shown = "", False
    for line in loose.text.splitlines():
        if QUERIED_KEY.fullmatch(line.strip()) and not line.startswith(" "):
            key = _key(line.strip())
            hives.note(key)
        elif (found := QUERIED.fullmatch(line)) is not None:
            name, value = found[1], queried(found[2], found[3] or "")
            place = key or _key(WELL_KNOWN.get(name.lower(), ""))
            shown = True
            if place and value is not None:
                hives.put(place, name, value)
    complaint = loose.text + loose.errors
    if not shown and any(words in complaint for words in MISSING):
        _not_found(loose.name, hives)
    return True


def _not_found(name: str, hives: Hives) -> None:
    for value, key in WELL_KNOWN.items():
        if value in name.lower():
            hives.put(_key(key), value, FileMissing(f"{_key(key)} has no value {value}"))


def queried(kind: str, said: str) -> RegistryValue | None:
    """A value as reg.exe shows it; None where it is of no known form.

    >>> queried("REG_DWORD", "0x12c"), queried("REG_MULTI_SZ", "a\\\\0b")
    (300, ('a', 'b'))
    """
    try:
        if kind in ("REG_DWORD", "REG_QWORD"):
            return int(said, 16)
        if kind == "REG_BINARY":
            return bytes.fromhex(said)
    except ValueError:
        return None
    if kind == "REG_MULTI_SZ":
        return tuple(part for part in said.split(r"\0") if part)
    return said if kind in ("REG_SZ", "REG_EXPAND_SZ") else None


def security_policy(loose: Loose, hives: Hives) -> bool:
    """``secedit /export``: [Registry Values] has ``MACHINE\\<key>\\<name>=<type>,<value>``.

    It shows the inactivity limit when it is set, and only then.
    """
    text = loose.text
    if "[System Access]" not in text and "[Registry Values]" not in text:
        return False
    for line in text.splitlines():
        path, equals, said = line.strip().partition("=")
        if equals and path.upper().startswith("MACHINE\\"):
            key, _, name = path.rpartition("\\")
            kind, _, value = said.partition(",")
            held = _of_policy(kind, value)
            if held is not None:
                hives.put(key, name, held)
    if "[Registry Values]" in text and not loose.partial:
        missing = FileMissing(f"{POLICIES} has no value InactivityTimeoutSecs")
        hives.put(POLICIES, "InactivityTimeoutSecs", missing)
    return True


def _of_policy(kind: str, value: str) -> RegistryValue | None:
    if kind == "4":
        return int(value) if value.isdecimal() else None
    if kind == "7":
        return tuple(part for part in value.split(",") if part)
    return value.strip('"') if kind in ("1", "2") else None
