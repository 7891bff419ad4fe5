"""What a device was asked for, when it will hear of it, and what became of it, for its page."""

from dataclasses import dataclass
from datetime import datetime

from collector import asking
from collector.accounts.roles import Permission, Role, may
from collector.model import Device
from collector.store import Connection, commands
from collector.store.commands import Command
from collector.web.site import Site

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """`pending`: it may still be done."""

    what: str
    by: str
    reason: str
    at: datetime
    became: str
    outcome: str
    pending: bool


@dataclass(frozen=True, slots=True)
class Commanding:
    """`reached`: when the device would hear of it; empty for a device that cannot be asked."""

    check_href: str
    lock_href: str
    reached: str
    asked: tuple[Asked, ...]


def commanding(c: Connection, site: Site, device: Device, role: Role) -> Commanding:
    """For somebody of this role; without a permission its link is empty."""
    now, here = site.clock(), f"/devices/{device.device_id}"
    able = device.retired_at is None and not device.quarantined_because
    connected = device.device_id in site.connected
    minutes = site.policy.current(c).check_in_minutes
    return Commanding(
        check_href=f"{here}/check-now" if able and may(role, Permission.ASK_FOR_CHECK) else "",
        lock_href=f"{here}/lock" if able and may(role, Permission.LOCK_SCREEN) else "",
        reached=asking.reached(device, now, minutes, connected=connected) if able else "",
        asked=tuple(
            _asked(one, now) for one in commands.of_device(c, device.device_id, MOST_SHOWN)
        ),
    )


def _asked(one: Command, now: datetime) -> Asked:
    return Asked(
        what=asking.ACTIONS[one.action],
        by=one.asked_by,
        reason=one.reason,
        at=one.asked_at,
        became=asking.became(one, now),
        outcome=one.outcome,
        pending=one.is_pending(now),
    )
