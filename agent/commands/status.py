"""`muster-agent status`: the collector's last answer, when it came and how old it is."""

import argparse

from agent import answer, config
from agent.exchange import progress as record
from agent.exchange.spool import Spool
from agent.layout import row
from agent.state import State
from agent.surroundings import Surroundings

NAME = "status"
HELP = "show the collector's last answer: findings, since when, and what to do"
EXAMPLE = "muster-agent status --json"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, around: Surroundings) -> int:
    state = around.open_state(args.state, "state is", NAME)
    settled = config.load(state)
    if args.json:
        around.say(_json(state, settled))
        return 0
    held, now = record.last_answer(state), around.clock()
    around.say(*answer.lines(settled, record.load(state), held, now))
    waiting = Spool(state.path("spool"))
    if waiting.waiting or waiting.dropped:
        said = f"{waiting.waiting} reports wait to be sent"
        dropped = f"{waiting.dropped} older ones were dropped to make room"
        around.say("", *row("unsent", [said, *([dropped] if waiting.dropped else [])], 16))
    return 0


def _json(state: State, settled: config.Config) -> str:
    import json
    from dataclasses import asdict

    from google.protobuf.json_format import MessageToDict

    progress, held = record.load(state), record.last_answer(state)
    waiting = Spool(state.path("spool"))
    answered = MessageToDict(held.answer, preserving_proto_field_name=True) if held else None
    content = {
        "collector": asdict(settled),
        "checked_in_at": progress.checked_in_at and progress.checked_in_at.isoformat(),
        "answered_at": progress.answered_at and progress.answered_at.isoformat(),
        "trouble": progress.trouble or None,
        "unsent": waiting.waiting,
        "dropped": waiting.dropped,
        "answer": answered,
    }
    return json.dumps(content, indent=2)
