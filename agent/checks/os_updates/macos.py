"""os_updates on macOS: what the system's own last look at Apple found, never a look of ours.

A scan takes from ten seconds to minutes and can hang. macOS has no public sign of a restart that
is due: an update waits as pending until the restart installs it.
"""

from datetime import datetime

from agent.checks.os_updates import software_update_file, softwareupdate
from agent.checks.os_updates.answer import in_order
from agent.checks.os_updates.softwareupdate import Offer
from agent.host import CannotTell, Host, NoData
from agent.macos.version import MacVersion, mac_version
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import OsUpdates, PendingUpdate

SOURCE = "softwareupdate"
NO_SIGN = "macOS does not say whether a restart is pending"


def observe(host: Host) -> Seen:
    """Raises the trouble of ``softwareupdate`` when not even the version of macOS is known."""
    seen = Seen(OsUpdates(source=SOURCE))
    installed = _installed(host, seen)
    try:
        source, found = _offers(host, seen)
    except CannotTell as trouble:
        if installed is None:
            raise
        seen.missing("pending", trouble)
        seen.missing("pending_security", trouble)
    else:
        _fill(seen, source, found, installed)
    _index(host, seen)
    seen.missing("restart_required", NoData(NO_SIGN))
    return seen


def _installed(host: Host, seen: Seen) -> MacVersion | None:
    try:
        version = mac_version(host)
    except CannotTell as trouble:
        seen.because("sw_vers", f"no answer: {trouble}")
        return None
    seen.because("sw_vers", f"macOS {version.full}")
    return version


def _offers(host: Host, seen: Seen) -> tuple[str, list[Offer]]:
    try:
        return " ".join(softwareupdate.COMMAND), softwareupdate.offers(host)
    except CannotTell as trouble:
        try:
            found = software_update_file.listed(host)
        except CannotTell:
            raise trouble from None
        seen.because(" ".join(softwareupdate.COMMAND), f"no answer: {trouble}")
        return software_update_file.PATH, found


def _fill(seen: Seen, source: str, found: list[Offer], installed: MacVersion | None) -> None:
    value = seen.value
    assert isinstance(value, OsUpdates)
    kept, left_out = softwareupdate.missing(found, installed)
    updates = [_pending(offer, security, installed) for offer, security in kept]
    value.updates.extend(in_order(updates))
    value.pending = len(updates)
    if installed is None and any(offer.system_version for offer, _ in kept):
        trouble = NoData("the version of macOS is not known, and with it not what it lacks")
        seen.missing("pending_security", trouble)
    else:
        value.pending_security = sum(1 for update in updates if update.security)
    names = ", ".join(sorted(update.name for update in updates))
    seen.because(source, f"pending: {names or 'nothing'}")
    if left_out:
        seen.because(source, f"offered and not missing: {', '.join(sorted(left_out))}")


def _pending(offer: Offer, security: bool | None, installed: MacVersion | None) -> PendingUpdate:
    """The title names the update for people; titles such as "Safari" stay the same over years."""
    name = offer.title if offer.version in offer.title else f"{offer.title} {offer.version}"
    update = PendingUpdate(name=name.strip(), candidate=offer.version)
    if offer.system_version is not None and installed is not None:
        update.installed = installed.full
    if security is not None:
        update.security = security
    return update


def _index(host: Host, seen: Seen) -> None:
    assert isinstance(seen.value, OsUpdates)
    try:
        looked_at: datetime = software_update_file.looked_at(host)
    except CannotTell as trouble:
        seen.missing("index_at", trouble)
    else:
        seen.value.index_at.FromDatetime(looked_at)
    if software_update_file.looks_by_itself(host) is False:
        seen.because(software_update_file.DOMAIN, "looking for updates is switched off")
