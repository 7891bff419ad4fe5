"""`muster-agent receipt`: the exact bytes that were sent, taken apart for reading."""

import argparse
import json
from typing import Any

from google.protobuf.message import DecodeError, Message

from agent import shown
from agent.commands.speaking import add_language, speaking
from agent.config import KeptByRoot
from agent.exchange.receipt import Receipt, Receipts
from agent.language import say
from agent.layout import row, table
from agent.surroundings import BadInput, Surroundings
from agent.words import inventory_lines
from protos.posture.v1.posture_service_pb2 import (
    CheckInRequest,
    EnrollRequest,
    Posture,
    RenewCertificateRequest,
)

NAME = "receipt"
HELP = "show what was sent about this device, from the bytes that were sent"
EXAMPLE = "muster-agent receipt -n 3 --json"
MESSAGES: dict[str, type[Message]] = {
    "check_in": CheckInRequest,
    "enroll": EnrollRequest,
    "renew": RenewCertificateRequest,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every field, as JSON")
    form.add_argument("--raw", action="store_true", help="the bytes themselves, of one request")
    form.add_argument("--hex", action="store_true", help="the same bytes, to be read by people")
    add_language(parser)
    parser.add_argument(
        "-n", type=int, default=1, metavar="N", dest="count", help="the last N requests (1)"
    )


def run(args: argparse.Namespace, around: Surroundings) -> int:
    if args.count < 1:
        raise BadInput("-n needs a number above 0")
    receipts = _receipts(args.state, around)
    found = receipts.last(args.count)
    if args.raw or args.hex:
        return _bytes(found, args, around)
    if args.json:
        around.say(json.dumps({"receipts": [_whole(receipt) for receipt in found]}, indent=2))
        return 0
    with speaking(args, around):
        if not found:
            around.say(say("nothing was sent yet"))
        for number, receipt in enumerate(found):
            around.say(*([""] if number else []), *heading(receipt), *_content(receipt))
        around.say(*_in_force(receipts, found))
    return 0


def _receipts(named: str | None, around: Surroundings) -> Receipts:
    """The agent's own; without the right to them, those that it shows. Raises StateError."""
    try:
        return Receipts.of(around.open_state(named, "receipts are", NAME))
    except KeptByRoot:
        seen = shown.receipts(around.shown_folder, around.shown_owner)
        if seen is None or not seen.last(1):
            raise
        return seen


def heading(receipt: Receipt) -> list[str]:
    """What, when, how much, and what came of it."""
    length, digest = len(receipt.content), receipt.digest[:32]
    size = say("%(length)s bytes, SHA-256 %(digest)s…", length=length, digest=digest)
    return [
        *row(say("request"), [f"{receipt.kind}, {receipt.sent_at:%Y-%m-%d %H:%M:%S} UTC"], 12),
        *row(say("sent"), [size], 12),
        *row(say("result"), [receipt.result], 12),
    ]


def _bytes(found: list[Receipt], args: argparse.Namespace, around: Surroundings) -> int:
    if args.count != 1 or not found:
        because = "none was sent" if args.count == 1 else "omit -n"
        raise BadInput(f"--raw and --hex show one request; {because}")
    if args.hex:
        around.say(*dump(found[0].content))
    else:
        around.give(found[0].content)
    return 0


def dump(content: bytes) -> list[str]:
    """Sixteen bytes a line: where they stand, what they are, and which of them are letters.

    >>> dump(b"muster\\0")
    ['00000000  6d 75 73 74 65 72 00                              muster.']
    """
    lines = []
    for start in range(0, len(content), 16):
        part = content[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):47}   {letters}")
    return lines


def _in_force(receipts: Receipts, shown: list[Receipt]) -> list[str]:
    """The report that an "unchanged" means; nothing when it is already shown."""
    message = _message(shown[0]) if shown else None
    if not isinstance(message, CheckInRequest) or not message.HasField("unchanged"):
        return []
    digest = message.unchanged.digest.hex()
    if digest in [receipt.posture_digest for receipt in shown]:
        return []
    report = receipts.report(digest)
    if report is None:
        return ["", say("That report is no longer kept on this device.")]
    sent = f"{report.sent_at:%Y-%m-%d %H:%M:%S} UTC"
    return ["", say("the report in force, sent %(at)s", at=sent), *_content(report)]


def _content(receipt: Receipt) -> list[str]:
    message = _message(receipt)
    if message is None:
        return row(say("content"), [say("cannot be taken apart; see --raw")], 12)
    if isinstance(message, EnrollRequest):
        return row(say("inventory"), inventory_lines(message.inventory), 12)
    if not isinstance(message, CheckInRequest) or message.HasField("unchanged"):
        return row(say("content"), _fields(message), 12)
    posture = Posture.FromString(message.report.posture)
    lines = row(say("sequence"), [str(message.report.sequence)], 12)
    lines += row(say("inventory"), inventory_lines(posture.inventory), 12)
    return [
        *lines,
        "",
        *table(posture.observations),
        "",
        say("every field: muster-agent receipt --json"),
    ]


def _fields(message: Message) -> list[str]:
    if isinstance(message, CheckInRequest):
        unchanged = message.unchanged
        digest = unchanged.digest.hex()[:32]
        return [
            say("nothing has changed since the report with SHA-256 %(digest)s…", digest=digest),
            say("sequence %(number)s", number=unchanged.sequence),
        ]
    return [say("a request for a new certificate: a public key and its signature")]


def _message(receipt: Receipt) -> Message | None:
    try:
        return MESSAGES[receipt.kind].FromString(receipt.content)
    except (KeyError, DecodeError):
        return None


def _whole(receipt: Receipt) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    message = _message(receipt)
    content: dict[str, Any] = {}
    if message is not None:
        content = MessageToDict(message, preserving_proto_field_name=True)
    if isinstance(message, CheckInRequest) and message.HasField("report"):
        posture = Posture.FromString(message.report.posture)
        content["report"]["posture"] = MessageToDict(posture, preserving_proto_field_name=True)
    return {
        "kind": receipt.kind,
        "sent_at": receipt.sent_at.isoformat(),
        "result": receipt.result,
        "bytes": len(receipt.content),
        "sha256": receipt.digest,
        "content": content,
    }
