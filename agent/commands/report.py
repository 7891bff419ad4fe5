"""`muster-agent report`: check in now, and show what was sent and what was answered."""

import argparse

from agent import answer, config
from agent.commands.receipt import heading
from agent.commands.visiting import visit
from agent.exchange import progress as record
from agent.exchange.receipt import Receipts
from agent.surroundings import Surroundings

NAME = "report"
HELP = "check in now; show the receipt and the collector's answer"
EXAMPLE = "muster-agent report"


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # nothing to choose


def run(args: argparse.Namespace, around: Surroundings) -> int:
    to_collector = visit(args.state, around)
    state = to_collector.state
    to_collector.run()
    sent = [r for r in Receipts(state.path("receipts")).last(2) if r.kind == "check_in"]
    for receipt in sent[:1]:
        around.say(*heading(receipt), "")
    now, held = around.clock(), record.last_answer(state)
    around.say(*answer.lines(config.load(state), record.load(state), held, now))
    return 0
