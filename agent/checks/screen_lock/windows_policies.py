"""What Windows imposes on whoever is logged on: an inactivity limit, and a device policy's.

Each `Lock` is one rule of the machine; whichever is soonest locks.
"""

from collections.abc import Callable

from agent.checks.screen_lock.lock import Lock, unclear
from agent.host import CannotTell, Host, NoData, NotRecorded, Unparsable
from agent.windows.values import dword_in

SYSTEM = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
OF_PERSON = r"HKU\{sid}\Software\Microsoft\Windows\CurrentVersion\Policies\System"
DEVICE_LOCK = r"HKLM\SOFTWARE\Microsoft\PolicyManager\current\device\DeviceLock"
INACTIVITY = "InactivityTimeoutSecs"
MDM = "MaxInactivityTimeDeviceLock"
MINUTE = 60
MOST_SECONDS, MOST_MINUTES = 599_940, 999
"""Microsoft's ranges of the two limits; what Windows makes of a larger number is not known."""
PASSWORD_REQUIRED = 0
"""DevicePasswordEnabled: 0 demands a password, 1 does not."""


def of_machine(host: Host) -> tuple[Lock, ...]:
    rules = ((INACTIVITY, _inactivity), (MDM, _device_lock))
    return tuple(_told(host, source, rule) for source, rule in rules)


def disabled(host: Host, sid: str = "") -> Lock | None:
    """DisableLockWorkstation, of the machine and of the person: nothing can lock then.

    None where it is not set, or a recording does not hold it. Raises nothing.
    """
    for key in (SYSTEM, OF_PERSON.format(sid=sid)) if sid else (SYSTEM,):
        try:
            if dword_in(host, key, "DisableLockWorkstation"):
                return Lock("DisableLockWorkstation", "locking is disabled", locks=False)
        except NotRecorded:
            continue
        except CannotTell as trouble:
            return unclear("DisableLockWorkstation", trouble)
    return None


def _told(host: Host, source: str, rule: Callable[[Host], Lock]) -> Lock:
    try:
        return rule(host)
    except CannotTell as trouble:
        return unclear(source, trouble)


def _inactivity(host: Host) -> Lock:
    """It locks by itself, and also when the screen saver starts or the display turns off."""
    seconds = _within(dword_in(host, SYSTEM, INACTIVITY), INACTIVITY, MOST_SECONDS)
    if not seconds:
        return Lock(INACTIVITY, "is not set", locks=False)
    return _imposed(INACTIVITY, seconds)


def _device_lock(host: Host) -> Lock:
    """Of an MDM such as Intune, in minutes. Without a password that it demands it locks nothing."""
    minutes = _within(dword_in(host, DEVICE_LOCK, MDM), MDM, MOST_MINUTES)
    if not minutes:
        return Lock(MDM, "is not set", locks=False)
    password = dword_in(host, DEVICE_LOCK, "DevicePasswordEnabled")
    if password is None:
        raise NoData("DevicePasswordEnabled is not set, and a limit without it locks nothing")
    if password != PASSWORD_REQUIRED:
        return Lock(MDM, "demands no password", locks=False)
    return _imposed(MDM, minutes * MINUTE)


def _within(found: int | None, name: str, most: int) -> int | None:
    if found is not None and found > most:
        raise Unparsable(f"{name} is {found}, and {most} is the most that Windows knows")
    return found


def _imposed(source: str, seconds: int) -> Lock:
    return Lock(source, f"locks after {seconds} s", True, seconds, 0, enforced=True)
