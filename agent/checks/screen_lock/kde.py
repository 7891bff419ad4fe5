"""When KDE Plasma locks the screen, from kscreenlockerrc in every folder that counts.

KDE/kscreenlocker, settings/kscreenlockersettings.kcfg: [Daemon] Autolock (true), Timeout (minutes,
5; 0 or less is never), LockGrace (seconds, 5), RequirePassword (true). No file means the defaults.
"""

import math

from agent.checks.screen_lock.kconfig import Entry, File, Key, lay_over, parse_kconfig
from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import Person
from agent.host import CannotTell, FileMissing, Host, NotRecorded, Unparsable, read_text

FEDORA = "/usr/share/kde-settings/kde-profile/default/xdg"
TRUE, FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0")
RESTRICTIONS = "KDE Action Restrictions"


def from_kscreenlockerrc(host: Host, person: Person) -> Lock:
    """The lock as it is set for one person; what cannot be read leaves it unclear."""
    try:
        settings = _merged(host, person, "kscreenlockerrc")
        restrictions = _merged(host, person, "kdeglobals")
        return _judged(settings, restrictions)
    except CannotTell as trouble:
        return unclear("kscreenlockerrc", trouble)


def own_file(person: Person) -> str:
    return f"{person.config}/kscreenlockerrc"


def _merged(host: Host, person: Person, name: str) -> dict[Key, Entry]:
    """System folders count from the last to the first, then the person's own."""
    folders = person.system_config
    if "XDG_CONFIG_DIRS" not in person.environment:
        folders = (FEDORA, *folders)
    files = [_shared(host, f"{folder}/{name}") for folder in reversed(folders)]
    own = f"{person.config}/{name}"
    try:
        files.append(parse_kconfig(read_text(host, own), own))
    except FileMissing:
        pass
    except NotRecorded:
        if name == "kscreenlockerrc":
            raise
    return lay_over(files)


def _shared(host: Host, path: str) -> File:
    """A system file that a recording does not hold was not there: every one of them is asked."""
    try:
        return parse_kconfig(read_text(host, path), path)
    except (FileMissing, NotRecorded):
        return File()


def _judged(settings: dict[Key, Entry], restrictions: dict[Key, Entry]) -> Lock:
    automatic = _switch(settings, "Daemon", "Autolock")
    password = _switch(settings, "Daemon", "RequirePassword")
    allowed = _switch(restrictions, RESTRICTIONS, "lock_screen") and _switch(
        restrictions, RESTRICTIONS, "action/lock_screen"
    )
    minutes = _number(settings, "Timeout", 5)
    grace = _number(settings, "LockGrace", 5)
    if grace < 0:
        raise Unparsable(f"LockGrace is {grace:g}: whether a password is asked for differs")
    return Lock(
        "kscreenlockerrc",
        ", ".join(_said(settings, key) for key in ("Autolock", "Timeout", "LockGrace"))
        + ("" if password else ", RequirePassword=false")
        + ("" if allowed else ", locking is forbidden in kdeglobals"),
        locks=automatic and password and allowed and minutes > 0,
        idle_seconds=round(max(minutes, 0) * 60),
        delay_seconds=round(grace),
        enforced=all(_fixed(settings, key) for key in ("Autolock", "Timeout")),
    )


def _value(entries: dict[Key, Entry], group: str, key: str) -> str | None:
    entry = entries.get((group, key))
    return entry.value if entry else None


def _switch(entries: dict[Key, Entry], group: str, key: str) -> bool:
    """A KConfig boolean that is true when it is not set. Raises Unparsable."""
    value = _value(entries, group, key)
    if value is None or value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise Unparsable(f"{key} is {value!r}, neither true nor false")


def _number(entries: dict[Key, Entry], key: str, default: float) -> float:
    value = _value(entries, "Daemon", key)
    try:
        number = default if value is None else float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e9:
        raise Unparsable(f"{key} is {value!r}, no number of this size")
    return number


def _fixed(entries: dict[Key, Entry], key: str) -> bool:
    """A mark in a person's own file binds nobody: the person can take it out."""
    entry = entries.get(("Daemon", key))
    return entry is not None and entry.immutable and entry.source.startswith(("/etc/", "/usr/"))


def _said(entries: dict[Key, Entry], key: str) -> str:
    entry = entries.get(("Daemon", key))
    if entry is None or entry.value is None:
        return f"{key} default"
    return f"{key}={entry.value} ({entry.source}{', immutable' if entry.immutable else ''})"
