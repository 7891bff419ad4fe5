"""Between the contract and the collector's own nouns; what cannot be carried over is named."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from collector.ingest import Delivery, Outcome
from collector.model import Compliance, Language, OpenFinding, Severity, Status, System
from collector.policy import words_for
from collector.service.edge import malformed
from collector.store.commands import Command, CommandAction, CommandOutcome, Told
from collector.store.releases import Update, UpdateOutcome
from collector.translation.sentences import retold
from protos.posture.v1 import posture_service_pb2 as wire

STATUS = {
    Status.PASS: wire.FINDING_STATUS_PASS,
    Status.FAIL: wire.FINDING_STATUS_FAIL,
    Status.UNKNOWN: wire.FINDING_STATUS_UNKNOWN,
    Status.NOT_APPLICABLE: wire.FINDING_STATUS_NOT_APPLICABLE,
}
SEVERITY = {
    Severity.LOW: wire.SEVERITY_LOW,
    Severity.MEDIUM: wire.SEVERITY_MEDIUM,
    Severity.HIGH: wire.SEVERITY_HIGH,
    Severity.CRITICAL: wire.SEVERITY_CRITICAL,
}
COMPLIANCE = {
    Compliance.COMPLIANT: wire.COMPLIANCE_COMPLIANT,
    Compliance.NON_COMPLIANT: wire.COMPLIANCE_NON_COMPLIANT,
    Compliance.UNKNOWN: wire.COMPLIANCE_UNKNOWN,
    Compliance.STALE: wire.COMPLIANCE_STALE,
}
OUTCOME = {
    wire.COMMAND_OUTCOME_DONE: CommandOutcome.DONE,
    wire.COMMAND_OUTCOME_EXPIRED: CommandOutcome.EXPIRED,
    wire.COMMAND_OUTCOME_NOT_POSSIBLE: CommandOutcome.NOT_POSSIBLE,
}
ACTION = {
    CommandAction.CHECK_NOW: wire.ACTION_CHECK_NOW,
    CommandAction.LOCK_SCREEN: wire.ACTION_LOCK_SCREEN,
}
UPDATE = {
    wire.UPDATE_OUTCOME_BEGUN: UpdateOutcome.BEGUN,
    wire.UPDATE_OUTCOME_INSTALLED: UpdateOutcome.INSTALLED,
    wire.UPDATE_OUTCOME_ROLLED_BACK: UpdateOutcome.ROLLED_BACK,
    wire.UPDATE_OUTCOME_REFUSED: UpdateOutcome.REFUSED,
}
MOST_TOLD = 100
LONGEST_VERSION = 30
LONGEST_BECAUSE = 200


def delivery(request: wire.CheckInRequest) -> Delivery:
    """What the request brings; raises `Refused` with the field that is missing or wrong.

    The sizes and the sequence's bounds are for `ingest` to judge.
    """
    held = request.answer_version if request.HasField("answer_version") else None
    match request.WhichOneof("body"):
        case "report":
            report = request.report
            _require(report, "report", "sequence", "observed_at", "posture")
            at = moment(report.observed_at, "report.observed_at")
            return Delivery(report.sequence, at, posture=report.posture, held_answer=held)
        case "unchanged":
            same = request.unchanged
            _require(same, "unchanged", "sequence", "observed_at", "digest")
            at = moment(same.observed_at, "unchanged.observed_at")
            return Delivery(same.sequence, at, digest=same.digest, held_answer=held)
    raise malformed("body: is not set; send a report or unchanged")


def update(request: wire.CheckInRequest, device_id: str, now: datetime) -> Update | None:
    """What became of a release on this device. An outcome that a newer agent made up is a failure.

    Of a version that this device could not take, nothing is kept: `releasing.was_let` knows.
    """
    if not request.HasField("update_report"):
        return None
    said = request.update_report
    outcome = UPDATE.get(said.outcome, UpdateOutcome.FAILED)
    return Update(device_id, said.version[:LONGEST_VERSION], outcome, now, _plain(said.because))


def told(request: wire.CheckInRequest) -> tuple[Told, ...]:
    """What became of commands. An outcome that a newer agent made up counts as not done."""
    return tuple(
        Told(
            each.id,
            OUTCOME.get(each.outcome, CommandOutcome.FAILED),
            _plain(each.because),
        )
        for each in request.command_reports[:MOST_TOLD]
    )


def _plain(words: str) -> str:
    return "".join(c if c.isprintable() else " " for c in words[:LONGEST_BECAUSE]).strip()


def command(given: Command) -> wire.Command:
    return wire.Command(
        id=given.command_id, action=ACTION[given.action], expires_at=stamp(given.expires_at)
    )


def _require(message: wire.Report | wire.Unchanged, name: str, *fields: str) -> None:
    present = {field.name for field, _ in message.ListFields()}
    for field in fields:
        if field not in present:
            raise malformed(f"{name}.{field}: is not set")


def moment(said: Timestamp, field: str) -> datetime:
    try:
        return said.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise malformed(f"{field}: is not a time between the years 1 and 9999") from error


def stamp(at: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(at)
    return message


def _maybe(at: datetime | None) -> Timestamp | None:
    return None if at is None else stamp(at)


def response(outcome: Outcome, held: int | None, now: datetime) -> wire.CheckInResponse:
    """All but when to come back. The answer is left out when the agent holds it already."""
    message = wire.CheckInResponse(
        receipt=outcome.receipt,
        accepted_sequence=outcome.accepted_sequence,
        collector_time=stamp(now),
        answer_version=outcome.answer_version,
    )
    if held != outcome.answer_version:
        message.answer.CopyFrom(_answer(outcome))
    return message


def _answer(outcome: Outcome) -> wire.Answer:
    return wire.Answer(
        compliance=COMPLIANCE[outcome.compliance],
        findings=[_finding(one, outcome.system) for one in outcome.findings],
        policy_version=outcome.policy_version,
        evaluated_at=_maybe(outcome.evaluated_at),
        notices=wire.Notices(
            on_device=outcome.notices.on_device,
            quiet_from_hour=outcome.notices.quiet_from,
            quiet_until_hour=outcome.notices.quiet_until,
        ),
    )


def _finding(shown: OpenFinding, system: System) -> wire.Finding:
    finding = shown.finding
    failing = finding.status in (Status.FAIL, Status.UNKNOWN)
    return wire.Finding(
        rule_id=finding.rule_id,
        title=shown.title,
        status=STATUS[finding.status],
        because=finding.because,
        since=stamp(finding.since),
        severity=SEVERITY[shown.severity],
        remediation=shown.remediation if failing and shown.remediation else None,
        grace_ends_at=_maybe(shown.grace_ends_at),
        waived_until=_maybe(shown.waiver.ends_at if shown.waiver else None),
        words=[_words(shown, system, language) for language in Language],
    )


def _words(shown: OpenFinding, system: System, language: Language) -> wire.FindingWords:
    finding = shown.finding
    said = words_for(finding, system, language)
    return wire.FindingWords(
        language=language.value,
        title=said.title,
        because=retold(finding.told, finding.because, language),
        remediation=said.remediation or None,
    )
