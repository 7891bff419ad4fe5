"""Shows a notice by the one means each system has; runs as the person who is logged in."""

import sys
from collections.abc import Callable, Mapping

from agent.host import CannotTell, Host
from agent.notices.news import Notice

OSASCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)
"""A fixed program; what it shows is handed over as arguments and never becomes part of it."""


class NotShown(Exception):
    """Nobody saw it; the message says why."""


def show(notice: Notice, environ: Mapping[str, str], host: Callable[[], Host]) -> None:
    """Raises NotShown."""
    if sys.platform == "win32":
        from agent.notices import windows

        try:
            windows.show(notice)
        except OSError as error:
            raise NotShown(f"Windows does not show it: {error}") from error
    elif sys.platform == "darwin":
        by_osascript(notice, host())
    else:
        by_desktop(notice, environ)


def by_osascript(notice: Notice, host: Host) -> None:
    """osascript(1): as the person at the screen, in their session."""
    program = [word for line in OSASCRIPT for word in ("-e", line)]
    try:
        host.run("osascript", *program, notice.title, notice.body)
    except CannotTell as trouble:
        raise NotShown(f"macOS does not show it: {trouble}") from trouble


def by_desktop(notice: Notice, environ: Mapping[str, str]) -> None:
    from agent.notices.freedesktop import Unavailable, show_on

    try:
        show_on(notice, environ)
    except Unavailable as error:
        raise NotShown(str(error)) from error
