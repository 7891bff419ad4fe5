"""`muster-agent status`: how this device stands, what to fix, by when and how. No root needed."""

import argparse

from agent import answer
from agent.commands.speaking import add_language, speaking
from agent.standing import Standing, head
from agent.surroundings import Surroundings

NAME = "status"
HELP = "show the collector's last answer: findings, since when, and what to do"
EXAMPLE = "muster-agent status --json"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_language(parser)


def run(args: argparse.Namespace, around: Surroundings) -> int:
    standing = around.standing(args.state, NAME)
    if args.json:
        around.say(_json(standing))
        return 0
    with speaking(args, around):
        around.say(*answer.lines(standing, around.clock()))
    return 0


def _json(standing: Standing) -> str:
    import json

    from google.protobuf.json_format import MessageToDict

    held = standing.response
    answered = MessageToDict(held.answer, preserving_proto_field_name=True) if held else None
    return json.dumps({**head(standing), "answer": answered}, indent=2)
