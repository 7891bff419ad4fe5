"""Speaks to the notification service of the person's desktop, over the bus of their session.

org.freedesktop.Notifications, Desktop Notifications Specification 1.2. No program is started, so
nothing of a notice stands in a list of processes.
"""

import os
import sys
from collections.abc import Mapping
from html import escape
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg

from agent.notices.news import Notice

SERVICE = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)
NAME, ICON = "Muster", "security-medium"
SECONDS = 5.0
AS_THE_DESKTOP_LIKES = -1
HINTS: dict[str, tuple[str, object]] = {
    "urgency": ("y", 1),
    "desktop-entry": ("s", "muster-agent-notify"),
}


class Unavailable(Exception):
    """No session bus, or nobody on it who shows notices."""


def show_on(notice: Notice, environ: Mapping[str, str]) -> None:
    """Raises Unavailable."""
    address = bus_address(environ)
    try:
        with open_dbus_connection(address) as connection:
            can = _ask(connection, "GetCapabilities")[0]
            body = escape(notice.body, quote=False) if "body-markup" in can else notice.body
            arguments: tuple[Any, ...]
            arguments = (NAME, 0, ICON, notice.title, body, [], HINTS, AS_THE_DESKTOP_LIKES)
            _ask(connection, "Notify", "susssasa{sv}i", arguments)
    except DBusErrorResponse as error:
        raise Unavailable(f"the desktop shows no notices: {error.name}") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise Unavailable(f"no answer from the session bus: {error}") from error


def _ask(connection: Any, method: str, signature: str = "", arguments: tuple[Any, ...] = ()) -> Any:
    call = new_method_call(SERVICE, method, signature or None, arguments)
    return unwrap_msg(connection.send_and_get_reply(call, timeout=SECONDS))


def bus_address(environ: Mapping[str, str]) -> str:
    """Where the session says its bus is, else where systemd puts it. Raises Unavailable."""
    if said := environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return said
    folder = environ.get("XDG_RUNTIME_DIR")
    if not folder and sys.platform != "win32":
        folder = f"/run/user/{os.getuid()}"
    path = f"{folder}/bus"
    if not os.path.exists(path):  # noqa: PTH110 - a socket; nothing is read
        raise Unavailable("nobody is logged in at a desktop: there is no session bus")
    return f"unix:path={path}"
