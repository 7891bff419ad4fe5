"""When swayidle locks the screen, from the arguments it runs with or its configuration file.

swayidle(1): events "timeout SECONDS COMMAND [resume COMMAND]", "before-sleep", "after-resume",
"lock", "unlock" with a command each, and "idlehint SECONDS". Only a timeout acts on an idle screen.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.checks.screen_lock.commands import Effect, effect_of, opens_again
from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import Person
from agent.host import FileMissing, Host, NoData, NotRecorded, Unparsable, read_text

WITH_COMMAND = ("before-sleep", "after-resume", "lock", "unlock", "resume")
WORDS = frozenset(("timeout", "idlehint", *WITH_COMMAND))
LONGEST = 10**9


@dataclass(slots=True)
class Events:
    """What is done after how many idle seconds, and on logind's signals."""

    timeouts: list[tuple[int, str]] = field(default_factory=list)
    commands: dict[str, list[str]] = field(default_factory=dict)


def parse_events(words: Sequence[str]) -> Events:
    """Read the events of a command line. Raises Unparsable.

    A command is one argument; where a listing has split it, it goes on to the next event's name.
    """
    events = Events()
    rest = list(words)
    while rest:
        name = rest.pop(0)
        if name not in WORDS:
            raise Unparsable("swayidle was given something that is no event of it")
        seconds = _seconds(rest) if name in ("timeout", "idlehint") else 0
        if name == "idlehint":
            continue
        command = _command(rest)
        if name == "timeout":
            events.timeouts.append((seconds, command))
        else:
            events.commands.setdefault(name, []).append(command)
    return events


def _seconds(rest: list[str]) -> int:
    word = rest.pop(0) if rest else ""
    if not word.isdecimal() or int(word) > LONGEST:
        raise Unparsable("swayidle has a timeout that is no number of seconds")
    return int(word)


def _command(rest: list[str]) -> str:
    if not rest:
        raise Unparsable("swayidle has an event without a command")
    parts = [rest.pop(0)]
    while rest and rest[0] not in WORDS:
        parts.append(rest.pop(0))
    return " ".join(parts)


def parse_config(content: str) -> list[str]:
    """The words of a configuration file: one event a line. Raises Unparsable."""
    found: list[str] = []
    for number, line in enumerate(map(str.strip, content.splitlines()), 1):
        if line and not line.startswith("#"):
            try:
                found += shlex.split(line)
            except ValueError as error:
                raise Unparsable(f"swayidle's configuration, line {number}: {error}") from error
    return found


def parse_arguments(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """The events on a command line, and the configuration file it names."""
    rest, config = list(arguments), None
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-C", "-S") and rest:
            value = rest.pop(0)
            config = value if option == "-C" else config
        elif option.startswith("-C"):
            config = option[2:]
    return rest, config


def from_running(host: Host, person: Person, arguments: Sequence[str]) -> Lock:
    """What the running swayidle does. Raises CannotTell when its configuration is out of reach."""
    words, config = parse_arguments(arguments)
    if config:
        path = config if config.startswith("/") else f"{person.home}/{config}"
        return judged(parse_events(parse_config(read_text(host, path)) + words), path)
    for path in config_places(person):
        try:
            words = parse_config(read_text(host, path)) + words
            break
        except FileMissing:
            continue
        except NotRecorded:
            if not words:
                raise
    return judged(parse_events(words), "the arguments of swayidle")


def config_places(person: Person) -> list[str]:
    return [
        f"{person.config}/swayidle/config",
        f"{person.home}/.swayidle/config",
        "/etc/swayidle/config",
    ]


def judged(events: Events, where: str) -> Lock:
    """The soonest timeout that locks; unclear when one of them may."""
    obeyed = [effect_of(command) for command in events.commands.get("lock", ())]
    unsure: list[str] = []
    locks: list[tuple[int, int, str]] = []
    for seconds, command in events.timeouts:
        told = effect_of(command)
        if told.effect is Effect.ASKS_FOR_LOCK:
            told = next((one for one in obeyed if one.effect is Effect.LOCKS), told)
        if told.effect is Effect.LOCKS and seconds > 0:
            locks.append((seconds, told.grace_seconds, command))
        elif told.effect is Effect.UNKNOWN or _locks_asleep(told.effect, events):
            unsure.append(command)
        elif told.effect is Effect.ASKS_FOR_LOCK and obeyed:
            unsure.append(f"{command} with lock {events.commands['lock'][0]}")
    if locks:
        return _locking(events, where, min(locks))
    if unsure:
        trouble = NoData(f"swayidle runs a command that is not a locker we know: {unsure[0]}")
        return unclear("swayidle", trouble)
    return Lock("swayidle", f"{where}: no timeout runs a locker", False, enforced=False)


def _locking(events: Events, where: str, soonest: tuple[int, int, str]) -> Lock:
    """The lock, unless the same program takes it away again."""
    undone = [one for one in _when_idle_or_back(events) if opens_again(one)]
    if undone:
        trouble = NoData(f"swayidle locks, and takes the lock away again: {undone[0]}")
        return unclear("swayidle", trouble)
    seconds, grace, command = soonest
    said = f"{where}: timeout {seconds} {command}"
    return Lock("swayidle", said, True, seconds, grace, False)


def _when_idle_or_back(events: Events) -> list[str]:
    return [command for _, command in events.timeouts] + events.commands.get("resume", [])


def _locks_asleep(effect: Effect, events: Events) -> bool:
    """It suspends when idle, and a locker starts before that."""
    asleep = [effect_of(command).effect for command in events.commands.get("before-sleep", ())]
    return effect is Effect.SUSPENDS and any(e is not Effect.NOTHING for e in asleep)
