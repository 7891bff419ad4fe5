"""What a code of Windows means for the question that met it.

Codes: WBEM_E_* of WMI (wbemcli.h), HRESULTs of Windows (winerror.h), 0x8024xxxx of Windows Update
(wuerror.h), and 0x80072xxx of its connection (wininet.h).
"""

import re

from agent.host import CannotTell, Denied, Sandboxed, TimedOut, ToolFailed, ToolMissing

CODES: dict[int, tuple[type[CannotTell], str]] = {
    0x8004100E: (ToolMissing, "this Windows has no such namespace"),
    0x80041010: (ToolMissing, "this Windows has no such class"),
    0x80041002: (ToolMissing, "this Windows has nothing of that name"),
    0x80040154: (ToolMissing, "this Windows has no such component"),
    0x80041003: (Denied, "WMI denies it to this account"),
    0x80070005: (Denied, "Windows denies it to this account"),
    0x80041032: (TimedOut, "WMI gave up on it"),
    0x80041069: (TimedOut, "WMI did not answer in time"),
    0x8004106C: (TimedOut, "WMI was out of its quota"),
    0x800705B4: (TimedOut, "Windows did not answer in time"),
    0x80338029: (TimedOut, "WMI did not answer in time"),
    0x800106BA: (ToolFailed, "the service of Microsoft Defender does not run"),
    0x800706BA: (ToolFailed, "the service that answers it does not run"),
    0x80070422: (ToolFailed, "the service that answers it is disabled"),
    0x80041001: (ToolFailed, "WMI failed"),
    0x80041013: (ToolFailed, "WMI cannot load what answers it"),
    0x80041014: (ToolFailed, "WMI cannot start what answers it"),
    0x80041033: (ToolFailed, "WMI is shutting down"),
    0x8024401C: (ToolFailed, "the update server gave no answer in time"),
    0x8024402C: (ToolFailed, "the name of the update server was not found"),
    0x80240438: (ToolFailed, "the update server is not reachable"),
    0x80072EE2: (ToolFailed, "the update server gave no answer in time"),
    0x80072EE7: (ToolFailed, "the name of the update server was not found"),
    0x80072EFD: (ToolFailed, "the update server is not reachable"),
}
FAMILIES = (
    (0x8024, "Windows Update failed"),
    (0x8007, "Windows failed"),
    (0x8004, "WMI failed"),
)
CODE = re.compile(r"0x([0-9A-Fa-f]{8})\b")
SYSTEM_ERROR = re.compile(r"Windows System Error (\d+)")
NO_COMMAND = re.compile(r"CommandNotFoundException|CouldNotAutoloadMatchingModule")
RESTRICTED = ("ConstrainedLanguage", "RestrictedLanguage", "NoLanguage")
WIN32: dict[int, type[CannotTell]] = {
    5: Denied,
    1722: ToolFailed,
    1460: TimedOut,
    1168: ToolMissing,
}


def of_code(question: str, code: int) -> CannotTell:
    """The trouble that an HRESULT stands for."""
    code &= 0xFFFFFFFF  # .NET counts it as signed
    kind, why = CODES.get(code, (ToolFailed, ""))
    family = next((said for high, said in FAMILIES if code >> 16 == high), "it failed")
    return kind(f"{question}: {why or family} (0x{code:08X})")


def of_words(question: str, words: str) -> CannotTell | None:
    """The trouble that a complaint names by code or identifier; None when it names none.

    >>> type(of_words("X", "Exception from HRESULT: 0x8024401C")).__name__
    'ToolFailed'
    """
    if any(mode in words for mode in RESTRICTED):
        return Sandboxed(f"{question}: a policy restricts PowerShell (constrained language mode)")
    if NO_COMMAND.search(words):
        return ToolMissing(f"{question}: PowerShell has no such command here")
    if (found := SYSTEM_ERROR.search(words)) is not None:
        kind: type[CannotTell] = WIN32.get(int(found[1]), ToolFailed)
        return kind(f"{question}: Windows error {found[1]}")
    if (found := CODE.search(words)) is not None:
        return of_code(question, int(found[1], 16))
    return None


def of_error(question: str, identifier: str, hresult: str) -> CannotTell:
    """The trouble that PowerShell reports: by its identifier if that tells, else by its code."""
    told = of_words(question, identifier) or of_words(question, hresult)
    return told or ToolFailed(f"{question}: {identifier or 'it failed'}")
