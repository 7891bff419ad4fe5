"""Reads com.apple.SoftwareUpdate.plist: when the system last looked, and what it then found.

Its list is a fallback: nothing resets it when an update comes by another way (device management).
Its counter alone says nothing (one was seen at 1 on a Mac that was up to date); an empty list is
believed only where the counter says the same.
"""

from datetime import UTC, datetime

from agent.checks.os_updates.softwareupdate import Offer
from agent.host import CannotTell, Host, NoData, Unparsable
from agent.macos import plists, preferences

DOMAIN = "com.apple.SoftwareUpdate"
PATH = f"{preferences.COMPUTER}/{DOMAIN}.plist"
DATES = ("LastFullSuccessfulDate", "LastSuccessfulDate")


def looked_at(host: Host) -> datetime:
    """When the system last looked for updates with success. Raises NoData, and as `Host.read`."""
    for key in DATES:
        found = preferences.computer(host, DOMAIN, key)
        moment = _moment(found.value) if found is not None else None
        if moment is not None:
            return moment
    raise NoData(f"{PATH} does not say when the system last looked for updates")


def _moment(value: object) -> datetime | None:
    """plistlib gives times without a zone, in UTC; ``defaults`` prints "2026-06-01 07:00:00 +0000".

    >>> _moment("2026-06-01 07:00:00 +0000")
    datetime.datetime(2026, 6, 1, 7, 0, tzinfo=datetime.timezone.utc)
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    try:
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


def listed(host: Host) -> list[Offer]:
    """What the last look found. Raises NoData, Unparsable where it holds no list."""
    fields = plists.read(host, PATH)
    found = fields.get("RecommendedUpdates")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unparsable(f"{PATH} holds no list of updates")
    if not found and fields.get("LastRecommendedUpdatesAvailable") != 0:
        raise NoData(f"{PATH} holds an empty list of updates, and its counter does not say 0")
    return [
        Offer(
            label=str(each.get("Identifier") or each.get("Product Key") or ""),
            title=str(each.get("Display Name") or each.get("Identifier") or ""),
            version=str(each.get("Display Version") or ""),
            recommended=True,
        )
        for each in found
    ]


def looks_by_itself(host: Host) -> bool | None:
    """Whether the system looks for updates by itself; None where that is not set or not seen."""
    try:
        found = preferences.computer(host, DOMAIN, "AutomaticCheckEnabled")
    except CannotTell:
        return None
    return plists.flag(found.value) if found is not None else None
