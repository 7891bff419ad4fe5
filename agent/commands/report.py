"""`muster-agent report`: check in now, and show what was sent and what was answered."""

import argparse
from dataclasses import replace

from agent import answer
from agent.commands.receipt import heading
from agent.commands.speaking import add_language, speaking
from agent.commands.visiting import visit
from agent.exchange.receipt import Receipts
from agent.exchange.visit import CHECKED_IN
from agent.log import Log
from agent.standing import of_state
from agent.surroundings import Surroundings

NAME = "report"
HELP = "check in now; show the receipt and the collector's answer"
EXAMPLE = "muster-agent report"


def arguments(parser: argparse.ArgumentParser) -> None:
    add_language(parser)


def run(args: argparse.Namespace, around: Surroundings) -> int:
    to_collector = visit(args.state, replace(around, log=_all_but_check_ins(around.log)), NAME)
    state = to_collector.state
    to_collector.run()
    sent = [r for r in Receipts.of(state).last(2) if r.kind == "check_in"]
    with speaking(args, around):
        for receipt in sent[:1]:
            around.say(*heading(receipt), "")
        around.say(*answer.lines(of_state(state), around.clock()))
    return 0


def _all_but_check_ins(log: Log) -> Log:
    """What a check-in brought is shown below, in words."""

    def selected(sentence: str, **fields: str | float) -> None:
        if sentence != CHECKED_IN:
            log(sentence, **fields)

    return selected
