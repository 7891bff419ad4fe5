"""What dconf says of the lock of GNOME and the desktops that keep their settings in the same way.

A lock needs an idle time, the lock switched on, and locking not forbidden. GNOME ignores
idle-activation-enabled. Defaults are those of gsettings-desktop-schemas, cinnamon-desktop and
mate-screensaver.
"""

from dataclasses import dataclass

from agent.checks.screen_lock.dconf import Dconf, Setting, number, switch
from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.person import Person
from agent.checks.screen_lock.schemas import Schemas
from agent.host import CannotTell, Host, Unparsable


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a desktop keeps its settings. `unit` is the seconds that one of its numbers means."""

    desktop: str
    idle_schema: str
    saver_schema: str
    lockdown_schema: str
    idle_default: int
    unit: int = 1
    needs_activation: bool = False


GNOME = Keys(
    "GNOME",
    "org.gnome.desktop.session",
    "org.gnome.desktop.screensaver",
    "org.gnome.desktop.lockdown",
    300,
)
CINNAMON = Keys(
    "X-Cinnamon",
    "org.cinnamon.desktop.session",
    "org.cinnamon.desktop.screensaver",
    "org.cinnamon.desktop.lockdown",
    900,
    needs_activation=True,
)
MATE = Keys(
    "MATE",
    "org.mate.session",
    "org.mate.screensaver",
    "org.mate.lockdown",
    5,
    unit=60,
    needs_activation=True,
)
MOVED = {
    "org.mate.session": "org.mate.desktop.session",
    "org.mate.lockdown": "org.mate.desktop.lockdown",
}


class _Look:
    """The settings of one person, and what was said of each."""

    def __init__(self, host: Host, person: Person, keys: Keys) -> None:
        self._dconf = Dconf(host, person)
        self._schemas = Schemas(host, person, (keys.desktop,))
        self.said: list[str] = []

    def number(self, schema: str, key: str, upstream: int) -> tuple[int, bool]:
        setting = self._dconf.get(_path(schema, key))
        value = number(setting, key)
        if value is None:
            default = self._schemas.default(schema, key, upstream)
            if isinstance(default, bool):
                raise Unparsable(f"the default of {key} is no number")
            value = default
        self._say(key, str(value), setting)
        return value, setting.locked

    def switch(self, schema: str, key: str, upstream: bool) -> tuple[bool, bool]:
        setting = self._dconf.get(_path(schema, key))
        value = switch(setting, key)
        if value is None:
            default = self._schemas.default(schema, key, upstream)
            if not isinstance(default, bool):
                raise Unparsable(f"the default of {key} is neither true nor false")
            value = default
        self._say(key, str(value).lower(), setting)
        return value, setting.locked

    def _say(self, key: str, value: str, setting: Setting) -> None:
        where = setting.source.rpartition("/")[2] if setting.source else "default"
        self.said.append(f"{key} {value} ({where}{', locked' if setting.locked else ''})")


def _path(schema: str, key: str) -> str:
    """MATE keeps two of its schemas at paths of another name."""
    place = MOVED.get(schema, schema)
    return f"/{place.replace('.', '/')}/{key}"


def from_dconf(host: Host, person: Person, keys: Keys) -> Lock:
    """The lock as it is set for one person; what cannot be read leaves it unclear."""
    try:
        look = _Look(host, person, keys)
        return _judged(look, keys)
    except CannotTell as trouble:
        return unclear("dconf", trouble)


def _judged(look: _Look, keys: Keys) -> Lock:
    idle, idle_locked = look.number(keys.idle_schema, "idle-delay", keys.idle_default)
    enabled, enabled_locked = look.switch(keys.saver_schema, "lock-enabled", True)
    delay, _ = look.number(keys.saver_schema, "lock-delay", 0)
    forbidden, _ = look.switch(keys.lockdown_schema, "disable-lock-screen", False)
    active = True
    if keys.needs_activation:
        active, _ = look.switch(keys.saver_schema, "idle-activation-enabled", True)
    return Lock(
        "dconf",
        ", ".join(look.said),
        locks=idle > 0 and enabled and not forbidden and active,
        idle_seconds=max(idle, 0) * keys.unit,
        delay_seconds=max(delay, 0) * keys.unit,
        enforced=idle_locked and enabled_locked,
    )
