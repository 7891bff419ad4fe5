"""When the lockers of X11 lock: xss-lock, xautolock, xidlehook, xscreensaver, light-locker.

xss-lock and light-locker wait for the X server's screen saver, whose timeout only the display
tells (`xset q` needs its cookie): with them the time, and so the lock, stays unclear.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from agent.checks.screen_lock.commands import Effect, effect_of
from agent.checks.screen_lock.dconf import Dconf, number
from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import Person
from agent.checks.screen_lock.schemas import Schemas
from agent.host import FileMissing, Host, NoData, Unparsable, read_text


def from_xss_lock(_: Host, __: Person, arguments: Sequence[str]) -> Lock:
    """The locker is known and the time is not."""
    command = " ".join(arguments[arguments.index("--") + 1 :] if "--" in arguments else arguments)
    words = f"xss-lock runs {command}; the X server's screen saver timeout was not seen"
    return unclear("xss-lock", NoData(words))


def from_xautolock(_: Host, __: Person, arguments: Sequence[str]) -> Lock:
    """xautolock(1): -time MINUTES (10), -locker COMMAND (xlock). Raises Unparsable."""
    options = dict(pairwise(arguments))
    minutes, locker = options.get("-time", "10"), options.get("-locker", "xlock")
    if not minutes.isdecimal() or len(minutes) > 6:
        raise Unparsable(f"xautolock has -time {minutes}")
    return _timed("xautolock", int(minutes) * 60, locker)


def from_xidlehook(_: Host, __: Person, arguments: Sequence[str]) -> Lock:
    """Every --timer SECONDS COMMAND CANCELLER begins when the one before has ended."""
    total, unsure = 0, ""
    rest = list(arguments)
    while rest:
        if rest.pop(0) != "--timer":
            continue
        if rest and rest[0] in ("normal", "primary"):
            rest.pop(0)
        if len(rest) < 2 or not rest[0].isdecimal() or len(rest[0]) > 9:
            raise Unparsable("xidlehook has a --timer without seconds and a command")
        total += int(rest.pop(0))
        command = rest.pop(0)
        effect = effect_of(command).effect
        if effect is Effect.LOCKS:
            return _timed("xidlehook", total, command)
        unsure = unsure or (command if effect is not Effect.NOTHING else "")
    if unsure:
        return unclear("xidlehook", NoData(f"xidlehook runs {unsure}"))
    return Lock("xidlehook", "no timer runs a locker", False, enforced=False)


def _timed(source: str, seconds: int, command: str) -> Lock:
    told = effect_of(command)
    if told.effect is not Effect.LOCKS:
        return unclear(
            source, NoData(f"{source} runs a command that is no locker we know: {command}")
        )
    said = f"{command} after {seconds} s"
    return Lock(source, said, seconds > 0, seconds, told.grace_seconds, False)


def from_xscreensaver(host: Host, person: Person, _: Sequence[str] = ()) -> Lock:
    """~/.xscreensaver; without it the defaults: blank after 10 minutes, never lock."""
    try:
        settings = parse_xscreensaver(read_text(host, f"{person.home}/.xscreensaver"))
    except FileMissing:
        settings = {}
    lock = settings.get("lock", "False").lower() == "true"
    idle = _clock(settings.get("timeout", "0:10:00"))
    delay = _clock(settings.get("lockTimeout", "0:00:00"))
    mode = settings.get("mode", "random").lower()
    said = f"lock: {lock}, timeout: {idle} s, lockTimeout: {delay} s, mode: {mode}"
    locks = lock and idle > 0 and mode != "off"
    return Lock("xscreensaver", said, locks, idle, delay, False)


def parse_xscreensaver(content: str) -> Mapping[str, str]:
    """Lines of the form "name: value"; a line that begins with a blank goes on the one before."""
    found = re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", content, re.MULTILINE)
    return dict(found)


def _clock(words: str) -> int:
    """H:MM:SS, in seconds. Raises Unparsable."""
    if (found := re.fullmatch(r"(\d{1,4}):(\d{1,2}):(\d{1,2})", words)) is None:
        raise Unparsable("~/.xscreensaver holds a time that is not H:MM:SS")
    hours, minutes, seconds = map(int, found.groups())
    return hours * 3600 + minutes * 60 + seconds


def from_light_locker(host: Host, person: Person, arguments: Sequence[str]) -> Lock:
    """lock-after-screensaver (seconds, 0 is never); the time before it is the X server's."""
    prefix = "--lock-after-screensaver="
    given = [word.removeprefix(prefix) for word in arguments if word.startswith(prefix)]
    if given and given[-1].isdecimal():
        after = int(given[-1])
    else:
        path = "/apps/light-locker/lock-after-screensaver"
        stored = number(Dconf(host, person).get(path), path)
        schemas = Schemas(host, person)
        after = (
            stored
            if stored is not None
            else int(schemas.default("apps.light-locker", "lock-after-screensaver", 5))
        )
    if after == 0:
        return Lock("light-locker", "lock-after-screensaver 0", False, enforced=False)
    words = f"light-locker locks {after} s after the X screen saver, whose timeout was not seen"
    return unclear("light-locker", NoData(words))
