"""The tables of what was so before it changed; a row tells what held until its `until_at`."""

from sqlalchemy import Column, Text

from collector.store.columns import Moment
from collector.store.tables import index, key, maybe, moment, table, words

# What a device said of itself, and what people had decided about it.
device_past = table(
    "device_past",
    key("device_id"),
    key("until_at", Moment),
    words("hostname"),
    words("platform"),
    words("form_factor"),
    words("os_id"),
    words("os_name"),
    words("os_version"),
    words("os_build"),
    words("manufacturer"),
    words("model"),
    words("serial"),
    words("agent_version"),
    words("quarantined_because"),
)

# The groups a device was in, a name a line.
groups_past = table("groups_past", key("device_id"), key("until_at", Moment), words("names"))

# The words of an open finding that gave way to others while its status stayed.
finding_past = table(
    "finding_past",
    key("device_id"),
    key("rule_id"),
    key("until_at", Moment),
    words("because"),
    words("evidence"),
    words("cause"),
    Column("told", Text, nullable=False, server_default=""),
)

# A day or more without a check-in: from the last one before it to the first one after.
absence = table("absence", key("device_id"), key("from_at", Moment), moment("until_at"))

# The packs that the schedule sealed, each with the one before it.
pack = table(
    "pack",
    key("variant"),
    key("as_of", Moment),
    words("name"),
    words("manifest_sha256"),
    maybe("previous_as_of", Moment),
    words("sums"),
    moment("sealed_at"),
)
index("pack_by_time", pack.c.as_of, pack.c.variant)
