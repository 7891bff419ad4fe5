"""`muster-agent enroll`: join a collector, after saying which one and what it will learn."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent import config, device
from agent.exchange.troubles import Refused, Rejected
from agent.layout import row
from agent.state import State, StateError
from agent.surroundings import BadInput, Surroundings

if TYPE_CHECKING:
    from agent.exchange.enrollment import Invitation

NAME = "enroll"
HELP = "join a collector with the enrollment string IT gave you"
EXAMPLE = "muster-agent enroll --string-file enrollment.txt"
COLUMN = 14
SENT_NOW = "the token, a new public key, the inventory (names, model, serial, fingerprint)"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--string-file",
        type=Path,
        metavar="FILE",
        help="where the enrollment string is; without it, it is read from standard input",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="enroll although the device is enrolled; the old enrollment stays until this succeeds",
    )


def run(args: argparse.Namespace, around: Surroundings) -> int:
    from agent.exchange.enrollment import BadString, Enrollment, decode

    folder = around.state_folder(args.state)
    if not args.again:
        _refuse_second(State.open(folder))
    try:
        invitation = decode(_string(args.string_file, around))
    except BadString as error:
        raise BadInput(str(error)) from error
    around.say(*_announcement(invitation))
    state = State.open(folder, create=True)
    attempt = Enrollment(state, around.connect, around.clock, device.inventory(around.host()))
    try:
        with state.exclusive():
            settled = attempt.run(invitation)
    except (Refused, Rejected) as error:
        advice = "" if "ask IT" in str(error) else "; ask IT for a new enrollment string"
        raise BadInput(f"{error}{advice}") from error
    enrolled = [f"with {settled.collector_name}", f"as device {settled.device_id}"]
    around.say(*row("enrolled", enrolled, COLUMN), "Next: muster-agent report")
    return 0


def _announcement(invitation: "Invitation") -> list[str]:
    """What is about to be trusted, and what it will be told."""
    return [
        *row("collector", [invitation.collector_name], COLUMN),
        *row("to enroll", [invitation.enroll_address], COLUMN),
        *row("to check in", [invitation.check_in_address], COLUMN),
        *row("authority", [f"SHA-256 {invitation.authority_sha256.hex()}"], COLUMN),
        *row("sends now", [SENT_NOW], COLUMN),
        *row("sends later", ["what this shows: muster-agent check"], COLUMN),
    ]


def _refuse_second(state: State) -> None:
    try:
        settled = config.load(state)
    except config.NotEnrolled:
        return
    raise StateError(
        f"already enrolled with {settled.collector_name} as device {settled.device_id}; "
        "to enroll anew: muster-agent enroll --again"
    )


def _string(file: Path | None, around: Surroundings) -> str:
    from agent.exchange.enrollment import LONGEST_STRING

    if file is None:
        if around.stdin.isatty():
            around.say("Paste the enrollment string and press Enter:")
            return around.stdin.readline(2 * LONGEST_STRING)
        return around.stdin.read(2 * LONGEST_STRING)
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(2 * LONGEST_STRING)
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} holds no text") from error
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror}") from error
