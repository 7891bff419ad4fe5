"""The one device that a person means, or which ones it could be. Asked by the commands."""

from collector.model import Device
from collector.store import Connection, devices
from collector.surroundings import BadInput
from collector.terminal import fitted, plain
from collector.wording import exact

MOST_LISTED = 20


def the_device(c: Connection, words: str) -> Device:
    """By id, the beginning of an id, or the exact host name. Raises BadInput."""
    found = devices.named(c, words, MOST_LISTED)
    if len(found) == 1:
        return found[0]
    if not found:
        raise BadInput(
            f"no device {plain(words)!r}: give its host name, its id or the beginning of it "
            "(see muster-collector devices)"
        )
    several = [f"  {each.device_id}  {_seen(each)}  {_name(each)}" for each in found]
    raise BadInput("\n".join([f"{plain(words)!r} could be one of these: give its id", *several]))


def _seen(device: Device) -> str:
    """When it was last seen: of several of one name, the one that is used."""
    return fitted(f"seen {exact(device.last_seen_at)}" if device.last_seen_at else "never seen", 25)


def _name(device: Device) -> str:
    return fitted(device.hostname or "(no name)", 13).rstrip()
