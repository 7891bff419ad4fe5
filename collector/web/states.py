"""Devices beside something else: each by name, with its state, in a constant number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector import wording
from collector.compliance import compliance_at
from collector.model import Device
from collector.store import Connection
from collector.translation import gettext
from collector.web.site import Site


@dataclass(frozen=True, slots=True)
class Shown:
    href: str
    hostname: str
    state: str
    state_words: str
    last_seen_at: datetime | None


def shown_states(
    c: Connection, site: Site, devices: Iterable[Device], now: datetime
) -> tuple[Shown, ...]:
    """As the device's own page says it, silence included."""
    stale_after = timedelta(days=site.policy.current(c).stale_after_days)
    return tuple(shown(each, now, stale_after) for each in devices)


def shown(device: Device, now: datetime, stale_after: timedelta) -> Shown:
    state = compliance_at(device, now, stale_after)
    return Shown(
        f"/devices/{device.device_id}",
        device.hostname or gettext("(no name)"),
        state,
        wording.STATES[state],
        device.last_seen_at,
    )
