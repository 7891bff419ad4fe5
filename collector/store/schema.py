"""The tables, once: what runs on SQLite runs on a PostgreSQL-wire engine too.

Keys are natural or text, `device_id` comes first in every composite key, times are integer
milliseconds, JSON is text. The migrations build these tables; a test holds the two equal.
"""

from sqlalchemy import Column, Index, LargeBinary, Text, text

from collector.store import tables
from collector.store.columns import INTEGER, Moment
from collector.store.continuations import continuation  # noqa: F401 - one of the tables
from collector.store.counted import device_tally, finding_tally, flow, snapshot, turn
from collector.store.disputing import dispute, turned
from collector.store.export_tables import delivery, export_run
from collector.store.letters import device_number  # noqa: F401 - one of the tables
from collector.store.outbox import new_failure, notification
from collector.store.owning import fleet_group, membership, ownership, person, person_word
from collector.store.past_tables import absence, device_past, finding_past, groups_past, pack
from collector.store.release_tables import release  # noqa: F401 - one of the tables
from collector.store.waiver_table import numbering, waiver

__all__ = [
    "absence",
    "delivery",
    "device_past",
    "device_tally",
    "dispute",
    "export_run",
    "finding_past",
    "finding_tally",
    "fleet_group",
    "flow",
    "groups_past",
    "membership",
    "metadata",
    "new_failure",
    "notification",
    "numbering",
    "ownership",
    "pack",
    "person",
    "person_word",
    "snapshot",
    "turn",
    "turned",
    "waiver",
]

metadata = tables.metadata
_key, _text, _number, _bytes = tables.key, tables.words, tables.number, tables.binary
_at, _maybe, _table, _index = tables.moment, tables.maybe, tables.table, tables.index

# One row a device. An unchanged check-in touches this row and nothing else.
device = _table(
    "device",
    _key("device_id"),
    _text("hostname"),
    _text("platform"),
    _text("os_id"),
    _text("os_name"),
    _text("os_version"),
    _text("os_build"),
    _text("form_factor"),
    _text("manufacturer"),
    _text("model"),
    _text("serial"),
    _text("agent_version"),
    _text("searched"),
    _at("enrolled_at"),
    _at("last_seen_at"),
    _maybe("last_report_at", Moment),
    _number("last_sequence"),
    _maybe("digest", LargeBinary),
    _text("compliance"),
    _maybe("compliance_since", Moment),
    _number("answer_version"),
    _bytes("answer_digest"),
    _maybe("judged_policy_version", INTEGER),
    _maybe("evaluated_at", Moment),
    _maybe("next_evaluation_at", Moment),
    _text("quarantined_because"),
    _maybe("retired_at", Moment),
    Column("owner", Text, nullable=False, server_default=""),
    Column("severity", INTEGER, nullable=False, server_default="0"),
    _maybe("next_contact_at", Moment),
    # Whether the upkeep has found it silent; who asks looks at `last_seen_at` as well.
    Column("silent", INTEGER, nullable=False, server_default="0"),
)
_index("device_by_name", device.c.hostname, device.c.device_id)
_index(
    "device_by_state",
    device.c.compliance,
    device.c.silent,
    device.c.hostname,
    device.c.device_id,
    device.c.retired_at,
    where="retired_at IS NULL",
)
_index(
    "device_by_silence",
    device.c.silent,
    device.c.hostname,
    device.c.device_id,
    where="retired_at IS NULL",
)
_index(
    "device_by_last_seen",
    device.c.silent,
    device.c.last_seen_at,
    device.c.compliance,
    device.c.platform,
    device.c.retired_at,
    where="retired_at IS NULL",
)
_index("device_by_owner", device.c.owner, device.c.hostname, device.c.device_id)
_own = (device.c.owner, device.c.retired_at)
_index("device_without_owner", *_own, where="owner = '' AND retired_at IS NULL")
_index("device_by_serial", device.c.serial, device.c.device_id)
_index("device_by_since", device.c.compliance_since, device.c.device_id)
_index("device_by_severity", device.c.severity, device.c.hostname, device.c.device_id)
_ends = (device.c.device_id, device.c.retired_at)
for _of, _version in (("build", device.c.os_build), ("agent", device.c.agent_version)):
    _index(f"device_by_{_of}", device.c.platform, _version, *_ends, where="retired_at IS NULL")
_index("device_by_policy", device.c.judged_policy_version)
_soon = device.c.next_evaluation_at
_index("device_by_next_evaluation", _soon, where="next_evaluation_at IS NOT NULL")

# The whole inventory as JSON, apart from the row that every check-in touches.
inventory = _table("inventory", _key("device_id"), _text("document"))

fingerprint = _table("fingerprint", _key("device_id"), _key("part"), _bytes("value"))
_index("fingerprint_by_value", fingerprint.c.part, fingerprint.c.value, fingerprint.c.device_id)

certificate = _table(
    "certificate",
    _key("serial"),
    _text("device_id"),
    _at("issued_at"),
    _at("not_after"),
    _maybe("revoked_at", Moment),
    _text("revoked_because"),
)
_index("certificate_by_device", certificate.c.device_id)

token = _table(
    "token",
    _key("token_id"),
    _bytes("secret_hash"),
    _text("label"),
    _at("created_at"),
    _at("expires_at"),
    _number("max_uses"),
    _number("uses"),
    _maybe("revoked_at", Moment),
)
Index("token_by_hash", token.c.secret_hash, unique=True)

# A row a posture: what came in between unchanged has none.
report = _table(
    "report",
    _key("device_id"),
    _key("sequence", INTEGER),
    _bytes("digest"),
    _bytes("posture"),
    _at("observed_at"),
    _at("received_at"),
    clustered=False,
)

# What a device in quarantine sent; nobody has judged it.
set_aside = _table(
    "set_aside",
    _key("device_id"),
    _key("digest", LargeBinary),
    _number("sequence"),
    _bytes("posture"),
    _at("received_at"),
    clustered=False,
)

# Intervals by our clock: [recorded_at, closed_at); the open one has no closed_at.
finding = _table(
    "finding",
    _key("device_id"),
    _key("rule_id"),
    _key("recorded_at", Moment),
    _maybe("closed_at", Moment),
    _text("signal"),
    _text("status"),
    _text("because"),
    _text("evidence"),
    _at("since"),
    _at("evaluated_at"),
    _number("policy_version"),
    Column("cause", Text, nullable=False, server_default=""),
    _maybe("failing_from", Moment),
    Column("told", Text, nullable=False, server_default=""),
)
_index(
    "finding_open_by_rule",
    finding.c.rule_id,
    finding.c.status,
    finding.c.device_id,
    finding.c.cause,
    finding.c.closed_at,
    where="closed_at IS NULL",
)

tracked = _table("tracked", _key("device_id"), _key("rule_id"), _key("key"), _at("first_seen_at"))

policy = _table(
    "policy",
    _key("version", INTEGER),
    _text("text"),
    _at("applied_at"),
    _text("applied_by"),
    Column("note", Text, nullable=False, server_default=""),
)

account = _table(
    "account",
    _key("username"),
    _text("password_hash"),
    _at("created_at"),
    Column("role", Text, nullable=False, server_default="owner"),
    _maybe("password_changed_at", Moment),
    _maybe("last_login_at", Moment),
    _maybe("disabled_at", Moment),
    Column("disabled_because", Text, nullable=False, server_default=""),
    _maybe("totp_sealed", LargeBinary),
    Column("totp_step", INTEGER, nullable=False, server_default="0"),
    _maybe("enabled_at", Moment),
    Column("language", Text, nullable=False, server_default=""),
)

session = _table(
    "session",
    _key("token_hash", LargeBinary),
    _text("username"),
    _at("created_at"),
    _at("expires_at"),
    Column("address", Text, nullable=False, server_default=""),
    Column("browser", Text, nullable=False, server_default=""),
    _maybe("factor_at", Moment),
)
_index("session_by_user", session.c.username)

recovery_code = _table("recovery_code", _key("code_hash", LargeBinary), _text("username"))
_index("recovery_code_by_user", recovery_code.c.username)

passkey = _table(
    "passkey",
    _key("credential_id", LargeBinary),
    _text("username"),
    _text("label"),
    _bytes("public_key"),
    _number("sign_count"),
    _at("created_at"),
    _maybe("last_used_at", Moment),
    Column("host", Text, nullable=False, server_default=""),
)
_index("passkey_by_user", passkey.c.username)

# A one-time link by which a person sets a password and a second factor.
invitation = _table(
    "invitation",
    _key("token_hash", LargeBinary),
    _text("username"),
    _at("created_at"),
    _at("expires_at"),
)
_index("invitation_by_user", invitation.c.username)

personal_token = _table(
    "personal_token",
    _key("token_id"),
    _text("username"),
    _text("label"),
    _bytes("secret_hash"),
    _text("role"),
    _at("created_at"),
    _at("expires_at"),
    _maybe("last_used_at", Moment),
)
Index("personal_token_by_hash", personal_token.c.secret_hash, unique=True)
_index("personal_token_by_user", personal_token.c.username)

# Who somebody is at an OpenID provider, and which account that is here.
linked_identity = _table(
    "linked_identity",
    _key("issuer"),
    _key("subject"),
    _text("username"),
    _at("linked_at"),
    _text("linked_by"),
)
_index("linked_identity_by_user", linked_identity.c.username)

# Whose role was confirmed in the review under way.
authorisation = _table(
    "authorisation",
    _key("username"),
    _text("role"),
    _at("confirmed_at"),
    _text("confirmed_by"),
)

# Reviews that were signed off, each with the list that was signed.
authorisation_review = _table(
    "authorisation_review",
    _key("review_id"),
    _at("signed_at"),
    _text("signed_by"),
    _text("digest"),
    _text("content"),
)
_index("authorisation_review_by_time", authorisation_review.c.signed_at)

# Security events that people answer for. One that is open holds its kind and subject alone.
incident = _table(
    "incident",
    _key("number", INTEGER),
    _text("kind"),
    _text("subject"),
    _text("severity"),
    _text("detail"),
    _at("opened_at"),
    _at("last_at"),
    _number("times"),
    _maybe("told_at", Moment),
    _maybe("closed_at", Moment),
    _text("closed_by"),
    _text("cause"),
    _text("consequence"),
)
Index(
    "incident_open",
    incident.c.kind,
    incident.c.subject,
    unique=True,
    sqlite_where=text("closed_at IS NULL"),
    postgresql_where=text("closed_at IS NULL"),
)

incident_note = _table(
    "incident_note",
    _key("number", INTEGER),
    _key("note_id"),
    _at("at"),
    _text("written_by"),
    _text("words"),
)

# Weeks of the audit log that somebody has looked through and signed off.
audit_review = _table(
    "audit_review",
    _key("week"),
    _at("signed_at"),
    _text("signed_by"),
    _text("head"),
    _text("counts"),
    _text("remark"),
)

# How far a reader of the audit log has come.
followed = _table("followed", _key("reader"), _number("segment"), _number("size"))

# What a device is asked to do. Each is handed out once, and ends in an outcome or by expiring.
command = _table(
    "command",
    _key("command_id"),
    _text("device_id"),
    _text("action"),
    _text("asked_by"),
    _text("reason"),
    _at("asked_at"),
    _at("expires_at"),
    _maybe("delivered_at", Moment),
    _maybe("done_at", Moment),
    _text("outcome"),
    _text("because"),
)
_index("command_by_device", command.c.device_id, command.c.asked_at)
_index("command_by_time", command.c.asked_at)
_index("command_waiting", command.c.device_id, where="delivered_at IS NULL")

event = _table(
    "event",
    _key("event_id"),
    _at("at"),
    _text("kind"),
    _text("device_id"),
    _text("detail"),
)
_index("event_by_time", event.c.at, event.c.event_id)
_index("event_by_device", event.c.device_id, event.c.kind)

# Which collector opened the file, for whoever comes after it.
_what = (_key("first_at", Moment), _key("collector_version"), _text("schema_revision"))
opened_by = _table("opened_by", *_what)
