"""Sleep locks a Windows session where a password is demanded after it, on mains and on battery.

The display's own time is no lock on a classic machine. One with Modern Standby falls asleep with
its display, and asks for the password `DelayLockInterval` later; which of the two a machine is, the
registry does not tell. So a lock by sleep is one at the latest, where the display turns off sooner.
"""

from dataclasses import replace

from agent.checks.screen_lock.lock import Lock, unclear
from agent.checks.screen_lock.screen_saver import OWN
from agent.host import CannotTell, Host, NoData, NotRecorded
from agent.windows.hypervisor import hypervisor
from agent.windows.power import (
    DISPLAY_IDLE,
    PASSWORD_ON_WAKE,
    SLEEP_IDLE,
    STANDBY_ALLOWED,
    SUPPLIES,
    InForce,
    active_scheme,
    in_force,
    of_policy,
)
from agent.windows.values import dword_in, words_in

SOURCE = "sleep and password on wake-up"
BIOS = r"HKLM\HARDWARE\DESCRIPTION\System\BIOS"
NEVER = 0xFFFFFFFF
"""DelayLockInterval: "Never" of Settings > Sign-in options."""


def of_machine(host: Host) -> Lock:
    """Off as soon as one number is known to keep sleep from locking; on only when all are known."""
    scheme = _scheme(host)
    wake = in_force(host, PASSWORD_ON_WAKE, scheme)
    idle = in_force(host, SLEEP_IDLE, scheme)
    if off := _off(wake, idle):
        return Lock(SOURCE, off, locks=False)
    values = (*wake, *idle)
    trouble = next((one.trouble for one in values if one.trouble is not None), None)
    if trouble is not None and trouble is scheme and isinstance(trouble, NotRecorded):
        return Lock(SOURCE, "no policy sets it to lock", locks=False)
    if trouble := trouble or _sleepless(host):
        return unclear(SOURCE, trouble)
    seconds = max(one.number or 0 for one in idle)
    enforced = all(one.policy for one in values)
    said = f"locks after {seconds} s" + (", by policy" if enforced else "")
    lock = Lock(SOURCE, said, True, seconds, 0, enforced)
    return replace(lock, at_latest=_display_first(in_force(host, DISPLAY_IDLE, scheme), seconds))


def of_person(host: Host, sid: str, lock: Lock) -> Lock:
    """The machine's lock with the delay that the person chose, who may have chosen "never"."""
    if not lock.locks:
        return lock
    try:
        delay = dword_in(host, OWN.format(sid=sid), "DelayLockInterval") or 0
    except NotRecorded:
        delay = 0
    except CannotTell as trouble:
        return unclear(SOURCE, trouble)
    if delay < 0 or delay >= NEVER:
        return Lock(SOURCE, "DelayLockInterval never demands a password", locks=False)
    return replace(lock, delay_seconds=delay, at_latest=lock.at_latest or delay > 0)


def _scheme(host: Host) -> str | CannotTell:
    try:
        return active_scheme(host)
    except CannotTell as trouble:
        return trouble


def _off(wake: tuple[InForce, ...], idle: tuple[InForce, ...]) -> str:
    if any(one.number not in (None, 1) for one in wake):
        return "demands no password on mains or on battery"
    if any(one.number == 0 for one in idle):
        return "never sleeps on mains or on battery"
    return ""


def _sleepless(host: Host) -> CannotTell | None:
    """Why the machine may stay awake although a time is set: schemes have one everywhere."""
    below = hypervisor(
        _firmware(host, "SystemManufacturer"), _firmware(host, "SystemProductName"), ()
    )
    if below:
        return NoData(f"whether this virtual machine ({below}) can sleep was not seen")
    try:
        if any(of_policy(host, STANDBY_ALLOWED, supply) == 0 for supply in SUPPLIES):
            return NoData("a policy forbids standby; whether it hibernates instead was not seen")
    except NotRecorded:
        return None
    except CannotTell as trouble:
        return trouble
    return None


def _firmware(host: Host, name: str) -> str:
    try:
        return words_in(host, BIOS, name) or ""
    except CannotTell:
        return ""


def _display_first(display: tuple[InForce, ...], seconds: int) -> bool:
    times = [one.number or 0 for one in display]
    return all(times) and max(times) < seconds
