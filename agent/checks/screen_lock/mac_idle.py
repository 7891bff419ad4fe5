"""Reads after how long without input the screen of a Mac is idle: screen saver or display sleep.

The screen saver's idleTime, the most that a passcode policy allows and the display's sleep all
begin the grace, so the shortest counts; of several power sources the one that waits longest. 0
means never. An idleTime that was never set is the system's default, which nothing on the Mac tells:
it may be shorter than what is known, and never makes that longer. What keeps the display awake at
the moment is left out: it changes with every video that is watched.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agent.checks.screen_lock.sysadminctl import PASSCODE, SCREENSAVER
from agent.host import CannotTell, Host, NoData, NotRecorded, Unparsable
from agent.macos import plists, preferences
from agent.macos.console import Person

CUSTOM = ("pmset", "-g", "custom")
CURRENT = ("pmset", "-g")
SETUP = ("systemsetup", "-getdisplaysleep")
SECTION = re.compile(r"^(\S.*):\s*$")
DISPLAY = re.compile(r"^\s*displaysleep\s+(\d+)\b")
SPELLED = re.compile(
    r"^Display Sleep: (?:after (\d+) minutes?|(Never))\s*$", re.MULTILINE | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Idle:
    """`seconds` 0: never. `doubt` says why it may be longer on another power source, `unseen`
    why it may be shorter.
    """

    source: str
    seconds: int
    managed: bool = False
    doubt: CannotTell | None = None
    unseen: CannotTell | None = None

    @property
    def said(self) -> str:
        words = f"idle after {self.seconds} s" if self.seconds else "never idle"
        return words if self.unseen is None else f"{words} or sooner: {self.unseen}"


def idle(host: Host, person: Person | None) -> Idle:
    """The shortest of all that were seen. Raises CannotTell when none of them ever ends.

    Without a person only what a profile sets for the whole computer.
    """
    ways = (_saver, _most) if person is None else (_saver, _most, _display)
    answers = [_or_trouble(way, host, person) for way in ways]
    known = [each for each in answers if isinstance(each, Idle)]
    troubles = [each for each in answers if isinstance(each, CannotTell)]
    ending = [each for each in known if each.seconds]
    if not ending and troubles:
        raise troubles[0]
    if not ending:
        return known[0]
    first = min(ending, key=lambda each: (each.doubt is not None, each.seconds))
    return replace(first, unseen=troubles[0]) if troubles else first


Way = Callable[[Host, Person | None], Idle | None]


def _or_trouble(ask: Way, host: Host, person: Person | None) -> Idle | CannotTell | None:
    try:
        return ask(host, person)
    except CannotTell as trouble:
        return trouble


def _saver(host: Host, person: Person | None) -> Idle:
    """Raises NoData when it was never set, CannotTell."""
    managed = _set_by_a_profile(host, SCREENSAVER, "idleTime", person)
    if managed is not None:
        return Idle(SCREENSAVER, managed, managed=True)
    if person is None:
        raise NoData("no profile sets when the screen is idle")
    found = preferences.this_host(host, person, SCREENSAVER, "idleTime")
    if found is None:
        raise NoData("idleTime was never set: the system's default is not known")
    seconds = plists.seconds(found.value)
    if seconds is None:
        raise Unparsable(f"{found.source} holds an idleTime that is no number")
    return Idle(found.source, seconds)


def _most(host: Host, person: Person | None) -> Idle | None:
    """What a passcode policy allows at most, in minutes; None when there is none."""
    minutes = _set_by_a_profile(host, PASSCODE, "maxInactivity", person)
    return Idle(PASSCODE, minutes * 60, managed=True) if minutes else None


def _set_by_a_profile(host: Host, domain: str, key: str, person: Person | None) -> int | None:
    """Of a recording that holds no profiles, none. Raises CannotTell: it outranks a person."""
    try:
        found = preferences.managed(host, domain, key, person)
    except NotRecorded:
        return None
    return plists.seconds(found.value) if found else None


def _display(host: Host, _: Person | None) -> Idle:
    return display_sleep(host)


def display_sleep(host: Host) -> Idle:
    """Over all power sources where they are told. Raises CannotTell, of ``pmset -g custom``."""
    try:
        return Idle(" ".join(CUSTOM), _longest(parse_custom(host.run(*CUSTOM).text)))
    except CannotTell as trouble:
        doubt = NoData("only the power source in use was seen")
        for command, parse in ((CURRENT, parse_current), (SETUP, parse_setup)):
            try:
                minutes = parse(host.run(*command).text)
            except CannotTell:
                continue
            return Idle(" ".join(command), minutes * 60, doubt=doubt)
        raise trouble from None


def _longest(minutes: Iterable[int]) -> int:
    """In seconds; 0, never, is longer than anything."""
    found = list(minutes)
    return 0 if 0 in found else max(found) * 60


def parse_custom(text: str) -> list[int]:
    """Minutes of every power source. Raises Unparsable when one does not tell."""
    sections: dict[str, int | None] = {}
    section = ""
    for line in text.splitlines():
        if (heading := SECTION.match(line)) is not None:
            section = heading[1]
            sections[section] = None
        elif section and (found := DISPLAY.match(line)) is not None:
            sections[section] = int(found[1])
    minutes = [each for each in sections.values() if each is not None]
    if not minutes or len(minutes) < len(sections):
        raise Unparsable("pmset -g custom does not tell when the display sleeps")
    return minutes


def parse_current(text: str) -> int:
    """Minutes of the power source in use; a note in parentheses may follow."""
    found = [match[1] for line in text.splitlines() if (match := DISPLAY.match(line))]
    if len(found) != 1:
        raise Unparsable("pmset -g does not tell when the display sleeps")
    return int(found[0])


def parse_setup(text: str) -> int:
    """Of ``systemsetup -getdisplaysleep``."""
    found = SPELLED.findall(text)
    if len(found) != 1:
        raise Unparsable("systemsetup does not tell when the display sleeps")
    return int(found[0][0] or 0)
