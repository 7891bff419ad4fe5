r"""Where Windows keeps its own programs, and what they need to run and to be read.

Only the system's folders are searched, never PATH: a folder that a person can write to must not
decide what an agent with all rights starts.
"""

import codecs
import sys
from collections.abc import Sequence
from pathlib import PureWindowsPath

UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def system_root() -> str:
    r"""``C:\Windows``, as the kernel says; an environment can be set by whoever starts us."""
    if sys.platform != "win32":
        return r"C:\Windows"
    import ctypes

    buffer = ctypes.create_unicode_buffer(260)
    length = ctypes.windll.kernel32.GetSystemWindowsDirectoryW(buffer, len(buffer))
    return buffer.value if 0 < length < len(buffer) else r"C:\Windows"


def redirected() -> bool:
    """Whether this is a 32-bit process on 64-bit Windows, which is shown another System32."""
    if sys.platform != "win32":
        return False
    import ctypes

    answer = ctypes.c_int(0)
    kernel = ctypes.windll.kernel32
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.IsWow64Process.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_int))
    asked = kernel.IsWow64Process(kernel.GetCurrentProcess(), ctypes.byref(answer))
    return bool(asked and answer.value)


def folders(root: str, *, wow64: bool) -> tuple[str, ...]:
    r"""Where programs are looked for, PowerShell's own folder included.

    >>> folders(r"C:\Windows", wow64=True)[0]
    'C:\\Windows\\Sysnative'
    """
    system = PureWindowsPath(root, "Sysnative" if wow64 else "System32")
    return (str(system), str(system / "WindowsPowerShell" / "v1.0"), str(system / "wbem"))


def paths(program: str, places: Sequence[str]) -> tuple[str, ...]:
    """Where `program`, named with or without its ending, may lie."""
    named = program if program.lower().endswith(".exe") else f"{program}.exe"
    return tuple(str(PureWindowsPath(place, named)) for place in places)


def environment(root: str) -> dict[str, str]:
    r"""For a tool: the system's own folders and modules, and nobody's settings.

    PowerShell writes a probe into TEMP to learn its language mode, so TEMP must be writable.
    """
    system = PureWindowsPath(root, "System32")
    shell = system / "WindowsPowerShell" / "v1.0"
    drive = PureWindowsPath(root).drive
    return {
        "SystemRoot": root,
        "windir": root,
        "SystemDrive": drive,
        "ComSpec": str(system / "cmd.exe"),
        "PATH": ";".join((str(system), root, str(system / "wbem"), str(shell))),
        "PATHEXT": ".COM;.EXE",
        "PSModulePath": str(shell / "Modules"),
        "ProgramData": f"{drive}\\ProgramData",
        "ProgramFiles": f"{drive}\\Program Files",
        "TEMP": str(PureWindowsPath(root, "Temp")),
        "TMP": str(PureWindowsPath(root, "Temp")),
    }


def console_page() -> str:
    """The code page that console tools print in, as Python names it."""
    if sys.platform != "win32":
        return "utf-8"
    import ctypes

    return page_name(int(ctypes.windll.kernel32.GetOEMCP()))


def page_name(number: int) -> str:
    """
    >>> page_name(850), page_name(65001), page_name(31337)
    ('cp850', 'utf-8', 'utf-8')
    """
    try:
        return "utf-8" if number == 65001 else codecs.lookup(f"cp{number}").name
    except LookupError:
        return "utf-8"


def printed(content: bytes, page: str) -> str:
    """What a console tool printed: UTF-16 with its mark, UTF-8, else the console's code page."""
    if content.startswith(UTF_16_MARKS):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode(page, "replace")
