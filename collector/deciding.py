"""What a person decides about a device, done alike from a page, the API and the command line.

Each change says what was looked at (`seen`): when somebody else was faster, nothing is done.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from collector.model import Device
from collector.owners.importing import EMAIL
from collector.store import Connection, certificates, devices, events, groups, ownership
from collector.store.forgetting import forget_device
from collector.store.persons import folded
from collector.translation import Text

OTHERWISE = Text(
    "Somebody changed this device meanwhile: it is shown as it is now, and nothing was done. "
    "Look at it again."
)


class NotPossible(Exception):
    """It is not done; str() says why and what to do."""


class NoSuchDevice(NotPossible):
    """There is none, or no more."""


class ChangedMeanwhile(NotPossible):
    """It is no longer as it was looked at."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants it and when; `seen`: the version that was looked at, empty where none was."""

    device_id: str
    at: datetime
    by: str
    seen: str = ""


def version(c: Connection, device: Device) -> str:
    """Another one as soon as somebody has decided something about the device."""
    return version_of(device, groups.groups_of(c, device.device_id))


def version_of(device: Device, names: list[str]) -> str:
    """As `version`, where its groups are known; in their order."""
    decided = (
        device.owner,
        names,
        device.quarantined_because,
        str(device.retired_at),
    )
    return hashlib.sha256(repr(decided).encode()).hexdigest()[:16]


def set_owner(c: Connection, order: Order, email: str) -> None:
    """Give it to the person of this address, or to nobody with "". Raises NotPossible."""
    in_service(c, order)
    owner = folded(email)
    if owner and (len(owner) > 254 or not EMAIL.fullmatch(owner)):
        raise NotPossible(
            Text("The owner: write an e-mail address such as alice@example.org, or leave it empty.")
        )
    ownership.set_owners(c, {order.device_id: owner}, order.at, order.by)


def set_groups(c: Connection, order: Order, names: Collection[str]) -> None:
    """Have it in these groups and in no other. Raises NotPossible."""
    in_service(c, order)
    before = groups.groups_of(c, order.device_id)
    for name in names:
        if groups.get(c, name) is None:
            raise NotPossible(
                Text(
                    "There is no group %(name)r: make it first, or choose another.", name=name[:64]
                )
            )
    groups.set_groups(c, order.device_id, names, order.at)
    changes = [f"into {each}" for each in sorted(set(names) - set(before))]
    changes += [f"out of {each}" for each in sorted(set(before) - set(names))]
    if changes:
        detail = f"{', '.join(changes)}, by {order.by}"
        events.add(c, order.at, "groups changed", order.device_id, detail)


def release(c: Connection, order: Order) -> None:
    """End its quarantine: what it sends from now on is judged. Raises NotPossible."""
    device = in_service(c, order)
    if not device.quarantined_because:
        raise NotPossible(Text("The device is not in quarantine."))
    devices.release(c, order.device_id, order.at)
    detail = f"by {order.by}; it was set apart because: {device.quarantined_because}"
    events.add(c, order.at, "released", order.device_id, detail)


def retire(c: Connection, order: Order) -> None:
    """Out of every list, its certificates revoked; the history stays. Raises NotPossible."""
    in_service(c, order)
    devices.retire(c, order.device_id, order.at)
    certificates.revoke_all(c, order.device_id, order.at, "the device was retired")
    events.add(c, order.at, "retired", order.device_id, f"by {order.by}")


def forget(c: Connection, order: Order, typed_name: str) -> None:
    """Erase all that is kept of it. Raises NotPossible as `check_name`."""
    device = check_name(c, order, typed_name)
    if device.retired_at is None:
        devices.retire(c, order.device_id, order.at)
    forget_device(c, order.device_id)


def check_name(c: Connection, order: Order, typed_name: str) -> Device:
    """The device, when `typed_name` is its host name (or its id, where it has none), as typed by
    whoever forgets it. Raises NotPossible.
    """
    device = known(c, order)
    if typed_name.strip() not in (device.hostname or device.device_id, device.device_id):
        raise NotPossible(
            Text("To forget it, type its name exactly as it is shown: nothing was done.")
        )
    return device


def in_service(c: Connection, order: Order) -> Device:
    """The device, as it was looked at and not retired. Raises NotPossible."""
    device = known(c, order)
    if device.retired_at is not None:
        raise NotPossible(
            Text("The device is retired already: nothing but forgetting it is left to do.")
        )
    return device


def known(c: Connection, order: Order) -> Device:
    """The device, as it was looked at. Raises NotPossible."""
    device = devices.get(c, order.device_id)
    if device is None:
        raise NoSuchDevice(Text("There is no such device any more."))
    if order.seen and order.seen != version(c, device):
        raise ChangedMeanwhile(OTHERWISE)
    return device
