"""A laptop that was installed anew goes on as one, when a person says so.

The new installation stays a device with what it showed itself; owner, groups and waivers come over
to it, and the old one is retired with its history. No row of the past is rewritten, so that an
export of a past week stays what it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.deciding import NotPossible, Order, in_service
from collector.identity.enrollment import shares_hardware
from collector.model import Device, Waiver
from collector.policy_in_force import policy_in_force
from collector.store import (
    Connection,
    certificates,
    continuations,
    devices,
    events,
    groups,
    ownership,
    waivers,
)
from collector.translation import Text
from collector.wording import exact

MISSED_CHECK_INS = 3
"""So many in a row, and the earlier installation no longer runs or its laptop is off."""
MOST = 5
MOST_WAITING = 100
MOST_BEFORE = 10


@dataclass(frozen=True, slots=True)
class Related:
    """`may_continue`: silent devices of the same hardware, for a person to decide about.

    `first_enrolled_at`: when the first of the installations that it continues was enrolled.
    """

    may_continue: tuple[Device, ...]
    earlier: Device | None
    later: Device | None
    first_enrolled_at: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    newer: Device
    earlier: Device


def related(c: Connection, device: Device, now: datetime) -> Related:
    """What is known of the same laptop under other numbers."""
    before, after = (
        continuations.earlier_of(c, device.device_id),
        continuations.later_of(c, device.device_id),
    )
    found = continuations.possible(c, device.device_id, MOST)
    silent_for = _silent_for(c) if found else timedelta()
    may = (_pair(c, each, now, silent_for) for each in found)
    return Related(
        may_continue=tuple(pair.earlier for pair in may if pair is not None),
        earlier=devices.get(c, before.earlier) if before else None,
        later=devices.get(c, after.device_id) if after else None,
        first_enrolled_at=_first_enrolled_at(c, device),
    )


def waiting(c: Connection, now: datetime, limit: int) -> list[Pair]:
    """The newest pairs that a person may decide about."""
    silent_for = _silent_for(c)
    found = (_pair(c, each, now, silent_for) for each in continuations.waiting(c, MOST_WAITING))
    return [pair for pair in found if pair is not None][:limit]


def possible(c: Connection, order: Order, earlier_id: str) -> Pair:
    """Both devices, when the one of the order may continue the other. Raises NotPossible."""
    newer, earlier = in_service(c, order), devices.get(c, earlier_id)
    if earlier is None:
        raise NotPossible(Text("The earlier device is not there: name another by its id."))
    why = _obstacle(c, Pair(newer, earlier), order.at, _silent_for(c))
    if why is not None:
        raise NotPossible(why)
    return Pair(newer, earlier)


def approve(c: Connection, order: Order, earlier_id: str) -> None:
    """The device of the order continues the other, all of it or nothing. Raises NotPossible."""
    pair = possible(c, order, earlier_id)
    newer, earlier, at = pair.newer.device_id, pair.earlier.device_id, order.at
    _bring_waivers(c, pair, order)
    names = {*groups.groups_of(c, newer), *groups.groups_of(c, earlier)}
    groups.set_groups(c, newer, names, at)
    if pair.earlier.owner and not pair.newer.owner:
        ownership.set_owners(c, {newer: pair.earlier.owner}, at, order.by)
    continuations.decide(c, newer, earlier, at, order.by)
    devices.retire(c, earlier, at)
    certificates.revoke_all(c, earlier, at, "the laptop was installed anew")
    # Neither is named in what is said of the other, so that each can be forgotten alone.
    events.add(c, at, "continues", newer, f"by {order.by}")
    events.add(c, at, "continued", earlier, f"by {order.by}")
    if pair.newer.last_report_at is not None:
        devices.judge_again(c, newer, at)


def _bring_waivers(c: Connection, pair: Pair, order: Order) -> None:
    """What two people granted to the laptop goes on to its last day, with who they were."""
    mine = {each.rule_id: each for each in waivers.active_for(c, pair.newer.device_id, order.at)}
    held = {each.rule_id: each for each in waivers.active_for(c, pair.earlier.device_id, order.at)}
    for rule_id, waiver in held.items():
        if rule_id not in mine or mine[rule_id].ends_at < waiver.ends_at:
            remark = f"goes on from number {waiver.number}, by {order.by}"
            waivers.bring_over(c, waiver, pair.newer.device_id, order.at, remark)
    for own in _own(c, pair.earlier.device_id, order.at):
        waivers.end(c, own.number, order.by, order.at)


def _own(c: Connection, device_id: str, at: datetime) -> Iterator[Waiver]:
    return (each for each in waivers.active_for(c, device_id, at) if not each.group)


def _pair(
    c: Connection, found: continuations.Continuation, now: datetime, silent_for: timedelta
) -> Pair | None:
    newer, earlier = devices.get(c, found.device_id), devices.get(c, found.earlier)
    if newer is None or earlier is None or newer.retired_at is not None:
        return None
    pair = Pair(newer, earlier)
    return pair if _obstacle(c, pair, now, silent_for) is None else None


def _obstacle(c: Connection, pair: Pair, now: datetime, silent_for: timedelta) -> Text | None:
    """Why the one does not continue the other, and what to do; None: it may."""
    return _unlike(c, pair) or _undecided(c, pair) or _running(pair, now, silent_for)


def _unlike(c: Connection, pair: Pair) -> Text | None:
    newer, earlier = pair.newer, pair.earlier
    if newer.device_id == earlier.device_id:
        return Text("A device does not continue itself: name the earlier one.")
    if newer.enrolled_at <= earlier.enrolled_at:
        return Text("%(name)s was enrolled later: it would be the one that continues.",
                    name=_named(earlier))  # fmt: skip
    if newer.platform != earlier.platform:
        return Text("The two run different systems: retire %(name)s instead.",
                    name=_named(earlier))  # fmt: skip
    if not shares_hardware(c, newer.device_id, earlier.device_id):
        return Text("The two do not show the same hardware: retire %(name)s instead.",
                    name=_named(earlier))  # fmt: skip
    return None


def _undecided(c: Connection, pair: Pair) -> Text | None:
    newer, earlier = pair.newer, pair.earlier
    if continuations.earlier_of(c, newer.device_id) is not None:
        return Text("%(name)s continues another device already.", name=_named(newer))
    if continuations.later_of(c, earlier.device_id) is not None:
        return Text("%(name)s is continued by another device already.", name=_named(earlier))
    if earlier.retired_at is not None:
        return Text("%(name)s is retired: there is nothing to continue.", name=_named(earlier))
    for each in (newer, earlier):
        if each.quarantined_because:
            return Text("%(name)s is in quarantine: decide about that first.", name=_named(each))
    return None


def _running(pair: Pair, now: datetime, silent_for: timedelta) -> Text | None:
    """Whoever speaks after the new installation was enrolled is another machine."""
    earlier = pair.earlier
    seen_at = earlier.last_seen_at or earlier.enrolled_at
    if seen_at >= pair.newer.enrolled_at:
        return Text(
            "%(name)s was heard of after the other was enrolled, on %(at)s: two machines run, "
            "which is a copied disk and no new installation. Find both, and retire the one that "
            "should not be there.",
            name=_named(earlier),
            at=exact(seen_at),
        )
    if now - seen_at < silent_for:
        return Text(
            "%(name)s was heard of on %(at)s: if it stays silent until %(until)s, decide then.",
            name=_named(earlier),
            at=exact(seen_at),
            until=exact(seen_at + silent_for),
        )
    return None


def _silent_for(c: Connection) -> timedelta:
    return timedelta(minutes=MISSED_CHECK_INS * policy_in_force(c).check_in_minutes)


def _first_enrolled_at(c: Connection, device: Device) -> datetime:
    first, known = device.enrolled_at, device.device_id
    for _ in range(MOST_BEFORE):
        before = continuations.earlier_of(c, known)
        earlier = devices.get(c, before.earlier) if before else None
        if earlier is None:
            break
        first, known = earlier.enrolled_at, earlier.device_id
    return first


def _named(device: Device) -> str:
    return f"{device.hostname} ({device.device_id})" if device.hostname else device.device_id
