"""When xfce4-screensaver locks the screen, from what xfconf has stored.

Properties of the channel xfce4-screensaver, in minutes: the person's file over those of
/etc/xdg; a file of the system can lock a property with the attribute "locked". A property of type
"empty" has no value: the program's default counts (saver/idle-activation/delay 5, lock 0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import Person
from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded, Unparsable, read_text

CHANNEL = "xfce4/xfconf/xfce-perchannel-xml/xfce4-screensaver.xml"
POWER_CHANNEL = "xfce4/xfconf/xfce-perchannel-xml/xfce4-power-manager.xml"
PRESENTATION = "/xfce4-power-manager/presentation-mode"
SWITCHES = (
    "/saver/enabled",
    "/saver/idle-activation/enabled",
    "/lock/enabled",
    "/lock/saver-activation/enabled",
)
IDLE, DELAY = "/saver/idle-activation/delay", "/lock/saver-activation/delay"


@dataclass(frozen=True, slots=True)
class Property:
    """A value as it is written, and whether other files may set it."""

    kind: str
    value: str
    locked: bool


def parse_channel(content: str, user: str) -> dict[str, Property]:
    """Every property of a channel, and whether it is locked for a user. Raises Unparsable."""
    if "<!ENTITY" in content:
        raise Unparsable("the channel's file declares entities")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - no entities, bounded by the door
    except ElementTree.ParseError as error:
        raise Unparsable(f"the channel's file is no XML: {error}") from error
    if root.tag != "channel":
        raise Unparsable(f"the channel's file begins with {root.tag}")
    found: dict[str, Property] = {}
    waiting = [("", root, _locked(root, user))]
    while waiting:
        path, parent, locked = waiting.pop()
        for child in parent.findall("property"):
            name = f"{path}/{child.get('name', '')}"
            fixed = locked or _locked(child, user)
            found[name] = Property(child.get("type", "empty"), child.get("value", ""), fixed)
            waiting.append((name, child, fixed))
    return found


def _locked(element: ElementTree.Element, user: str) -> bool:
    """locked="*" or names apart by semicolons; unlocked= takes names out again."""
    holds, frees = (element.get(name, "").split(";") for name in ("locked", "unlocked"))
    if any(name.startswith("@") for name in (*holds, *frees)):
        raise Unparsable("a property is locked for a group of users")
    return ("*" in holds or user in holds) and not ("*" in frees or user in frees)


def own_file(person: Person) -> str:
    return f"{person.config}/{CHANNEL}"


def from_xfconf(host: Host, person: Person, *, power_manager: bool = False) -> Lock:
    """The lock as it is set for one person; what cannot be read leaves it unclear.

    `power_manager`: xfce4-power-manager runs too, whose presentation mode, once switched on, stays
    on from login to login and keeps the screen saver from starting.
    """
    try:
        lock = _judged(_merged(host, person, CHANNEL))
        if lock.locks and power_manager and _presents(host, person):
            raise NoData("the power manager's presentation mode is on, and holds the lock back")
        return lock
    except CannotTell as trouble:
        return unclear("xfconf", trouble)


def _presents(host: Host, person: Person) -> bool:
    try:
        return _switch(_merged(host, person, POWER_CHANNEL), PRESENTATION, otherwise=False)
    except NotRecorded:
        return False


def _merged(host: Host, person: Person, channel: str) -> dict[str, Property]:
    """System files that a recording does not hold were not there: every one of them is asked."""
    shared: dict[str, Property] = {}
    for folder in reversed(person.system_config):
        try:
            shared |= parse_channel(read_text(host, f"{folder}/{channel}"), person.user)
        except (FileMissing, NotRecorded):
            continue
    try:
        own = parse_channel(read_text(host, f"{person.config}/{channel}"), person.user)
    except FileMissing:
        own = {}
    # A lock holds back the person's value; an own file locks nothing.
    free = {
        name: Property(one.kind, one.value, False)
        for name, one in own.items()
        if one.kind != "empty" and not (name in shared and shared[name].locked)
    }
    return shared | free


def _judged(found: Mapping[str, Property]) -> Lock:
    switches = {name: _switch(found, name) for name in SWITCHES}
    idle, delay = _minutes(found, IDLE, 5), _minutes(found, DELAY, 0)
    off = [f"{name} false" for name, on in switches.items() if not on]
    said = ", ".join([f"{IDLE} {idle} min", f"{DELAY} {delay} min", *off])
    needed = (IDLE, "/lock/enabled")
    return Lock(
        "xfconf",
        said,
        locks=not off and idle > 0,
        idle_seconds=idle * 60,
        delay_seconds=delay * 60,
        enforced=all(name in found and found[name].locked for name in needed),
    )


def _switch(found: Mapping[str, Property], name: str, *, otherwise: bool = True) -> bool:
    one = found.get(name)
    if one is None or one.kind == "empty":
        return otherwise
    if one.kind != "bool" or one.value not in ("true", "false"):
        raise Unparsable(f"{name} is {one.value!r} of type {one.kind}")
    return one.value == "true"


def _minutes(found: Mapping[str, Property], name: str, default: int) -> int:
    one = found.get(name)
    if one is None or one.kind == "empty":
        return default
    if one.kind not in ("int", "uint") or not one.value.isdecimal() or len(one.value) > 9:
        raise Unparsable(f"{name} is {one.value!r} of type {one.kind}")
    return int(one.value)
