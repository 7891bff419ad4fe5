"""A notice of Windows, by Shell_NotifyIconW: Windows 10 and newer show it as a toast.

https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-shell_notifyiconw
Nothing is started and nothing is registered; the icon goes when the notice has been shown.
"""

import sys
import time

from agent.notices.news import Notice

LONGEST_TITLE, LONGEST_BODY = 63, 255
"""What NOTIFYICONDATAW holds, without the zero at the end."""
SHOWN_SECONDS = 10.0
ADD, DELETE = 0, 2
ICON, TIP, INFO = 0x02, 0x04, 0x10
WARNING, RESPECT_QUIET_TIME = 0x02, 0x80
SHIELD = 32518
MESSAGE_ONLY = -3


def fitted(notice: Notice) -> Notice:
    """Cut to what fits: UTF-16 units, no half of a pair.

    >>> len(fitted(Notice("t" * 99, "b")).title)
    63
    """
    return Notice(_cut(notice.title, LONGEST_TITLE), _cut(notice.body, LONGEST_BODY))


def _cut(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def show(notice: Notice) -> None:
    """Raises OSError."""
    if sys.platform != "win32":
        raise OSError("this is not Windows")
    import ctypes
    from ctypes import wintypes

    class Data(ctypes.Structure):
        """NOTIFYICONDATAW."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("window", wintypes.HWND),
            ("id", wintypes.UINT),
            ("flags", wintypes.UINT),
            ("message", wintypes.UINT),
            ("icon", wintypes.HICON),
            ("tip", wintypes.WCHAR * 128),
            ("state", wintypes.DWORD),
            ("state_mask", wintypes.DWORD),
            ("info", wintypes.WCHAR * 256),
            ("version", wintypes.UINT),
            ("info_title", wintypes.WCHAR * 64),
            ("info_flags", wintypes.DWORD),
            ("guid", ctypes.c_byte * 16),
            ("balloon_icon", wintypes.HICON),
        )

    user, shell, told = ctypes.windll.user32, ctypes.windll.shell32, fitted(notice)
    user.CreateWindowExW.restype, user.LoadIconW.restype = wintypes.HWND, wintypes.HICON
    parent = wintypes.HWND(MESSAGE_ONLY)
    window = user.CreateWindowExW(0, "STATIC", "Muster", 0, 0, 0, 0, 0, parent, None, None, None)
    if not window:
        raise ctypes.WinError()
    data = Data(size=ctypes.sizeof(Data), window=window, id=1, flags=ICON | TIP | INFO)
    data.icon = user.LoadIconW(None, ctypes.c_void_p(SHIELD))
    data.tip, data.info, data.info_title = "Muster", told.body, told.title
    data.info_flags = WARNING | RESPECT_QUIET_TIME
    try:
        if not shell.Shell_NotifyIconW(ADD, ctypes.byref(data)):
            raise OSError("Shell_NotifyIconW: nobody is at the desktop")
        time.sleep(SHOWN_SECONDS)
        shell.Shell_NotifyIconW(DELETE, ctypes.byref(data))
    finally:
        user.DestroyWindow(window)
