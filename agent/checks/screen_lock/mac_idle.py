"""Reads after how long without input the screen of a Mac is idle: screen saver or display sleep.

The screen saver's idleTime and the display's sleep both begin the grace, so the shorter counts; of
several power sources the one that waits longest. 0 means never. An idleTime that was never set is
the system's default, which nothing on the Mac tells. What keeps the display awake at the moment is
left out: it changes with every video that is watched.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.checks.screen_lock.sysadminctl import PASSCODE, SCREENSAVER
from agent.host import CannotTell, Host, NoData, Unparsable
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
    """`seconds` 0: never. `doubt` says why it may be longer on another power source."""

    source: str
    seconds: int
    managed: bool = False
    doubt: CannotTell | None = None

    @property
    def said(self) -> str:
        return f"idle after {self.seconds} s" if self.seconds else "never idle"


def idle(host: Host, person: Person | None) -> Idle:
    """The shorter of the two. Raises CannotTell when an unknown one could be the shorter one.

    Without a person only what a profile sets for the whole computer.
    """
    saver, unset = _or_trouble(lambda: _saver(host, person))
    if saver is not None and saver.managed and saver.seconds:
        return saver
    if person is None:
        raise unset or NoData("no profile sets when the screen is idle")
    display, unseen = _or_trouble(lambda: display_sleep(host))
    known = [each for each in (saver, display) if each is not None]
    ending = [each for each in known if each.seconds]
    if ending:
        return min(ending, key=lambda each: (each.doubt is not None, each.seconds))
    trouble = unset or unseen
    if trouble is not None:
        raise trouble
    return known[0]


def _or_trouble(ask: Callable[[], Idle]) -> tuple[Idle | None, CannotTell | None]:
    try:
        return ask(), None
    except CannotTell as trouble:
        return None, trouble


def _saver(host: Host, person: Person | None) -> Idle:
    """Raises NoData when it was never set, CannotTell."""
    managed = _managed(host, person)
    if managed is not None:
        return managed
    if person is None:
        raise NoData("no profile sets when the screen is idle")
    found = preferences.this_host(host, person, SCREENSAVER, "idleTime")
    if found is None:
        raise NoData("idleTime was never set: the system's default is not known")
    seconds = plists.seconds(found.value)
    if seconds is None:
        raise Unparsable(f"{found.source} holds an idleTime that is no number")
    return Idle(found.source, seconds)


def _managed(host: Host, person: Person | None) -> Idle | None:
    """What a profile sets; one that may not be read is as good as none here: the rest decides."""
    try:
        saver = preferences.managed(host, SCREENSAVER, "idleTime", person)
        most = preferences.managed(host, PASSCODE, "maxInactivity", person)
    except CannotTell:
        return None
    seconds = plists.seconds(saver.value) if saver else None
    if seconds is not None:
        return Idle(SCREENSAVER, seconds, managed=True)
    minutes = plists.seconds(most.value) if most else None
    return Idle(PASSCODE, minutes * 60, managed=True) if minutes else None


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
