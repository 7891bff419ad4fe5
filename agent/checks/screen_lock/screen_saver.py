r"""A person's Windows screen saver, which locks when four values say so together.

ScreenSaveActive, ScreenSaverIsSecure, ScreenSaveTimeOut and SCRNSAVE.EXE, each from the policy
hive before the person's own. Without a program that exists nothing starts, although active is what
Windows begins with; a timeout alone is no lock.
"""

from dataclasses import dataclass

from agent.checks.screen_lock.lock import Lock, unclear
from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded
from agent.windows.paths import on_disk
from agent.windows.values import number_in, words_in

POLICY = r"HKU\{sid}\Software\Policies\Microsoft\Windows\Control Panel\Desktop"
OWN = r"HKU\{sid}\Control Panel\Desktop"
WINLOGON = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
GRACE_SECONDS = 5
"""From the saver's start to the lock, where ScreenSaverGracePeriod is not set (Microsoft's)."""
SYSTEM_FOLDER = r"%SystemRoot%\System32"
OF_WINDOWS = (
    "scrnsave.scr",
    "bubbles.scr",
    "mystify.scr",
    "photoscreensaver.scr",
    "ribbons.scr",
    "sstext3d.scr",
)
"""On every Windows with a desktop, below `SYSTEM_FOLDER`."""
SOURCE = "screen saver"


@dataclass(frozen=True, slots=True)
class _Setting:
    """One value and whether it comes from a policy; `trouble` says why it could not be told."""

    words: str | None = None
    policy: bool = False
    trouble: CannotTell | None = None

    def number(self) -> int | None:
        return int(self.words) if self.words is not None and self.words.isdigit() else None


def lock_of(host: Host, sid: str) -> Lock:
    """Off as soon as one of the four is known to be; on only when all four are known to say so."""
    active = _setting(host, sid, "ScreenSaveActive")
    secure = _setting(host, sid, "ScreenSaverIsSecure")
    timeout = _setting(host, sid, "ScreenSaveTimeOut")
    program = _setting(host, sid, "SCRNSAVE.EXE")
    off = _off(active, secure, timeout) or _no_program(host, program)
    if off:
        return Lock(SOURCE, off, locks=False)
    settings = (active, secure, timeout, program)
    trouble = next((one.trouble for one in settings if one.trouble), None) or _half(host, settings)
    idle = timeout.number()
    if trouble is not None or idle is None:
        return unclear(SOURCE, trouble or NoData("its time is not set"))
    try:
        delay = _grace(host)
    except CannotTell as why:
        return unclear(SOURCE, why)
    enforced = all(one.policy for one in settings)
    said = f"asks for the password after {idle} s" + (", by policy" if enforced else "")
    return Lock(SOURCE, said, True, idle, delay, enforced)


def _setting(host: Host, sid: str, name: str) -> _Setting:
    for key, policy in ((POLICY.format(sid=sid), True), (OWN.format(sid=sid), False)):
        try:
            number = name != "SCRNSAVE.EXE"
            found = number_in(host, key, name) if number else words_in(host, key, name)
        except CannotTell as trouble:
            return _Setting(trouble=trouble)
        if found is not None:
            return _Setting(str(found), policy)
    return _Setting()


def _off(active: _Setting, secure: _Setting, timeout: _Setting) -> str:
    """Why the saver does not lock, as far as numbers tell; "" when they do not."""
    if active.number() == 0:
        return "is switched off"
    if secure.number() == 0 or (secure.trouble is None and secure.words is None):
        return "does not ask for the password"
    return "has no time to start after" if timeout.number() == 0 else ""


def _no_program(host: Host, program: _Setting) -> str:
    if program.trouble is not None:
        return ""
    if not program.words:
        return "has no program"
    return "names a program that is not there" if _there(host, program.words) is False else ""


def _half(host: Host, settings: tuple[_Setting, ...]) -> CannotTell | None:
    """What keeps four settings that are not off from being a lock."""
    active, secure, _, program = settings
    if active.number() != 1 or secure.number() != 1:
        return NoData("ScreenSaveActive or ScreenSaverIsSecure is not set to a value that is known")
    if _there(host, program.words or "") is None:
        return NoData(f"whether its program {program.words} is there was not seen")
    return None


def _there(host: Host, program: str) -> bool | None:
    path = program.strip('" ')
    if "\\" not in path:
        path = rf"{SYSTEM_FOLDER}\{path}"
    found = on_disk(host, path)
    if found is None and path.rpartition("\\")[2].lower() in OF_WINDOWS:
        return True
    return found


def _grace(host: Host) -> int:
    try:
        found = number_in(host, WINLOGON, "ScreenSaverGracePeriod")
    except (FileMissing, NotRecorded):
        found = None
    return GRACE_SECONDS if found is None else found
