"""What is otherwise than in the pack before, told from the two moments alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.export.columns import ChangeRow
from collector.export.heading import Heading
from collector.export.pseudonyms import Names
from collector.model import OpenFinding, Status
from collector.policy import Policy
from collector.store import Connection
from collector.store.as_of import Then, absences_as_of, retired_between, statuses_as_of

ENROLLED, RETIRED, SILENT, HEARD = "enrolled", "retired", "silent", "heard_again"
FAILING, FIXED, UNSEEN, SEEN = "newly_failing", "fixed", "no_longer_seen", "seen_again"
MEANINGS = {
    FAILING: "The rule fails now and did not before.",
    FIXED: "The rule failed before and passes now.",
    UNSEEN: "The rule could be judged before and cannot now.",
    SEEN: "The rule could not be judged before and can now.",
    ENROLLED: "The device was enrolled since.",
    RETIRED: "The device was retired since; it is in no other table.",
    SILENT: "The device has gone silent: too long for the policy.",
    HEARD: "The device had been silent too long and checked in since.",
}
SAME = (Status.PASS, Status.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Earlier:
    """How some devices stood in the pack before: their rules, and who was silent then."""

    statuses: Mapping[str, Mapping[str, Status]]
    absences: Mapping[str, datetime]

    @classmethod
    def at(cls, connection: Connection, device_ids: Sequence[str], at: datetime) -> "Earlier":
        return cls(
            statuses_as_of(connection, device_ids, at), absences_as_of(connection, device_ids, at)
        )


def changes_of(
    heading: Heading,
    policy: Policy,
    then: Then,
    found: Sequence[OpenFinding],
    earlier: Earlier,
) -> Iterator[ChangeRow]:
    """Of one device."""
    since = heading.since
    assert since is not None
    device_id = then.device.device_id
    if then.device.enrolled_at > since:
        yield _of_device(device_id, ENROLLED, then.device.enrolled_at)
    limit = timedelta(days=policy.stale_after_days)
    silence = _silence(heading.as_of, then.silent_since, limit)
    before = _silence(since, earlier.absences.get(device_id, then.silent_since), limit)
    if silence != before:
        changed = SILENT if silence else HEARD
        yield _of_device(device_id, changed, then.silent_since if silence else None)
    yield from _of_rules(heading, device_id, found, earlier.statuses.get(device_id, {}))


def _silence(at: datetime, silent_since: datetime | None, limit: timedelta) -> bool:
    return silent_since is not None and at - silent_since > limit


def _of_rules(
    heading: Heading, device_id: str, found: Sequence[OpenFinding], statuses: Mapping[str, Status]
) -> Iterator[ChangeRow]:
    for each in found:
        finding = each.finding
        change = _kind(statuses.get(finding.rule_id), finding.status)
        if change:
            at = finding.recorded_at if finding.recorded_at <= heading.as_of else None
            yield ChangeRow(
                device_id, "", "", change, finding.rule_id, each.title, at, finding.because
            )


def retired_since(connection: Connection, heading: Heading, names: Names) -> Iterator[ChangeRow]:
    """Devices that left service; they are in a pack of the whole fleet only."""
    if heading.since is None or heading.scope != "all":
        return
    for device in retired_between(connection, heading.since, heading.as_of):
        row = _of_device(device.device_id, RETIRED, device.retired_at)
        row.hostname, row.owner = names.hostname(device), names.person(device.owner)
        yield row


def _kind(before: Status | None, now: Status) -> str:
    """What became of a rule; nothing when it was not asked before and does not fail now."""
    if before is now or (before in SAME and now in SAME):
        return ""
    if now is Status.FAIL:
        return FAILING
    if before is Status.FAIL and now in SAME:
        return FIXED
    if before is not None and now is Status.UNKNOWN:
        return UNSEEN
    return SEEN if before is Status.UNKNOWN else ""


def _of_device(device_id: str, change: str, at: datetime | None) -> ChangeRow:
    return ChangeRow(device_id, "", "", change, "", "", at, "")
