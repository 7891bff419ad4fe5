"""`muster-agent record`: take down what the checks ask and hear, to look at it elsewhere."""

import argparse
import contextlib
from pathlib import Path

from agent import device
from agent.accounts import peoples_ids
from agent.checks import observe_all
from agent.host import CannotTell, Host, read_text
from agent.recordings.recorder import Recorder
from agent.recordings.redaction import Redaction
from agent.surroundings import BadInput, Surroundings
from agent.windows.people import PROFILES, human
from agent.windows.rows import words

NAME = "record"
HELP = "write this machine's answers to the checks' questions into a folder"
EXAMPLE = "muster-agent record --redact recording"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--redact",
        action="store_true",
        help="put stand-ins for serial numbers, hardware addresses, the host's and people's names",
    )


def run(args: argparse.Namespace, around: Surroundings) -> int:
    host = around.host()
    redaction = Redaction(names_of(host)) if args.redact else None
    try:
        _record(host, args.folder, redaction)
    except OSError as error:
        said = error.strerror or str(error)
        raise BadInput(f"cannot record into {args.folder}: {said}") from error
    around.say(f"Recorded into {args.folder}. See: muster-agent check --recording {args.folder}")
    return 0


def _record(host: Host, folder: Path, redaction: Redaction | None) -> None:
    recorder = Recorder(host, folder, redaction)
    try:
        observe_all(recorder)
        device.inventory(recorder)
        recorder.finish()
    finally:
        recorder.discard()


def names_of(host: Host) -> set[str]:
    """The host's name and those of the people with an account."""
    if host.os == "linux":
        return _names_on_linux(host)
    return _names_on_windows(host) if host.os == "windows" else _names_on_macos(host)


def _names_on_windows(host: Host) -> set[str]:
    names: set[str] = set()
    with contextlib.suppress(CannotTell):
        for row in host.cim("Win32_ComputerSystem"):
            names |= {words(row, "Name") or "", words(row, "DNSHostName") or ""}
    accounts: tuple[str, ...] = ()
    with contextlib.suppress(CannotTell):
        accounts = host.subkeys(PROFILES)
    for sid in filter(human, accounts):
        with contextlib.suppress(CannotTell):
            path = str(host.registry(f"{PROFILES}\\{sid}", "ProfileImagePath"))
            names.add(path.rpartition("\\")[2])
    return names - {""}


def _names_on_macos(host: Host) -> set[str]:
    names: set[str] = set()
    for name in ("ComputerName", "LocalHostName", "HostName"):
        with contextlib.suppress(CannotTell):
            names.add(host.run("scutil", "--get", name).text.strip())
    with contextlib.suppress(CannotTell):
        names |= set(host.list("/Users")) - {"Shared", "Guest", ".localized"}
    return names - {""}


def _names_on_linux(host: Host) -> set[str]:
    names, ids = set(), peoples_ids(host)
    for path in ("/etc/hostname", "/proc/sys/kernel/hostname"):
        try:
            names.add(read_text(host, path).strip())
        except CannotTell:
            continue
    try:
        accounts = [line.split(":") for line in read_text(host, "/etc/passwd").splitlines()]
    except CannotTell:
        accounts = []
    people = [a for a in accounts if len(a) > 4 and a[2].isdecimal() and int(a[2]) in ids]
    for account in people:
        names |= {account[0], account[4].split(",")[0]}
    return names - {""}
