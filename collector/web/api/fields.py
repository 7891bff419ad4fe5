"""Who sees which field, in one table: the answers, the OpenAPI document and the tests all read it.

A field that is not in the table is never sent, and one that is missing from an answer is a defect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.accounts.roles import Permission, Role
from collector.model import Compliance, FormFactor, Platform, Severity, Status
from collector.store.commands import CommandAction, CommandOutcome
from collector.store.disputes import OPEN, RIGHT, WRONG
from collector.store.waivers import WaiverState
from collector.veil import Veil
from collector.web.api.export_fields import EXPORT_OBJECTS
from collector.web.api.field import Field
from collector.web.api.field import of_choices as _of
from collector.wording import machine

People, Hardware = Permission.SEE_PEOPLE, Permission.SEE_HARDWARE_IDS

Table = Mapping[str, Mapping[str, Field]]

_DEVICE = {
    "device_id": Field("string", "Made by the collector; stays."),
    "hostname": Field("string", "As the device says; not unique."),
    "platform": Field("string?", "", choices=_of(*Platform)),
    "os": Field("string", "The system's name."),
    "os_version": Field("string", ""),
    "form_factor": Field("string", "", choices=_of(*FormFactor)),
    "manufacturer": Field("string", ""),
    "model": Field("string", ""),
    "serial": Field("string", "The serial number.", Hardware),
    "owner": Field("string", "Whose it is, by e-mail address; empty: nobody's.", People),
    "groups": Field("strings", "The groups it is in."),
    "version": Field("string", "Give it as `seen` with a change: nothing unseen is overwritten."),
    "agent_version": Field("string", ""),
    "compliance": Field("string", "With regard to silence.", choices=_of(*Compliance)),
    "compliance_since": Field("moment?", ""),
    "enrolled_at": Field("moment", ""),
    "last_seen_at": Field("moment?", ""),
    "last_report_at": Field("moment?", ""),
    "quarantine": Field("string", "Why it is in quarantine; empty: it is not."),
    "retired_at": Field("moment?", ""),
}

_JUDGED = {
    "rule_id": Field("string", ""),
    "status": Field("string", "", choices=_of(*Status)),
    "because": Field("string", "What the verdict rests on, in words.", veiled=True),
    "evidence": Field("list of Evidence", "The sources that were asked and what they said."),
    "since": Field("moment", "Since when it is so on the device."),
    "evaluated_at": Field("moment", ""),
    "policy_version": Field("integer", ""),
}

_OWNERS = {
    "new": Field("integer", "People."),
    "changed": Field("integer", "People."),
    "same": Field("integer", "People."),
    "devices": Field("integer", "That get another owner."),
    "not_enrolled": Field("strings", "Lines whose device is not enrolled."),
    "not_kept": Field("strings", "Columns that are not kept."),
}

OBJECTS: Table = {
    "Status": {
        "name": Field("string", "What employees are shown."),
        "environment": Field("string", "production, or what a test is called."),
        "version": Field("string", "Of the collector."),
        "now": Field("moment", "The collector's clock."),
        "policy_version": Field("integer", "In force."),
        "devices": Field("map", "How many devices in service are in each state."),
    },
    "Device": _DEVICE,
    "Evidence": {
        "source": Field("string", "", veiled=True),
        "said": Field("string", "", veiled=True),
    },
    "Finding": {
        **_JUDGED,
        "title": Field("string", "The rule in words."),
        "why": Field("string", "Why it matters."),
        "severity": Field("string", "", choices=_of(*Severity)),
        "counts": Field("boolean", "Whether it counts against the device now."),
        "grace_ends_at": Field("moment?", ""),
        "waived_until": Field("moment?", "", None),
        "remediation": Field("string", "What to do."),
    },
    "PastFinding": {
        **_JUDGED,
        "recorded_at": Field("moment", "From when the collector knew it."),
        "closed_at": Field("moment?", "Until when; null: it is open."),
    },
    "Command": {
        "command_id": Field("string", ""),
        "device_id": Field("string", ""),
        "action": Field("string", "", choices=_of(*CommandAction)),
        "asked_by": Field("string", "Whose account or command line."),
        "reason": Field("string", ""),
        "asked_at": Field("moment", ""),
        "expires_at": Field("moment", "The device does not do it after this time."),
        "delivered_at": Field("moment?", "When the device was given it."),
        "done_at": Field("moment?", "When the device said what became of it."),
        "outcome": Field(
            "string?", "As the device says.", choices=_of(*filter(None, CommandOutcome))
        ),
        "became": Field("string", "What became of it, in a sentence."),
    },
    "Disk": {
        "model": Field("string?", ""),
        "size_bytes": Field("integer?", ""),
        "rotational": Field("boolean?", ""),
        "removable": Field("boolean?", ""),
    },
    "Inventory": {
        "hostname": Field("string?", ""),
        "platform": Field("string?", "As in the contract: PLATFORM_LINUX and so on."),
        "form_factor": Field("string?", "As in the contract: FORM_FACTOR_LAPTOP and so on."),
        "manufacturer": Field("string?", ""),
        "model": Field("string?", ""),
        "serial": Field("string?", "", Hardware),
        "os_id": Field("string?", ""),
        "os_name": Field("string?", ""),
        "os_version": Field("string?", ""),
        "os_build": Field("string?", ""),
        "os_edition": Field("string?", ""),
        "architecture": Field("string?", ""),
        "cpu": Field("string?", ""),
        "cpu_cores": Field("integer?", ""),
        "memory_bytes": Field("integer?", ""),
        "virtualization": Field("string?", ""),
        "disks": Field("list of Disk", ""),
    },
    "Dispute": {
        "number": Field("integer", ""),
        "rule_id": Field("string", ""),
        "where": Field("string", "The platform, and its build or the agent's version."),
        "opened_at": Field("moment", ""),
        "turned": Field("integer", "On how many devices the check turned within a day."),
        "devices": Field("integer", "How many devices were there."),
        "state": Field("string", "", choices=(OPEN, RIGHT, WRONG)),
        "until_version": Field("string", "The check is wrong before this agent; empty else."),
        "reason": Field("string", ""),
        "resolved_by": Field("string", ""),
        "resolved_at": Field("moment?", ""),
        "seen": Field("string", "Another one as soon as somebody has decided."),
    },
    "Release": {
        **dict.fromkeys(("version", "state", "halted_by", "halted_because"), Field("string", "")),
        "percent": Field("integer", "How many of 100 devices may take it."),
        "begun": Field("integer", "On how many devices it was tried."),
        "back": Field("integer", "How many of them checked in with it."),
        "failing": Field("integer", "How many did not: it is halted at 2 % of them."),
        "added_at": Field("moment", ""),
        "halted_at": Field("moment?", ""),
    },
    "Notification": {
        "number": Field("integer", ""),
        "topic": Field("string", ""),
        "subscriber": Field("string", "Its name in the settings; owners: the owners of devices."),
        "address": Field("string", "Empty for a webhook.", People),
        "subject": Field("string", "", People),
        "created_at": Field("moment", ""),
        "attempts": Field("integer", ""),
        "next_at": Field("moment?", "When it is tried; null: it is not."),
        "sent_at": Field("moment?", ""),
        "failed_at": Field("moment?", "When it was given up."),
        "trouble": Field("string", "Why it was not taken at the last attempt.", People),
    },
    "NotificationTest": {
        "subscriber": Field("string", ""),
        "messages": Field("integer", "How many were put out, one to each address."),
    },
    "Waiver": {
        "number": Field("integer", "In the register."),
        "state": Field("string", "", choices=_of(*WaiverState)),
        "device_id": Field("string", "Empty: it is a group's."),
        "group": Field("string", "Empty: it is a device's."),
        "rule_id": Field("string", ""),
        "reason": Field("string", ""),
        "requested_by": Field("string", "Whose account or command line."),
        "requested_at": Field("moment", ""),
        "ends_at": Field("moment", ""),
        "decided_by": Field("string", "Never who asked for it; empty: nobody yet."),
        "decided_at": Field("moment?", ""),
        "remark": Field("string", "Why it was refused."),
        "ended_by": Field("string", "Empty: nobody; it ends by itself."),
        "ended_at": Field("moment?", ""),
        "in_force": Field("boolean", ""),
    },
    "Person": {
        "email": Field("string", "In small letters; what a person is known by."),
        "name": Field("string", ""),
        "department": Field("string", ""),
        "language": Field("string", "en, fr, or empty."),
        "left_at": Field("moment?", ""),
        "source": Field("string", "Where this is from."),
        "devices": Field("integer", "How many in service are theirs."),
    },
    "Group": {
        "name": Field("string", ""),
        "description": Field("string", ""),
        "contact": Field("string", "Whom to ask, by e-mail address.", People),
        "devices": Field("integer", "How many are in it."),
        "created_at": Field("moment", ""),
        "version": Field("string", "Give it as `seen` with a change of the words."),
    },
    "GroupMembers": {
        "name": Field("string", "The group's."),
        "changed": Field("integer", "How many came in or went out."),
        "devices": Field("integer", "How many are in it now."),
    },
    "OwnersPlan": _OWNERS,
    "OwnersImport": _OWNERS,
    "Policy": {
        "version": Field("integer", ""),
        "applied_at": Field("moment", ""),
        "applied_by": Field("string", ""),
        "note": Field("string", "Why."),
        "text": Field("string", "The policy in TOML."),
    },
    "PolicyVersion": {
        "version": Field("integer", ""),
        "applied_at": Field("moment", ""),
        "applied_by": Field("string", ""),
        "note": Field("string", "Why."),
    },
    "PolicyProblem": {
        "line": Field("integer", "0: of the text as a whole."),
        "key": Field("string", ""),
        "message": Field("string", ""),
    },
    "Difference": {
        "key": Field("string", "As in rules.disk_encrypted.grace_days."),
        "before": Field("string", "Empty: it was not there."),
        "after": Field("string", "Empty: it is not there."),
    },
    "PolicyDiff": {
        "version": Field("integer", "It was compared with; 0: the one that is shipped."),
        "differences": Field("list of Difference", ""),
    },
    "PolicyCheck": {
        "sound": Field("boolean", ""),
        "problems": Field("list of PolicyProblem", ""),
    },
    "Fix": {
        "rule_id": Field("string", ""),
        "cause": Field("string", "What the failure lacks, where that changes what to do."),
        "platform": Field("string?", "", choices=_of(*Platform)),
        "title": Field("string", "The rule's."),
        "remediation": Field("string", "What to do, on this platform."),
        "severity": Field("string", "", choices=_of(*Severity)),
        "devices": Field("integer", "How many wait for it, waived ones too."),
        "percent_with_before": Field(
            "integer", "How much of all open failures this one and those before make."
        ),
    },
    "PolicyTrial": {
        "as_of": Field("moment", ""),
        "devices": Field("integer", "How many were judged."),
        "changing": Field("integer", "For how many something would change."),
        "changes": Field("list of TriedDevice", "The first 500 of those, by host name."),
    },
    "TriedDevice": {
        "device_id": Field("string", ""),
        "hostname": Field("string", ""),
        "compliance_before": Field("string", "", choices=_of(*Compliance)),
        "compliance_after": Field("string", "", choices=_of(*Compliance)),
        "rules": Field("strings", "Whose findings would change."),
    },
    **EXPORT_OBJECTS,
    "EnrollmentToken": {
        "token_id": Field("string", ""),
        "state": Field("string", "", choices=("good", "used up", "expired", "revoked")),
        "label": Field("string", ""),
        "uses": Field("integer", ""),
        "max_uses": Field("integer", ""),
        "created_at": Field("moment", ""),
        "expires_at": Field("moment", ""),
        "revoked_at": Field("moment?", ""),
    },
    "NewEnrollmentToken": {
        "token_id": Field("string", ""),
        "enrollment_string": Field("string", "A secret, shown this once."),
        "expires_at": Field("moment", ""),
        "max_uses": Field("integer", ""),
    },
    "AuditRecord": {
        "n": Field("integer", "Its number in the log."),
        "at": Field("string", "RFC 3339, to the millisecond."),
        "actor": Field("string", "What kind of identity."),
        "name": Field("string", "The verified identity."),
        "from": Field("string", "The address."),
        "action": Field("string", ""),
        "outcome": Field("string", ""),
        "on": Field("string", "What was acted on."),
        "detail": Field("map", ""),
    },
    "Account": {
        "username": Field("string", ""),
        "token_id": Field("string", "Of the token that asks."),
        "role": Field("string", "The token's.", choices=_of(*Role)),
        "permissions": Field("strings", "What token and owner may both do now."),
        "ends_at": Field("moment", "When the token ends."),
    },
    "PersonalToken": {
        "token_id": Field("string", ""),
        "label": Field("string", ""),
        "role": Field("string", "", choices=_of(*Role)),
        "created_at": Field("moment", ""),
        "expires_at": Field("moment", ""),
        "last_used_at": Field("moment?", "To the minute."),
    },
    "NewPersonalToken": {
        "token_id": Field("string", ""),
        "token": Field("string", "A secret, shown this once."),
        "ends_at": Field("moment", ""),
    },
}


@dataclass(frozen=True, slots=True)
class View:
    """Whose eyes an answer is for."""

    holds: frozenset[Permission]
    veil: Veil

    def text(self, field: Field, value: str) -> str:
        veiled = field.veiled and Permission.SEE_PEOPLE not in self.holds
        return self.veil.over(value) if veiled else value


def shown(kind: str, values: Mapping[str, Any], view: View) -> dict[str, Any]:
    """The object with the fields that this caller may see, in the table's order."""
    table = OBJECTS[kind]
    assert values.keys() == table.keys(), f"{kind}: {values.keys() ^ table.keys()}"
    return {
        name: _shown(field, values[name], view)
        for name, field in table.items()
        if field.needs is None or field.needs in view.holds
    }


def _shown(field: Field, value: Any, view: View) -> Any:
    kind = field.kind.removesuffix("?")
    if value is None:
        assert field.kind.endswith("?"), field
        return None
    if kind.startswith("list of "):
        return [shown(kind.removeprefix("list of "), each, view) for each in value]
    if isinstance(value, datetime):
        return machine(value)
    return view.text(field, str(value)) if kind == "string" else value
