"""`muster-agent receipt`: the exact bytes that were sent, taken apart for reading."""

import argparse
import json
from typing import Any

from google.protobuf.message import DecodeError, Message

from agent.exchange.receipt import Receipt, Receipts
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
    parser.add_argument(
        "-n", type=int, default=1, metavar="N", dest="count", help="the last N requests (1)"
    )


def run(args: argparse.Namespace, around: Surroundings) -> int:
    if args.count < 1:
        raise BadInput("-n needs a number above 0")
    state = around.open_state(args.state, "receipts are", NAME)
    receipts = Receipts.of(state)
    found = receipts.last(args.count)
    if args.raw:
        return _raw(found, args.count, around)
    if args.json:
        around.say(json.dumps({"receipts": [_whole(receipt) for receipt in found]}, indent=2))
        return 0
    if not found:
        around.say(f"nothing was sent yet ({state.folder} holds no receipts)")
    for number, receipt in enumerate(found):
        around.say(*([""] if number else []), *heading(receipt), *_content(receipt))
    around.say(*_in_force(receipts, found))
    return 0


def heading(receipt: Receipt) -> list[str]:
    """What, when, how much, and what came of it."""
    size = f"{len(receipt.content)} bytes, SHA-256 {receipt.digest[:32]}…"
    return [
        *row("request", [f"{receipt.kind}, {receipt.sent_at:%Y-%m-%d %H:%M:%S} UTC"], 12),
        *row("sent", [size], 12),
        *row("result", [receipt.result], 12),
    ]


def _raw(found: list[Receipt], count: int, around: Surroundings) -> int:
    if count != 1 or not found:
        raise BadInput("--raw shows one request; " + ("none was sent" if count == 1 else "omit -n"))
    around.give(found[0].content)
    return 0


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
        return ["", "That report is no longer kept on this device."]
    sent = f"{report.sent_at:%Y-%m-%d %H:%M:%S} UTC"
    return ["", f"the report in force, sent {sent}", *_content(report)]


def _content(receipt: Receipt) -> list[str]:
    message = _message(receipt)
    if message is None:
        return row("content", ["cannot be taken apart; see --raw"], 12)
    if isinstance(message, EnrollRequest):
        return row("inventory", inventory_lines(message.inventory), 12)
    if not isinstance(message, CheckInRequest) or message.HasField("unchanged"):
        return row("content", _fields(message), 12)
    posture = Posture.FromString(message.report.posture)
    lines = row("sequence", [str(message.report.sequence)], 12)
    lines += row("inventory", inventory_lines(posture.inventory), 12)
    return [
        *lines,
        "",
        *table(posture.observations),
        "",
        "every field: muster-agent receipt --json",
    ]


def _fields(message: Message) -> list[str]:
    if isinstance(message, CheckInRequest):
        unchanged = message.unchanged
        return [
            f"nothing has changed since the report with SHA-256 {unchanged.digest.hex()[:32]}…",
            f"sequence {unchanged.sequence}",
        ]
    return ["a request for a new certificate: a public key and its signature"]


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
