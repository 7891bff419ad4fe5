"""Reads how long after the screen is idle macOS asks for the password (the grace).

``sysadminctl -screenLock status`` prints it on standard error, behind a time and a process id, and
only inside the person's own session: asked as root it knows nothing. askForPasswordDelay of the
person's preferences has been dead since 10.13; it counts only where a profile sets it.
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, Conflicting, Host, Unparsable
from agent.macos import plists, preferences
from agent.macos.console import Person

STATUS = ("sysadminctl", "-screenLock", "status")
DELAY = re.compile(r"screenLock delay is (immediate|-?\d+(?:\.\d+)?(?= seconds?\b))")
OFF = re.compile(r"screenLock is off\b")
NEVER = (1 << 31) - 1
"""The largest number of seconds stands for off."""

SCREENSAVER = "com.apple.screensaver"
PASSCODE = "com.apple.mobiledevice.passwordpolicy"


@dataclass(frozen=True, slots=True)
class Grace:
    """Seconds until the password is asked for; None: it never is. `sooner`: it may be less."""

    source: str
    seconds: int | None
    managed: bool = False
    sooner: bool = False

    @property
    def said(self) -> str:
        if self.seconds is None:
            return "no password is asked for"
        return f"the password is asked for after {self.seconds} s"


def grace(host: Host, person: Person | None) -> Grace:
    """A profile's demand and what is in force, together; without a person the profile alone.

    Raises Conflicting when one asks for a password and the other does not, and as `Host.run`.
    """
    demanded = _demanded(host, person)
    if person is None:
        if demanded is None:
            raise Unparsable("no profile sets when the password is asked for")
        return demanded
    try:
        output = host.run_in_session(person.uid, *STATUS)
        found = Grace(" ".join(STATUS), parse_status(output.errors + "\n" + output.text))
    except CannotTell:
        if demanded is None:
            raise
        return demanded
    if demanded is None:
        return found
    if found.seconds is None or demanded.seconds is None:
        if found.seconds is not demanded.seconds:
            raise Conflicting(f"{found.source} and {demanded.source} disagree on the screen lock")
        return demanded
    return _together(found.source, found.seconds, demanded)


def _together(source: str, now: int, demanded: Grace) -> Grace:
    """The passcode policy sets the most that a person may choose, the screen saver's the delay."""
    assert demanded.seconds is not None
    if demanded.source == PASSCODE and now <= demanded.seconds:
        return Grace(source, now, managed=now == demanded.seconds)
    most = max(now, demanded.seconds)
    return Grace(source, most, managed=True, sooner=now < most)


def parse_status(text: str) -> int | None:
    """Seconds; None for off. Raises Unparsable.

    >>> parse_status("2026-06-12 20:21:23 sysadminctl[1:2] screenLock delay is 5 seconds")
    5
    """
    said = {None if off else 0 for off in OFF.findall(text)}
    for words in DELAY.findall(text):
        number = 0.0 if words == "immediate" else float(words)
        said.add(None if number < 0 or number >= NEVER else int(number))
    if len(said) != 1:
        raise Unparsable("sysadminctl -screenLock status gave no answer that is known")
    return said.pop()


def _demanded(host: Host, person: Person | None) -> Grace | None:
    """What a profile sets; None when none does or it may not be read."""
    try:
        asks = preferences.managed(host, SCREENSAVER, "askForPassword", person)
        delay = preferences.managed(host, SCREENSAVER, "askForPasswordDelay", person)
        most = preferences.managed(host, PASSCODE, "maxGracePeriod", person)
    except CannotTell:
        return None
    if asks is not None and plists.flag(asks.value) is False:
        return Grace(SCREENSAVER, None, managed=True)
    seconds = plists.seconds(delay.value) if delay else None
    if asks is not None and plists.flag(asks.value) and seconds is not None:
        return Grace(SCREENSAVER, seconds, managed=True)
    minutes = plists.seconds(most.value) if most else None
    return None if minutes is None else Grace(PASSCODE, minutes * 60, managed=True)
