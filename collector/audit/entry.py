"""One thing that happened, as it is written down: verified actor, closed set of actions, one line.

Every text is cut to a length and written as ASCII JSON: a line break, an escape sequence or a mark
that turns the reading direction reaches the log as its escape and never as itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

LONGEST_TEXT = 500
MOST_DETAILS = 20


class Action(StrEnum):
    """Everything the log knows. A new kind of access or change gets a line here first."""

    SEGMENT = "audit.segment"
    CHECKPOINT = "audit.checkpoint"
    TORN = "audit.torn"
    PURGED = "audit.purged"
    VERIFIED = "audit.verified"
    EXPORTED_LOG = "audit.exported"
    REPLICA_DOWN = "audit.replica_down"
    REPLICA_REFUSED = "audit.replica_refused"
    SINK = "audit.sink"
    REVIEWED = "audit.reviewed"
    STARTED = "collector.started"
    STOPPED = "collector.stopped"
    LOGIN = "login"
    LOGOUT = "logout"
    SESSION_ENDED = "session.ended"
    VIEWED = "page.viewed"
    DENIED = "page.denied"
    ACCOUNT_ADDED = "account.added"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_DISABLED = "account.disabled"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - the name of an action
    FACTOR_CHANGED = "account.factor_changed"
    AUTHORISATIONS_REVIEWED = "account.reviewed"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an action
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an action
    DEVICE_ENROLLED = "device.enrolled"
    DEVICE_CHANGED = "device.changed"
    DEVICE_RETIRED = "device.retired"
    DEVICE_FORGOTTEN = "device.forgotten"
    PEOPLE_IMPORTED = "people.imported"
    PERSON_FORGOTTEN = "people.forgotten"
    GROUP_CHANGED = "group.changed"
    DEVICE_ANOMALY = "device.anomaly"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_REVOKED = "certificate.revoked"
    POLICY_APPLIED = "policy.applied"
    WAIVER_REQUESTED = "waiver.requested"
    WAIVER_REFUSED = "waiver.refused"
    WAIVER_GRANTED = "waiver.granted"
    WAIVER_ENDED = "waiver.ended"
    COMMAND_GIVEN = "command.given"
    EXPORTED = "export.written"
    EXPORT_STOPPED = "export.stopped"
    FETCHED = "export.fetched"
    DELIVERED = "export.delivered"
    SETTINGS_CHANGED = "settings.changed"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_NOTED = "incident.noted"
    INCIDENT_CLOSED = "incident.closed"
    NOTIFICATION_TESTED = "notification.tested"
    NOTIFICATION_RETRIED = "notification.retried"
    RELEASE_ADDED = "release.added"
    RELEASE_PROMOTED = "release.promoted"
    RELEASE_HALTED = "release.halted"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_RESOLVED = "dispute.resolved"


class Outcome(StrEnum):
    DONE = "done"
    DENIED = "denied"
    FAILED = "failed"


class ActorKind(StrEnum):
    ACCOUNT = "account"  # a person who has logged in, by the name of the account
    TOKEN = "token"  # noqa: S105 - a personal access token, as "account/token id"
    SYSTEM = "system"  # an operating-system user at the command line
    ENROLLMENT = "enrollment"  # whoever holds an enrollment token, by the token's id
    DEVICE = "device"  # a device, by the id in its verified certificate
    COLLECTOR = "collector"  # the collector itself, by the clock
    NOBODY = "nobody"  # not identified; the name is empty, whatever was claimed


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: an identity that was verified, never what a request claims."""

    kind: ActorKind
    name: str = ""
    address: str = ""


COLLECTOR = Actor(ActorKind.COLLECTOR)


@dataclass(frozen=True, slots=True)
class Entry:
    """`subject` is what was acted on, as "kind:id"; `detail` says what a reviewer needs."""

    action: Action
    actor: Actor
    outcome: Outcome = Outcome.DONE
    subject: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


def written(entry: Entry, number: int, at: datetime) -> bytes:
    """The entry as ASCII JSON, keys in a fixed order, without a line break."""
    record = {
        "n": number,
        "at": moment(at),
        "actor": entry.actor.kind,
        "name": _cut(entry.actor.name),
        "from": _cut(entry.actor.address),
        "action": entry.action,
        "outcome": entry.outcome,
        "on": _cut(entry.subject),
        "detail": {
            _cut(key): _cut(value) for key, value in list(entry.detail.items())[:MOST_DETAILS]
        },
    }
    return json.dumps(record, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond.

    >>> moment(datetime(2026, 11, 22, 9, 5, 0, 1999, tzinfo=UTC))
    '2026-11-22T09:05:00.001Z'
    """
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
