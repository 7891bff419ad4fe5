"""`muster-agent report`: check in now, and show what was sent and what was answered."""

import argparse
from dataclasses import replace

from agent import answer, config
from agent.commands.receipt import heading
from agent.commands.visiting import visit
from agent.exchange import progress as record
from agent.exchange.receipt import Receipts
from agent.exchange.visit import CHECKED_IN
from agent.log import Log
from agent.surroundings import Surroundings

NAME = "report"
HELP = "check in now; show the receipt and the collector's answer"
EXAMPLE = "muster-agent report"


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # nothing to choose


def run(args: argparse.Namespace, around: Surroundings) -> int:
    to_collector = visit(args.state, replace(around, log=_all_but_check_ins(around.log)), NAME)
    state = to_collector.state
    to_collector.run()
    sent = [r for r in Receipts.of(state).last(2) if r.kind == "check_in"]
    for receipt in sent[:1]:
        around.say(*heading(receipt), "")
    now, held = around.clock(), record.last_answer(state)
    around.say(*answer.lines(config.load(state), record.load(state), held, now))
    return 0


def _all_but_check_ins(log: Log) -> Log:
    """What a check-in brought is shown below, in words."""

    def selected(sentence: str, **fields: str | float) -> None:
        if sentence != CHECKED_IN:
            log(sentence, **fields)

    return selected
