"""One device: its state in a sentence, every finding with what to do, and all that it sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from collector import continuing, wording
from collector.accounts.roles import Permission, Role, may
from collector.compliance import compliance_at
from collector.continuing import Related
from collector.judged import laid_over
from collector.model import Device, EvidenceLine, Language, OpenFinding, Status
from collector.policy import Policy
from collector.policy.advice import book
from collector.store import Connection, certificates, devices, findings, incidents, reports, waivers
from collector.translation import gettext as _
from collector.veil import veil_for, veiled
from collector.web.caring import DONE, Care, Said, caring
from collector.web.commanding import Commanding, commanding
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.languages import Choice, asked_language, choices
from collector.web.pages.device_events import version
from collector.web.rendering import render
from collector.web.sent import Fact, Sent, inventory_facts, sent
from collector.web.site import Site, site_of

PATH = "/devices/{device_id}"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class FindingView:
    """`kind` is the status; `why` and `remediation` are empty unless it fails or is unknown."""

    rule_id: str
    kind: str
    title: str
    why: str
    status_words: str
    severity: str
    note: str
    since: datetime
    because: str
    waiver: str
    remediation: str
    evidence: tuple[EvidenceLine, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, the language they asked for, and what they are told about a change."""

    role: Role
    language: Language | None
    said: Said


@dataclass(frozen=True, slots=True)
class Context:
    """`language` is that of the rules' words; the page around them is in English.

    `latest` is the number of the last check-in: above the report's, it brought nothing new.
    """

    frame: Frame
    language: str
    languages: tuple[Choice, ...]
    labels: Mapping[str, str]
    hostname: str
    state: str
    state_words: str
    sentence: str
    subtitle: str
    notices: tuple[str, ...]
    findings: tuple[FindingView, ...]
    health: tuple[Fact, ...]
    inventory: tuple[Fact, ...]
    report: Sent | None
    latest: int
    commanding: Commanding
    care: Care
    related: Related
    may_continue: bool
    device_id: str
    may_ask: bool
    events: str
    version: str


def page(request: Request) -> Response:
    done = DONE.get(request.query_params.get("done", ""))
    return shown(request, Said(done=_(done) if done else ""))


def shown(request: Request, said: Said, status_code: int = 200) -> Response:
    """The page, with what is to be said about a change that was asked for."""
    site, device_id = site_of(request.scope), request.path_params["device_id"]
    frame = frame_of(request.scope, _("Device"))
    asked = asked_language(request)
    role, named = session_of(request).role, device_id[:LONGEST_ID]
    viewer = Viewer(role, asked, said)
    context = site.store.read(lambda c: _context(c, site, frame, named, viewer))
    if context is None:
        return NOT_FOUND.response(request.scope)
    return render("device.html", context, status_code=status_code)


def _context(
    c: Connection,
    site: Site,
    frame: Frame,
    device_id: str,
    viewer: Viewer,
) -> Context | None:
    """What this viewer may see of it."""
    device, role = devices.get(c, device_id), viewer.role
    if device is None:
        return None
    now, policy = frame.now, site.policy.current(c)
    mine = {waiver.rule_id: waiver for waiver in waivers.active_for(c, device_id, now)}
    language = viewer.language or policy.language
    laid = laid_over(findings.open_of(c, device_id), policy, mine, device, language)
    state = compliance_at(device, now, timedelta(days=policy.stale_after_days))
    stored = reports.current(c, device_id)
    report = sent(stored)
    if not may(role, Permission.SEE_PEOPLE):
        veil = veil_for(stored.posture if stored else None)
        laid = [veiled(each, veil) for each in laid]
        report = replace(report, text=veil.over(report.text)) if report else None
    hostname = device.hostname or _("(no name)")
    return Context(
        frame=replace(frame, title=hostname),
        language=language,
        languages=choices(f"/devices/{device_id}", language),
        labels=book(language).labels,
        hostname=hostname,
        state=state,
        state_words=wording.STATES[state],
        sentence=wording.state_sentence(device, state, laid, now),
        subtitle=" · ".join(filter(None, (wording.model_name(device), wording.os_name(device)))),
        notices=_notices(c, device, now),
        findings=tuple(_view(each, now) for each in laid),
        health=_health(c, device, policy, report, now),
        inventory=inventory_facts(device, report),
        report=report,
        latest=device.last_sequence,
        commanding=commanding(c, site, device, role),
        care=caring(c, device, role, viewer.said, now),
        related=continuing.related(c, device, now),
        may_continue=may(role, Permission.RETIRE_DEVICES),
        device_id=device_id,
        may_ask=device.retired_at is None and may(role, Permission.REQUEST_WAIVER),
        events=f"/devices/{device_id}/events",
        version=version(c, site, device_id),
    )


def _notices(c: Connection, device: Device, now: datetime) -> tuple[str, ...]:
    notices = []
    if device.quarantined_because:
        notices.append(
            _(
                "In quarantine: %(reason)s. What it sends is kept aside until a person decides.",
                reason=wording.sentence_end(device.quarantined_because),
            )
        )
    if device.retired_at is not None:
        notices.append(_("Retired on %(day)s.", day=wording.day(device.retired_at, now)))
    refused = incidents.open_about(c, "certificate_revoked", f"device:{device.device_id}")
    if refused is not None:
        notices.append(
            _(
                "Refused since %(day)s: it came with a certificate that was revoked or belongs to "
                "a retired device.",
                day=wording.day(refused.opened_at, now),
            )
        )
    newest = next(iter(certificates.of_device(c, device.device_id)), None)
    if newest is not None and newest.revoked_at is None and newest.not_after <= now:
        expired = _(
            "Refused since %(day)s: its certificate has expired. Enroll it again.",
            day=wording.day(newest.not_after, now),
        )
        notices.append(expired)
    return tuple(notices)


def _view(found: OpenFinding, now: datetime) -> FindingView:
    finding, waiver = found.finding, found.waiver
    failing = finding.status is Status.FAIL
    open_to_do = finding.status in (Status.FAIL, Status.UNKNOWN)
    waived = waiver is not None and now < waiver.ends_at
    return FindingView(
        rule_id=finding.rule_id,
        kind=finding.status,
        title=found.title,
        why=found.why if open_to_do else "",
        status_words=wording.STATUSES[finding.status],
        severity=wording.SEVERITIES[found.severity] if failing else "",
        note=wording.capital(wording.note(found, now)),
        since=finding.since,
        because=finding.because,
        waiver=(wording.waived_words(waiver, now) if waiver is not None and waived else ""),
        remediation=found.remediation if open_to_do else "",
        evidence=finding.evidence,
    )


def _health(
    c: Connection, device: Device, policy: Policy, report: Sent | None, now: datetime
) -> tuple[Fact, ...]:
    """What is known of why it is silent: asleep, off and off the network look alike from here."""
    seen_at = device.last_seen_at
    usual_at = seen_at + timedelta(minutes=policy.check_in_minutes) if seen_at else None
    expected_at = device.next_contact_at or usual_at
    certificate = next(iter(certificates.of_device(c, device.device_id)), None)
    if certificate is None:
        ends = Fact(_("Certificate"), _("None"))
    elif certificate.revoked_at is not None:
        ends = Fact(_("Certificate"), _("Revoked: %(reason)s", reason=certificate.revoked_because))
    elif certificate.not_after <= now:
        ends = Fact(_("Certificate expired: it is refused"), at=certificate.not_after)
    else:
        ends = Fact(_("Certificate ends"), at=certificate.not_after)
    return (
        Fact(_("Last seen"), _("Never"), seen_at),
        Fact(_("Last change"), _("No report yet"), report.received_at if report else None),
        Fact(_("Next expected"), _("When it is first seen"), expected_at),
        Fact(_("Enrolled"), at=device.enrolled_at),
        ends,
        Fact(_("Agent"), device.agent_version or _("Version not reported")),
        Fact(_("Check-ins"), _("Number %(number)s is the latest", number=device.last_sequence)),
        Fact(_("Device id"), device.device_id),
    )
