"""`muster-agent notify`: tell the person at this device, once, when something new fails.

It runs as that person, reads what the installed agent shows to everybody, and ends: a unit, a
launch agent or a task of the person's session starts it when that file has changed.
"""

import argparse
import json
import sys
from datetime import UTC, datetime

from agent.commands.speaking import add_language, speaking
from agent.language import say
from agent.notices.news import Notice, Told, is_quiet, new, notice, remembered
from agent.state import State
from agent.surroundings import BadInput, Surroundings

NAME = "notify"
HELP = "show a notice on this desktop when something new fails, once, and not at night"
EXAMPLE = "muster-agent notify --test"
MEMORY = "told.json"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--test", action="store_true", help="show a notice now, to see that it can")
    add_language(parser)


def run(args: argparse.Namespace, around: Surroundings) -> int:
    if around.root and sys.platform != "win32":
        raise BadInput("notices are shown to whoever is logged in: run it as them, without sudo")
    with speaking(args, around):
        if args.test:
            return _show(Notice(say("Muster can tell you here"), say("This is a test.")), around)
        return _tell(args.state, around)


def _tell(named: str | None, around: Surroundings) -> int:
    standing, now = around.standing(named, NAME), around.clock()
    memory = State.open(around.own_folder(named), create=True)
    told = load(memory)
    fresh = new(standing, told, now)
    if not fresh or standing.response is None:
        return 0
    if is_quiet(standing.response.answer.notices, around.local(now).hour):
        return 0
    if status := _show(notice(fresh), around):
        return status
    kept = remembered(told, fresh, now)
    values = {rule: [one.since, one.told_at.isoformat()] for rule, one in kept.items()}
    memory.write(MEMORY, json.dumps(values, indent=1).encode())
    return 0


def _show(words: Notice, around: Surroundings) -> int:
    """Without a desktop nothing is told, and nothing counts as told."""
    from agent.notices.showing import NotShown

    try:
        around.notice(words, around.environ, around.host)
    except NotShown as error:
        around.log("no notice was shown", because=str(error))
        return 1
    return 0


def load(memory: State) -> dict[str, Told]:
    """What cannot be understood is taken for lost: it costs one notice."""
    try:
        values = json.loads(memory.read(MEMORY) or b"{}")
        return {
            rule: Told(str(since), datetime.fromisoformat(at).astimezone(UTC))
            for rule, (since, at) in values.items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}
