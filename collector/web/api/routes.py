"""Every route: its one permission, what it takes and what it gives. The list is the API."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from collector.accounts.roles import Permission, Role
from collector.filtering import FILTERS, Filter
from collector.model import Language
from collector.policy import RULES
from collector.store.disputes import OPEN, RIGHT, WRONG
from collector.web.api import (
    about,
    account,
    commanding,
    device_changes,
    devices,
    disputes,
    enrollment,
    exports,
    fixes,
    grouped,
    notices,
    owning,
    policies,
    releases,
    waivers,
)
from collector.web.api.calls import Call, File, One, Several
from collector.web.api.given import Given

ROOT = "/api/v1"
OPENAPI = "/openapi.json"

PATH_FORMS = {
    "device_id": "[A-Za-z0-9-]{1,64}",
    "rule_id": "[a-z0-9_]{1,64}",
    "token_id": "[0-9a-f]{12}",
    "version": "[0-9]{1,9}",
    "number": "[0-9]{1,9}",
    "export": "[0-9]{1,9}",
    "group": "[a-z0-9][a-z0-9._-]{0,47}",
}
"""What a part of a path may look like. Anything else is not there."""

Endpoint = Callable[[Call], Awaitable[One | Several | File]]


@dataclass(frozen=True, slots=True)
class Route:
    """`answer` None: the OpenAPI document itself. `changes`: it writes down what it does.
    `file`: it gives a file."""

    method: str
    path: str
    permission: Permission
    says: str
    gives: str
    answer: Endpoint | None
    query: Sequence[Given] = ()
    body: Sequence[Given] | None = None
    changes: bool = False
    several: bool = False
    file: bool = False

    @property
    def template(self) -> str:
        return ROOT + self.path

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def match(self, path: str) -> dict[str, str] | None:
        """The parts of the path by name; None: it is another one."""
        pattern = re.sub(r"\{(\w+)\}", lambda part: f"({PATH_FORMS[part[1]]})", self.template)
        found = re.fullmatch(pattern, path)
        return dict(zip(self.names, found.groups(), strict=True)) if found else None


_DECISION = (
    Given("decision", "choice", "the verdicts are right, or the check is wrong", required=True,
          choices=(RIGHT, WRONG)),
    Given("until", "text", "wrong: the version of the agent that mends it", most=30, default=""),
    Given("reason", "lines", "auditors read it", required=True, least=1, most=4000),
    Given("seen", "text", "`seen` of the dispute that was looked at", most=100, default=OPEN),
)  # fmt: skip
_RULE_IDS = tuple(rule.id for rule in RULES)
_LIMIT = Given("limit", "number", "how many at most", least=1, most=200, default=50)
_LANG = Given(
    "lang", "choice", "the language of its words; left out: as `Accept-Language` says",
    choices=tuple(Language),
)  # fmt: skip
_POLICY = Given("text", "lines", "the policy in TOML", required=True, least=1, most=65_536)

_EXPECTED = Given(
    "expect_version", "number", "only while this one is in force (0: none was applied)",
    most=10**9, default=-1,
)  # fmt: skip
_COMPARED = Given(
    "version", "number", "with which; left out: the one in force", most=10**9, default=-1
)


def _filter(each: Filter) -> Given:
    """Of the page's filters, as a program gives it."""
    kind, choices = ("choice", each.choices()) if each.choices() else ("text", ())
    return Given(
        each.name, kind, each.says, most=each.most, choices=choices,
        default=each.default or (None if choices else ""), needs=each.needs, form=each.form,
    )  # fmt: skip


_DEVICES = (
    *map(_filter, FILTERS),
    _LIMIT,
    Given("cursor", "text", "`next` of the page before", most=devices.LONGEST_CURSOR, default=""),
)

_CURSOR = Given("cursor", "text", "`next` of the page before", most=9, default="")
_PACK = (
    Given("day", "day", "as of its end by the schedule; left out: now"),
    Given("group", "text", "only the devices of this group", most=100, default=""),
    Given("pseudonyms", "boolean", "people under pseudonyms; always, for who may not see them",
          default=False),
)  # fmt: skip

_SEALED_AS = Given("as", "choice", "zip, or age: encrypted; left out: zip where it is kept",
                   choices=("zip", "age"))  # fmt: skip
_PLACE = (Given("to", "text", "only to this place of collector.toml", most=31, default=""),)

_WAIVERS = (
    Given("state", "choice", "which", choices=waivers.STATES, default="in_force"),
    _LIMIT,
    Given("cursor", "text", "`next` of the page before", most=waivers.LONGEST_CURSOR, default=""),
)

_GROUP = Given("group", "text", "the group's name", required=True, least=1, most=100)
_REMARK = Given("remark", "text", "why not", most=500, default="")

_WAIVE = (
    Given("rule_id", "choice", "the rule", required=True, choices=_RULE_IDS),
    Given("until", "day", "the last day of it (UTC)", required=True),
    Given("reason", "text", "why; auditors read it", required=True, least=1, most=500),
)

_ENROLL = (
    Given("label", "text", "what it is for", most=100, default=""),
    Given("hours", "number", "how long it is good", least=1, most=8760, default=24),
    Given("uses", "number", "how many devices it admits", least=1, most=100_000, default=1),
)

_TOKEN = (
    Given("label", "text", "what it is for", required=True, least=1, most=100),
    Given("role", "choice", "the most it may do", required=True, choices=tuple(Role)),
    Given("days", "number", "how long it lasts", required=True, least=1, most=365),
    Given("code", "text", "of your second factor, now", required=True, least=1, most=64),
)

_LOCK = (
    Given("reason", "text", "why", required=True, least=1, most=500),
    Given("code", "text", "of your second factor, now", required=True, least=1, most=64),
)

_AUDIT = (
    Given("limit", "number", "how many, the newest", least=1, most=1000, default=100),
    Given("action", "text", "only actions that begin so", most=60, default=""),
    Given("actor", "text", "only of this name", most=100, default=""),
)


_NEXT = Given("cursor", "text", "`next` of the page before", most=300, default="")
_ONLY_FAILED = Given("only", "choice", "only what was given up", choices=("failed",), default="")
_SUBSCRIBER = Given("subscriber", "text", "its name in collector.toml", required=True, least=1)
_CSV = Given("csv", "lines", "the list, with headings", required=True, least=1, most=1_000_000)
_SEEN = Given("seen", "text", "only while this is the device's `version`", most=64, default="")
_OWNER = (
    Given("email", "text", "whose it is; empty: nobody's", required=True, most=254),
    _SEEN,
)
_GROUPS = (Given("groups", "text", "names, with spaces", required=True, most=2000), _SEEN)
_CONTINUE = (
    Given("of", "text", "the id of what it was before", required=True, least=1, most=64),
    _SEEN,
)
_FORGET = (
    Given("name", "text", "its host name or its id, exactly", required=True, least=1, most=300),
    Given("code", "text", "of your second factor, now", required=True, least=1, most=64),
    _SEEN,
)
_DESCRIPTION = Given("description", "text", "what it is for", most=200, default="")
_CONTACT = Given("contact", "text", "whom to ask, by e-mail address", most=254, default="")
_NEW_GROUP = (
    Given("name", "text", "small letters, digits and . _ -", required=True, least=1, most=48),
    _DESCRIPTION,
    _CONTACT,
)
_SEEN_GROUP = Given("seen", "text", "only while this is the group's `version`", most=64, default="")
_SAME_NAME = Given("name", "text", "its name once more", required=True, least=1, most=48)
_IDS = Given("devices", "text", "device ids, with spaces", required=True, least=1, most=50_000)
_PEOPLE = (
    Given("text", "text", "only people with words that begin so", default=""),
    Given("only", "choice", "without a device; or left, and it reports", choices=owning.ONLY),
    _LIMIT,
    _NEXT,
)


def routes() -> tuple[Route, ...]:
    """A fresh list: a trial of policies waits for others of the same application only."""
    trials = policies.Trials()
    see, own = Permission.SEE_DEVICES, Permission.OWN_ACCOUNT
    device, one = "/devices/{device_id}", "/waivers/{number}"
    pack, group = "/exports/{export}", "/groups/{group}"
    return (
        Route("GET", OPENAPI, own, "This API as OpenAPI 3.1", "", None),
        Route("GET", "/status", see, "How the collector is", "Status", about.status),
        Route("GET", "/devices", see, "Devices in service, a page at a time", "Device",
              devices.list_devices, _DEVICES, several=True),
        Route("GET", device, see, "One device", "Device", devices.one_device),
        Route("GET", f"{device}/findings", see, "What each rule says of it now, with evidence",
              "Finding", devices.open_findings, (_LANG,), several=True),
        Route("GET", f"{device}/history", see, "What rules said of it, newest first",
              "PastFinding", devices.history, (_LIMIT, _LANG), several=True),
        Route("GET", f"{device}/inventory", see, "What the machine is", "Inventory",
              devices.inventory),
        Route("POST", f"{device}/owner", Permission.CHANGE_DEVICES,
              "Give it to a person or to nobody", "Device",
              device_changes.set_owner, body=_OWNER, changes=True),
        Route("POST", f"{device}/groups", Permission.CHANGE_DEVICES,
              "Have it in these groups and in no other", "Device", device_changes.set_groups,
              body=_GROUPS, changes=True),
        Route("GET", "/people", Permission.SEE_PEOPLE, "Whose devices they are, by address",
              "Person", owning.list_people, _PEOPLE, several=True),
        Route("POST", "/people/check", Permission.MANAGE_PEOPLE,
              "What a list of owners would change; nothing is written", "OwnersPlan",
              owning.check_import, body=(_CSV,)),
        Route("POST", "/people/import", Permission.MANAGE_PEOPLE,
              "Take over a list of owners, all of it or nothing", "OwnersImport",
              owning.do_import, body=(_CSV,), changes=True),
        Route("GET", "/groups", see, "Groups of devices, by name", "Group", grouped.list_groups,
              (_LIMIT, _NEXT), several=True),
        Route("POST", "/groups", Permission.MANAGE_PEOPLE, "Make a group of devices", "Group",
              grouped.make, body=_NEW_GROUP, changes=True),
        Route("GET", group, see, "One group", "Group", grouped.one_group),
        Route("GET", f"{group}/devices", see, "The devices in it, by id", "Device",
              grouped.list_members, (_LIMIT, _NEXT), several=True),
        Route("POST", f"{group}/describe", Permission.CHANGE_DEVICES,
              "Say what it is for and whom to ask", "Group", grouped.describe,
              body=(_DESCRIPTION, _CONTACT, _SEEN_GROUP), changes=True),
        Route("POST", f"{group}/add", Permission.CHANGE_DEVICES, "Put devices in: all or none",
              "GroupMembers", grouped.put_in, body=(_IDS,), changes=True),
        Route("POST", f"{group}/drop", Permission.CHANGE_DEVICES,
              "Take devices out; those that are not in it stay as they are", "GroupMembers",
              grouped.take_out, body=(_IDS,), changes=True),
        Route("POST", f"{group}/remove", Permission.MANAGE_PEOPLE,
              "Take it away, ending its waivers; its devices stay", "Group", grouped.remove,
              body=(_SAME_NAME,), changes=True),
        Route("POST", f"{device}/release", Permission.CHANGE_DEVICES, "End its quarantine",
              "Device", device_changes.release, body=(_SEEN,), changes=True),
        Route("POST", f"{device}/retire", Permission.RETIRE_DEVICES,
              "Take it out of service and revoke its certificates", "Device",
              device_changes.retire, body=(_SEEN,), changes=True),
        Route("POST", f"{device}/continue", Permission.RETIRE_DEVICES,
              "Say that it is an earlier device, installed anew; that one is retired", "Device",
              device_changes.continue_, body=_CONTINUE, changes=True),
        Route("POST", f"{device}/forget", Permission.RETIRE_DEVICES,
              "Erase all that is kept of it; the answer is what it was", "Device",
              device_changes.forget, body=_FORGET, changes=True),
        Route("GET", f"{device}/commands", see, "What it was asked for, newest first", "Command",
              commanding.list_commands, (_LIMIT,), several=True),
        Route("POST", f"{device}/check-now", Permission.ASK_FOR_CHECK,
              "Have it observe anew and check in", "Command", commanding.check_now, body=(),
              changes=True),
        Route("POST", f"{device}/lock", Permission.LOCK_SCREEN, "Lock its screen", "Command",
              commanding.lock, body=_LOCK, changes=True),
        Route("GET", "/fixes", see, "What to fix first: the same remediation once, with how many "
              "devices wait for it", "Fix", fixes.list_fixes, (_LANG,), several=True),
        Route("GET", "/disputes", Permission.SEE_INCIDENTS, "Checks that are or were doubted",
              "Dispute", disputes.list_disputes, (_LIMIT,), several=True),
        Route("POST", "/disputes/{number}/resolve", Permission.HANDLE_INCIDENTS,
              "Say whether the verdicts are right or the check is wrong", "Dispute",
              disputes.resolve, body=_DECISION, changes=True),
        Route("GET", "/releases", Permission.SEE_INCIDENTS,
              "Releases of the agent, and how devices fare with them", "Release",
              releases.list_releases, (_LIMIT,), several=True),
        Route("GET", "/notifications", Permission.CHANGE_SETTINGS,
              "What people were told, newest first", "Notification", notices.list_notifications,
              (_ONLY_FAILED, _LIMIT, _NEXT), several=True),
        Route("POST", "/notifications/test", Permission.CHANGE_SETTINGS,
              "Send a message to see whether it arrives", "NotificationTest", notices.test,
              body=(_SUBSCRIBER,), changes=True),
        Route("POST", "/notifications/{number}/retry", Permission.CHANGE_SETTINGS,
              "Try again what was given up", "Notification", notices.retry, body=(),
              changes=True),
        Route("GET", "/waivers", see, "Exceptions, a page at a time", "Waiver",
              waivers.list_waivers, _WAIVERS, several=True),
        Route("POST", "/waivers", Permission.REQUEST_WAIVER, "Ask for an exception for a group",
              "Waiver", waivers.request, body=(_GROUP, *_WAIVE), changes=True),
        Route("POST", f"{device}/waivers", Permission.REQUEST_WAIVER,
              "Ask for an exception, or for more time", "Waiver", waivers.request, body=_WAIVE,
              changes=True),
        Route("POST", f"{one}/approve", Permission.APPROVE_WAIVER,
              "Grant what somebody else asked for", "Waiver", waivers.approve, body=(),
              changes=True),
        Route("POST", f"{one}/refuse", Permission.APPROVE_WAIVER, "Say no to a request", "Waiver",
              waivers.refuse, body=(_REMARK,), changes=True),
        Route("POST", f"{one}/withdraw", Permission.REQUEST_WAIVER, "Take back what you asked for",
              "Waiver", waivers.withdraw, body=(), changes=True),
        Route("POST", f"{one}/end", Permission.APPROVE_WAIVER, "End an exception now", "Waiver",
              waivers.end, body=(), changes=True),
        Route("GET", "/policy", Permission.SEE_POLICY, "The policy in force", "Policy",
              policies.in_force),
        Route("GET", "/policy/versions", Permission.SEE_POLICY, "Every version, newest first",
              "PolicyVersion", policies.versions, several=True),
        Route("GET", "/policy/versions/{version}", Permission.SEE_POLICY, "One version", "Policy",
              policies.one_version),
        Route("POST", "/policy/check", Permission.SEE_POLICY, "Whether a text is a sound policy",
              "PolicyCheck", policies.check, body=(_POLICY,)),
        Route("POST", "/policy/try", see, "What a policy would change today; nothing is written",
              "PolicyTrial", trials.try_, body=(_POLICY,)),
        Route("POST", "/policy/diff", Permission.SEE_POLICY, "What a policy asks differently",
              "PolicyDiff", policies.diff, body=(_POLICY, _COMPARED)),
        Route("POST", "/policy/apply", Permission.CHANGE_POLICY, "Put a policy in force",
              "PolicyVersion", policies.apply,
              body=(_POLICY, Given("reason", "text", "why", most=500, default=""), _EXPECTED),
              changes=True),
        Route("GET", "/enrollment-tokens", Permission.ENROLL, "Every token, newest first",
              "EnrollmentToken", enrollment.list_tokens, several=True),
        Route("POST", "/enrollment-tokens", Permission.ENROLL, "Make an enrollment string",
              "NewEnrollmentToken", enrollment.create, body=_ENROLL, changes=True),
        Route("POST", "/enrollment-tokens/{token_id}/revoke", Permission.ENROLL,
              "End a token now", "EnrollmentToken", enrollment.revoke, body=(), changes=True),
        Route("GET", "/audit/records", Permission.SEE_AUDIT, "The newest records, oldest first",
              "AuditRecord", about.audit_records, _AUDIT, several=True),
        Route("GET", "/exports", Permission.EXPORT, "Packs, newest first", "Export",
              exports.list_exports, (_LIMIT, _CURSOR), several=True),
        Route("GET", "/exports/schedule", Permission.EXPORT,
              "When the next is sealed, for whom, and where it is taken", "ExportSchedule",
              exports.schedule),
        Route("POST", "/exports", Permission.EXPORT, "Make a pack now, or as of a past day",
              "Export", exports.make, body=_PACK, changes=True),
        Route("GET", pack, Permission.EXPORT, "One pack, and how far it is", "Export",
              exports.one_export),
        Route("GET", f"{pack}/verify", Permission.EXPORT, "Whether it is whole, unchanged and ours",
              "ExportCheck", exports.verify),
        Route("GET", f"{pack}/file", Permission.EXPORT, "The pack itself", "", exports.fetch,
              (_SEALED_AS,), file=True),
        Route("POST", f"{pack}/deliver", Permission.EXPORT, "Take it where the settings say, again",
              "Export", exports.deliver, body=_PLACE, changes=True),
        Route("POST", f"{pack}/stop", Permission.EXPORT, "Stop one that is being made", "Export",
              exports.stop, body=(), changes=True),
        Route("GET", "/account", own, "Whose token this is", "Account", account.who),
        Route("GET", "/account/tokens", own, "Your tokens, newest first", "PersonalToken",
              account.list_tokens, several=True),
        Route("POST", "/account/tokens", own, "Make a token, no stronger than this one",
              "NewPersonalToken", account.create, body=_TOKEN, changes=True),
        Route("DELETE", "/account/tokens/{token_id}", own, "End a token of yours",
              "PersonalToken", account.remove, changes=True),
    )  # fmt: skip
