"""One row of a table from what is known; texts are as they came, a writer makes them safe."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.export.columns import DeviceRow, FindingRow, WaiverRow
from collector.export.granted import ends_at
from collector.export.pseudonyms import Names
from collector.model import Compliance, OpenFinding, Status
from collector.policy import title
from collector.store.as_of import Then
from collector.store.waivers import Entry
from collector.veil import Veil


def device_row(
    then: Then, compliance: Compliance, found: Sequence[OpenFinding], names: Names
) -> DeviceRow:
    device = then.device
    short = [each for each in found if each.finding.status in (Status.FAIL, Status.UNKNOWN)]
    failing = sum(each.finding.status is Status.FAIL for each in short)
    return DeviceRow(
        device_id=device.device_id,
        hostname=names.hostname(device),
        owner=names.person(device.owner),
        groups=", ".join(then.groups),
        platform=device.platform.value if device.platform else "",
        os=device.os_name,
        form_factor=device.form_factor.value,
        manufacturer=device.manufacturer,
        model=device.model,
        serial=names.serial(device.serial),
        agent_version=device.agent_version,
        compliance=compliance.value,
        failing=failing,
        unknown=len(short) - failing,
        waived=sum(each.waiver is not None for each in short),
        quarantine=names.quarantine(device.quarantined_because),
        enrolled_at=device.enrolled_at,
        silent_since=then.silent_since,
        reported=then.reported,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """How findings of one device are told; `held`: the rules that were put to it."""

    held: Collection[str]
    at: datetime
    names: Names
    veil: Veil


def finding_row(of: DeviceRow, found: OpenFinding, said: Said) -> FindingRow:
    finding, waiver, names = found.finding, found.waiver, said.names
    evidence = names.evidence(finding.rule_id, finding.evidence, said.veil)
    return FindingRow(
        device_id=of.device_id,
        hostname=of.hostname,
        owner=of.owner,
        platform=of.platform,
        rule_id=finding.rule_id,
        title=found.title,
        severity=found.severity.value,
        status=finding.status.value,
        counts=found.counts(said.at),
        because=names.because(finding.rule_id, finding.because, said.veil),
        since=finding.since,
        known_since=finding.recorded_at if finding.rule_id in said.held else None,
        grace_ends_at=found.grace_ends_at,
        waived_until=waiver.ends_at if waiver else None,
        waiver_reason=names.reason(waiver.reason) if waiver else "",
        evidence="; ".join(f"{line.source}: {line.said}" for line in evidence),
    )


def waiver_row(entry: Entry, hostname: str, at: datetime, names: Names) -> WaiverRow:
    asked = entry.asked
    return WaiverRow(
        device_id=asked.device_id,
        hostname=names.shown(asked.device_id, hostname),
        group=asked.group,
        rule_id=asked.rule_id,
        title=title(asked.rule_id),
        reason=names.reason(asked.reason),
        requested_by=names.person(asked.requested_by),
        approved_by=names.person(entry.decided_by),
        created_at=entry.decided_at or entry.requested_at,
        ends_at=ends_at(entry, at),
    )
