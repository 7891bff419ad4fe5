"""`muster-agent enroll`: join a collector, after saying which one and what it will learn."""

import argparse
from typing import TYPE_CHECKING

from google.protobuf.message import Message

from agent import config, device
from agent.commands import invited
from agent.exchange import proxy
from agent.exchange.troubles import Refused, Rejected
from agent.layout import row
from agent.state import State, StateError
from agent.surroundings import BadInput, Surroundings
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.signals_pb2 import Observation

if TYPE_CHECKING:
    from agent.exchange.enrollment import Invitation

NAME = "enroll"
HELP = "join a collector with the enrollment string IT gave you"
EXAMPLE = "muster-agent enroll --string-file enrollment.txt"
COLUMN = 14


def arguments(parser: argparse.ArgumentParser) -> None:
    invited.arguments(parser)
    parser.add_argument(
        "--yes", action="store_true", help="do not ask; without a terminal nobody is asked"
    )
    parser.add_argument(
        "--proxy",
        metavar="URL",
        default="",
        help="the way to the collector, http://host:port; else the environment says (https_proxy)",
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
        invitation = decode(invited.words(args, around))
        if args.proxy:
            proxy.parse(args.proxy)
    except (BadString, proxy.BadProxy) as error:
        raise BadInput(str(error)) from error
    around.say(*_announcement(invitation))
    if not _agreed(args, around):
        around.say("Nothing was sent.")
        return 1
    state = State.open(folder, create=True)
    inventory = device.inventory(around.host())
    attempt = Enrollment(state, around.connect, around.clock, inventory, args.proxy)
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
        *row("authority", _grouped(invitation.authority_sha256), COLUMN),
        *row("sends now", [f"the token, a new public key, {_fields(Inventory)}"], COLUMN),
        *row("sends later", [f"that again, and {_fields(Observation)}"], COLUMN),
        *row("see it", ["muster-agent check, and afterwards muster-agent receipt"], COLUMN),
    ]


def _grouped(digest: bytes) -> list[str]:
    """Its SHA-256 in groups of four, eight a line: so that it can be read to somebody."""
    words = [digest.hex()[at : at + 4] for at in range(0, 2 * len(digest), 4)]
    return ["SHA-256", *(" ".join(words[at : at + 8]) for at in range(0, len(words), 8))]


def _fields(message: type[Message]) -> str:
    """Every field of the published schema, by its name."""
    return ", ".join(field.name.replace("_", " ") for field in message.DESCRIPTOR.fields)


def _agreed(args: argparse.Namespace, around: Surroundings) -> bool:
    """A person at a terminal is asked; what an MDM starts has none, and was agreed to before."""
    if args.yes or not around.stdin.isatty():
        return True
    around.say("Enroll this device with it? [y/N]")
    return around.stdin.readline(16).strip().lower() in ("y", "yes")


def _refuse_second(state: State) -> None:
    try:
        settled = config.load(state)
    except config.NotEnrolled:
        return
    raise StateError(
        f"already enrolled with {settled.collector_name} as device {settled.device_id}; "
        "to enroll anew: muster-agent enroll --again"
    )
