"""Who may read and write a folder on Windows: an access list in words (SDDL), and what it means.

The agent's folder belongs to the system, the administrators and whoever owns it. Its parent gives
every account the right to make folders there, so one that somebody else made is not believed.
https://learn.microsoft.com/windows/win32/secauthz/ace-strings
"""

import errno
import re
import sys
from pathlib import Path

PRIVATE = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)"
"""The system, the administrators, the owner; nothing is inherited from above."""

SHOWN = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
"""The system and the administrators write, whoever logs in reads."""

OURS = frozenset(("SY", "BA", "OW", "CO", "S-1-5-18", "S-1-5-32-544", "S-1-3-0", "S-1-3-4"))
ENTRY = re.compile(r"\((?P<kind>[^;]*);[^;]*;(?P<rights>[^;]*);[^;]*;[^;]*;(?P<who>[^;)]+)[^)]*\)")
ALLOWS = ("A", "XA")
HARMLESS = ("FR", "FX", "GR", "GX", "RC")
"""Rights to read, to run and to see the list; all others change something."""
WRITING_BITS = 0x000D0156 | 0x50000000
"""Write data, append, write attributes (extended too), delete, change the list or the owner."""


def writers(sddl: str, own: str) -> tuple[str, ...]:
    """Accounts besides ours that may change what is in the folder."""
    return tuple(sorted({who for who, rights in _others(sddl, own) if _writes(rights)}))


def readers(sddl: str, own: str) -> tuple[str, ...]:
    """Accounts besides ours that may do anything at all with it."""
    return tuple(sorted({who for who, _ in _others(sddl, own)}))


def owner_of(sddl: str) -> str:
    """
    >>> owner_of("O:BAG:SYD:P(A;;FA;;;SY)")
    'BA'
    """
    found = re.match(r"O:(S-[\d-]+|[A-Z]{2})", sddl)
    return found[1] if found else ""


def believed(owner: str, own: str) -> bool:
    """Whether a folder of this owner is the system's, the administrators' or this account's own."""
    return owner in ("SY", "BA", "S-1-5-18", "S-1-5-32-544", own)


def _others(sddl: str, own: str) -> list[tuple[str, str]]:
    listed = sddl.partition("D:")[2]
    found = [m for m in ENTRY.finditer(listed) if m["kind"] in ALLOWS]
    return [(m["who"], m["rights"]) for m in found if m["who"] not in OURS | {own}]


def _writes(rights: str) -> bool:
    if rights.startswith("0x"):
        return bool(int(rights, 16) & WRITING_BITS)
    parts = re.findall("..", rights)
    return any(part not in HARMLESS for part in parts)


def foreign(sddl: str, own: str) -> str:
    """Why a folder is not to be believed; "" when it is. `own` is this account's SID.

    >>> foreign("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)", "S-1-5-18")
    ''
    >>> foreign("O:BAD:(A;OICI;FA;;;SY)(A;CI;DCLCRPCR;;;BU)", "S-1-5-18")
    'can be written by other accounts (BU)'
    """
    owner = owner_of(sddl)
    if not believed(owner, own):
        return f"belongs to another account ({owner or 'unknown'})"
    if "D:" not in sddl or sddl.partition("D:")[2].startswith("NO_ACCESS_CONTROL"):
        return "can be written by everybody"
    others = writers(sddl, own)
    return f"can be written by other accounts ({', '.join(others)})" if others else ""


def set_private(folder: Path) -> None:
    """Give the folder, and what inherits from it, the list `PRIVATE`. Raises OSError."""
    set_list(folder, PRIVATE)


def set_list(folder: Path, sddl: str) -> None:
    """Give the folder, and what inherits from it, the access list of `sddl`. Raises OSError."""
    if sys.platform != "win32":
        return
    import ctypes
    from ctypes import wintypes

    advapi, kernel = ctypes.windll.advapi32, ctypes.windll.kernel32
    pointer = ctypes.POINTER(ctypes.c_void_p)
    convert = advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW
    convert.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, pointer, ctypes.c_void_p)
    advapi.SetNamedSecurityInfoW.argtypes = (
        wintypes.LPWSTR,
        ctypes.c_int,
        wintypes.DWORD,
        *(ctypes.c_void_p,) * 4,
    )
    kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    held, listed = ctypes.c_void_p(), ctypes.c_void_p()
    there, by_default = wintypes.BOOL(), wintypes.BOOL()
    if not convert(sddl, 1, ctypes.byref(held), None):
        raise ctypes.WinError()
    try:
        advapi.GetSecurityDescriptorDacl(
            held, ctypes.byref(there), ctypes.byref(listed), ctypes.byref(by_default)
        )
        a_file, the_list_alone = 1, 4 | 0x80000000
        code = advapi.SetNamedSecurityInfoW(
            str(folder), a_file, the_list_alone, None, None, listed, None
        )
        if code:
            raise ctypes.WinError(code)
    finally:
        kernel.LocalFree(held)


def leads_elsewhere(attributes: int) -> bool:
    """Of a junction or a link, by FILE_ATTRIBUTE_REPARSE_POINT. Every account can make a junction.

    >>> leads_elsewhere(0x410), leads_elsewhere(0x10)
    (True, False)
    """
    return bool(attributes & 0x400)


def described(folder: Path) -> str:
    """Owner and access list as SDDL. Raises OSError.

    Of a junction Windows would tell those of the folder that it leads to, which may be the
    system's own, while whoever made it leads it elsewhere afterwards: it is refused.
    """
    if sys.platform != "win32":
        return ""
    if leads_elsewhere(folder.lstat().st_file_attributes):
        raise OSError(errno.ELOOP, "is a link; look who made it and remove it")
    import ctypes
    from ctypes import wintypes

    advapi, kernel = ctypes.windll.advapi32, ctypes.windll.kernel32
    advapi.GetNamedSecurityInfoW.argtypes = (
        wintypes.LPCWSTR,
        ctypes.c_int,
        wintypes.DWORD,
        *(ctypes.c_void_p,) * 4,
        ctypes.POINTER(ctypes.c_void_p),
    )
    write = advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW
    write.argtypes = (
        ctypes.c_void_p,
        wintypes.DWORD,
        wintypes.DWORD,
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_void_p,
    )
    kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    held, words = ctypes.c_void_p(), ctypes.c_void_p()
    a_file, owner_and_list = 1, 1 | 4
    code = advapi.GetNamedSecurityInfoW(
        str(folder), a_file, owner_and_list, None, None, None, None, ctypes.byref(held)
    )
    if code:
        raise ctypes.WinError(code)
    try:
        if not write(held, 1, owner_and_list, ctypes.byref(words), None):
            raise ctypes.WinError()
        said = ctypes.wstring_at(words.value or 0)
        kernel.LocalFree(words)
        return said
    finally:
        kernel.LocalFree(held)


def own_sid() -> str:
    """The security identifier of the account this process runs as. Raises OSError."""
    if sys.platform != "win32":
        return ""
    import ctypes
    from ctypes import wintypes

    advapi, kernel = ctypes.windll.advapi32, ctypes.windll.kernel32
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    open_token = advapi.OpenProcessToken
    open_token.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
    convert = advapi.ConvertSidToStringSidW
    convert.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p))
    kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    token, words = wintypes.HANDLE(), ctypes.c_void_p()
    query, token_user = 8, 1
    if not open_token(kernel.GetCurrentProcess(), query, ctypes.byref(token)):
        raise ctypes.WinError()
    try:
        size, buffer = wintypes.DWORD(), ctypes.create_string_buffer(256)
        asked = advapi.GetTokenInformation(token, token_user, buffer, 256, ctypes.byref(size))
        sid = ctypes.c_void_p.from_buffer(buffer)  # TOKEN_USER begins with the pointer
        if not asked or not convert(sid, ctypes.byref(words)):
            raise ctypes.WinError()
        said = ctypes.wstring_at(words.value or 0)
        kernel.LocalFree(words)
        return said
    finally:
        kernel.CloseHandle(token)


def is_administrator() -> bool:
    """Whether this process has an administrator's rights now (LocalSystem has them)."""
    if sys.platform != "win32":
        return False
    import ctypes

    return bool(ctypes.windll.shell32.IsUserAnAdmin())
