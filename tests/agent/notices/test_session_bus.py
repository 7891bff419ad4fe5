"""A real session bus (dbus-daemon), with a notification service of the test's own on it."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

if sys.platform != "linux" or not shutil.which("dbus-daemon"):
    pytest.skip("needs dbus-daemon", allow_module_level=True)

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return
from jeepney.bus_messages import DBus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from agent.notices.freedesktop import SERVICE, Unavailable, bus_address, show_on
from agent.notices.news import Notice

EVIL = Notice("1 thing", '<b>A</b> & <img src="file:///etc/passwd">\nwhat to do')


@dataclass
class Bus:
    """`address` of a daemon that ends with the test, and all that is connected to it."""

    address: str
    environ: dict[str, str] = field(default_factory=dict)
    desktops: list["Desktop"] = field(default_factory=list)


@dataclass
class Desktop:
    """Answers as a desktop does, and keeps what it was asked to show."""

    connection: DBusConnection
    capabilities: list[str]
    shown: list[tuple[Any, ...]] = field(default_factory=list)
    thread: threading.Thread = field(default_factory=threading.Thread)

    def serve(self) -> None:
        while True:
            try:
                message = self.connection.receive()
            except (OSError, EOFError, ValueError):
                return
            if message.header.message_type is not MessageType.method_call:
                continue
            if message.header.fields[HeaderFields.member] == "GetCapabilities":
                reply = new_method_return(message, "as", (self.capabilities,))
            else:
                self.shown.append(message.body)
                reply = new_method_return(message, "u", (len(self.shown),))
            self.connection.send(reply)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    address = f"unix:path={tmp_path}/bus"
    command = ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        said = daemon.stdout.readline().strip()
        running = Bus(said, {"DBUS_SESSION_BUS_ADDRESS": said})
        try:
            yield running
        finally:
            daemon.terminate()
            daemon.wait(10)
            for each in running.desktops:
                each.thread.join(10)
                each.connection.close()


def desktop(bus: Bus, *capabilities: str) -> Desktop:
    connection = open_dbus_connection(bus.address)
    reply = connection.send_and_get_reply(DBus().RequestName(SERVICE.bus_name))
    assert reply.body == (1,)
    made = Desktop(connection, list(capabilities))
    made.thread = threading.Thread(target=made.serve, daemon=True)
    made.thread.start()
    bus.desktops.append(made)
    return made


def test_a_notice_arrives_at_the_desktop_of_the_session(bus: Bus) -> None:
    screen = desktop(bus, "body", "actions")
    show_on(Notice("2 things to fix", "<one>\ntwo"), bus.environ)
    ((name, replaces, _icon, title, body, actions, hints, _expires),) = screen.shown
    assert (name, replaces, title, body) == ("Muster", 0, "2 things to fix", "<one>\ntwo")
    assert actions == []
    assert hints["urgency"] == ("y", 1)


def test_a_desktop_that_reads_markup_is_given_none(bus: Bus) -> None:
    screen = desktop(bus, "body", "body-markup", "body-images")
    show_on(EVIL, bus.environ)
    body = screen.shown[0][4]
    assert "<" not in body
    assert body.startswith("&lt;b&gt;A&lt;/b&gt; &amp; &lt;img")


def test_a_session_without_a_desktop_says_so(bus: Bus) -> None:
    with pytest.raises(Unavailable, match="the desktop shows no notices"):
        show_on(EVIL, bus.environ)


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "frob", "tcp:host=127.0.0.1"])
def test_an_address_without_a_bus_says_so(address: str) -> None:
    with pytest.raises(Unavailable):
        show_on(EVIL, {"DBUS_SESSION_BUS_ADDRESS": address})


def test_the_bus_is_found_where_systemd_puts_it(tmp_path: Path) -> None:
    (tmp_path / "bus").touch()
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert bus_address(environ) == f"unix:path={tmp_path}/bus"
    with pytest.raises(Unavailable, match="no session bus"):
        bus_address({"XDG_RUNTIME_DIR": str(tmp_path / "other")})


def test_the_command_shows_a_test_notice_on_the_real_bus(bus: Bus) -> None:
    screen = desktop(bus, "body")
    ask = "from agent.cli import main; from agent.surroundings import Surroundings; "
    ask += "raise SystemExit(main(['notify', '--test'], Surroundings(root=False)))"
    environ = {**os.environ, **bus.environ, "LC_ALL": "fr_FR.UTF-8"}
    done = subprocess.run([sys.executable, "-c", ask], env=environ, check=False, timeout=60)
    assert done.returncode == 0
    assert screen.shown[0][3:5] == ("Muster peut vous prévenir ici", "Ceci est un essai.")
    assert isinstance(SERVICE, DBusAddress)
