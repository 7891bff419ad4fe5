"""When hypridle locks the screen, from its configuration file.

Format: hyprlang, https://wiki.hypr.land/Hypr-Ecosystem/hypridle: "listener { timeout = N;
on-timeout = CMD }" and "general { lock_cmd = CMD }", "#" begins a comment, "$name = value" is a
variable. A listener that only sends logind's Lock signal needs a lock_cmd.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from agent.checks.screen_lock.commands import Effect, Told, effect_of, opens_again
from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import Person
from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded, Unparsable, read_text

Section = dict[str, str]


@dataclass(slots=True)
class Config:
    """The listeners and the general section."""

    general: Section = field(default_factory=dict)
    listeners: list[Section] = field(default_factory=list)


def parse_hypridle(content: str) -> Config:
    """Read a configuration. Raises Unparsable, also when it takes in other files."""
    reader = _Reader()
    for number, line in enumerate(content.splitlines(), 1):
        said = _without_comment(line)
        if said and not reader.take(said):
            raise Unparsable(f"line {number} of hypridle's configuration is of no known form")
    return reader.config


WHEN_IDLE_OR_BACK = ("on-timeout", "on-resume")


class _Reader:
    """Takes one line after the other. Only general and listener sections are kept."""

    def __init__(self) -> None:
        self.config = Config()
        self._variables: dict[str, str] = {}
        self._open: Section | None = None

    def take(self, said: str) -> bool:
        """Whether the line is of a form that is known."""
        if opened := re.fullmatch(r"([\w:-]+)\s*\{", said):
            return self._begin(opened[1])
        if said == "}":
            known, self._open = self._open is not None, None
            return known
        name, equals, value = (part.strip() for part in said.partition("="))
        for variable in sorted(self._variables, key=len, reverse=True):
            value = value.replace(variable, self._variables[variable])
        return bool(equals) and name != "source" and self._set(name, value)

    def _begin(self, name: str) -> bool:
        if self._open is not None:
            return False
        self._open = self.config.general if name == "general" else {}
        if name == "listener":
            self.config.listeners.append(self._open)
        return True

    def _set(self, name: str, value: str) -> bool:
        if name.startswith("$"):
            self._variables[name] = value
        elif self._open is not None:
            self._open[name] = value
        elif name.startswith("general:"):
            self.config.general[name.removeprefix("general:")] = value
        return True


def _without_comment(line: str) -> str:
    """Two ## stand for one #."""
    kept = re.split(r"(?<!#)#(?!#)", line, maxsplit=1)[0]
    return kept.replace("##", "#").strip()


def from_config(host: Host, person: Person, arguments: Sequence[str] = ()) -> Lock:
    """What hypridle does for one person. Raises CannotTell, FileMissing when nothing is set."""
    for path in _places(person, arguments):
        try:
            content = read_text(host, path)
        except FileMissing:
            continue
        return judged(parse_hypridle(content), path, _hyprlock_grace(host, person))
    raise FileMissing("hypridle has no configuration file where it is looked for")


def _places(person: Person, arguments: Sequence[str]) -> list[str]:
    for option, value in pairwise(arguments):
        if option in ("-c", "--config"):
            return [value if value.startswith("/") else f"{person.home}/{value}"]
    shared = [f"{folder}/hypr/hypridle.conf" for folder in person.system_config]
    return [f"{person.config}/hypr/hypridle.conf", *shared]


def _hyprlock_grace(host: Host, person: Person) -> int:
    """Seconds in which hyprlock opens without a password; 0 unless its configuration says so."""
    try:
        content = read_text(host, f"{person.config}/hypr/hyprlock.conf")
    except (FileMissing, NotRecorded):
        return 0
    found = re.findall(r"^\s*(?:general:)?grace\s*=\s*(\d{1,6})\s*(?:#.*)?$", content, re.MULTILINE)
    return int(found[-1]) if found else 0


def judged(config: Config, where: str, grace: int = 0) -> Lock:
    """The soonest listener that locks; unclear when one of them may."""
    lock_command = effect_of(config.general.get("lock_cmd", ""))
    locks: list[tuple[int, int, str]] = []
    unsure: list[str] = []
    for listener in config.listeners:
        command = listener.get("on-timeout", "")
        told = _told(command, lock_command)
        seconds = listener.get("timeout", "")
        if told.effect is Effect.LOCKS and seconds.isdecimal() and int(seconds) > 0:
            runs_hyprlock = "hyprlock" in command + config.general.get("lock_cmd", "")
            delay = told.grace_seconds or (grace if runs_hyprlock else 0)
            locks.append((int(seconds), delay, command))
        elif told.effect in (Effect.UNKNOWN, Effect.LOCKS):
            unsure.append(f"{command} after {seconds}")
    commands = [one.get(key, "") for one in config.listeners for key in WHEN_IDLE_OR_BACK]
    undone = [one for one in commands if opens_again(one)]
    if locks and undone:
        words = f"hypridle locks, and takes the lock away again: {undone[0]}"
        return unclear("hypridle", NoData(words))
    if locks:
        seconds_, delay, command = min(locks)
        return Lock(
            "hypridle", f"{where}: {command} after {seconds_} s", True, seconds_, delay, False
        )
    if unsure or _locks_asleep(config):
        words = unsure[0] if unsure else "it suspends, and a command runs before"
        trouble: CannotTell = NoData(f"hypridle runs a command that cannot be told: {words}")
        return unclear("hypridle", trouble)
    return Lock("hypridle", f"{where}: no listener runs a locker", False, enforced=False)


def _told(command: str, lock_command: Told) -> Told:
    told = effect_of(command)
    return lock_command if told.effect is Effect.ASKS_FOR_LOCK else told


def _locks_asleep(config: Config) -> bool:
    """It suspends when idle, and something that may be a locker starts before that."""
    asleep = effect_of(config.general.get("before_sleep_cmd", "")).effect
    suspends = any(
        effect_of(one.get("on-timeout", "")).effect is Effect.SUSPENDS for one in config.listeners
    )
    return suspends and asleep is not Effect.NOTHING
