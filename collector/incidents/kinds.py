"""Every kind of incident there is, how grave it is, and what to do first. One table."""

from dataclasses import dataclass
from enum import StrEnum

from collector.store.incidents import Alarm
from collector.translation import marked, said


class Severity(StrEnum):
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Kind:
    """`first_step` is for the person who opens the page at night."""

    severity: Severity
    title: str
    first_step: str


KINDS: dict[str, Kind] = {
    "clone": Kind(
        Severity.HIGH,
        marked("A device may have a copy"),
        marked(
            "Find both machines. Retire the one that should not be there, and enroll the other "
            "again."
        ),
    ),
    "certificate_revoked": Kind(
        Severity.HIGH,
        marked("A revoked certificate was used"),
        marked(
            "Find who has the device. A retired laptop that still reports may be stolen or was "
            "never "
            "wiped."
        ),
    ),
    "certificate_unknown": Kind(
        Severity.HIGH,
        marked("A certificate of our authority is not in the inventory"),
        marked(
            "Was the database put back to an older state? If not, treat the authority's key as "
            "known "
            "to others."
        ),
    ),
    "certificate_ended": Kind(
        Severity.MEDIUM,
        marked("A certificate that has ended is used again and again"),
        marked(
            "Find who has the device. If it is where it should be, enroll it again; it may also be "
            "a copy of an old disk."
        ),
    ),
    "login_guessing": Kind(
        Severity.HIGH,
        marked("Somebody guesses passwords or codes"),
        marked(
            "Look at the addresses in the audit log. Ask the person; change the password if in "
            "doubt."
        ),
    ),
    "token_guessing": Kind(
        Severity.HIGH,
        marked("Somebody tries enrollment tokens"),
        marked("Look at the addresses in the audit log. Revoke tokens that are not needed."),
    ),
    "exploring": Kind(
        Severity.MEDIUM,
        marked("An account asks for many pages it may not see"),
        marked("Ask the person. If it was not them, disable the account and end its sessions."),
    ),
    "audit_break": Kind(
        Severity.CRITICAL,
        marked("The audit log is not as it was written"),
        marked(
            "Run `muster-collector audit verify`, keep a copy of the data folder as it is, and "
            "compare "
            "it with the replicas."
        ),
    ),
    "audit_unwritable": Kind(
        Severity.CRITICAL,
        marked("The audit log cannot be written"),
        marked("Nothing privileged is done until it can. Free space on the disk, or repair it."),
    ),
    "audit_sink_down": Kind(
        Severity.HIGH,
        marked("One of the two folders of the audit log is left behind"),
        marked(
            "The other one suffices, and it is the last. Free space on the disk, or repair it: "
            "what is missing is copied by itself."
        ),
    ),
    "clock_leap": Kind(
        Severity.HIGH,
        marked("The clock went on by days at once"),
        marked(
            "If nobody set it, somebody may want old records to be dropped. Set it right within "
            "a day."
        ),
    ),
    "clock_ahead": Kind(
        Severity.HIGH,
        marked("The clock is ahead of the time that has passed"),
        marked(
            "Compare the collector's clock with another one and set it right. Weekly packs wait "
            "until a time service has confirmed it, for a day at most."
        ),
    ),
    "replica_down": Kind(
        Severity.MEDIUM,
        marked("A replica of the audit log is not fed"),
        marked("Run `muster-collector audit replicas`. It catches up by itself when it is back."),
    ),
    "replicas_down": Kind(
        Severity.CRITICAL,
        marked("No replica of the audit log is fed"),
        marked(
            "Run `muster-collector audit replicas`. Until one is back, only the copy here exists."
        ),
    ),
    "replica_refuses": Kind(
        Severity.CRITICAL,
        marked("A replica and the audit log disagree"),
        marked(
            "One of the two was changed or put back. Keep both as they are and compare them with "
            "`muster-collector audit verify`."
        ),
    ),
    "check_disputed": Kind(
        Severity.HIGH,
        marked("A check turned on many devices at once"),
        marked(
            "Its verdicts are unknown until somebody decides. Look at one of the devices, then say "
            "at /disputes whether the verdicts are right or the check is wrong."
        ),
    ),
    "release_halted": Kind(
        Severity.HIGH,
        marked("A release of the agent was halted"),
        marked(
            "Devices that took it did not come back with it; they put the version before back by "
            "themselves. Look at them at /releases, and make a release with a higher version."
        ),
    ),
    "review_overdue": Kind(
        Severity.MEDIUM,
        marked("A week of the audit log was not reviewed"),
        marked("Open /audit/review, look through the week and sign it off."),
    ),
}


def alarm(kind: str, subject: str, detail: str) -> Alarm:
    return Alarm(kind, subject, KINDS[kind].severity, detail)


def title_of(kind: str) -> str:
    """In words; of a kind that a later version knows, its name."""
    return said(KINDS[kind].title) if kind in KINDS else kind


def first_step_of(kind: str) -> str:
    return said(KINDS[kind].first_step) if kind in KINDS else ""
