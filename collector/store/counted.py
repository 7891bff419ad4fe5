"""What is counted, moved by triggers in the transaction of each change (`store/triggers.py`)."""

from collector.store.columns import INTEGER, Moment
from collector.store.tables import index, key, number, table, words

device_tally = table(
    "device_tally",
    key("platform"),
    key("compliance"),
    key("silent", INTEGER),
    number("devices"),
)
finding_tally = table(
    "finding_tally",
    key("rule_id"),
    key("status"),
    key("cause"),
    key("platform"),
    number("findings"),
)

# A rule that newly fails on a device, or is fixed there; kept for some weeks.
turn = table(
    "turn",
    key("device_id"),
    key("rule_id"),
    key("at", Moment),
    words("kind"),
    number("seconds"),
)
index("turn_by_time", turn.c.kind, turn.c.at, turn.c.rule_id, turn.c.device_id)

# How many turns a day (since 1970) brought; `bucket`: how long it took to fix.
flow = table(
    "flow",
    key("day", INTEGER),
    key("rule_id"),
    key("kind"),
    key("bucket", INTEGER),
    number("turns"),
)

# The counts at the end of each day. Devices have no rule.
snapshot = table(
    "snapshot",
    key("day", INTEGER),
    key("rule_id"),
    key("state"),
    number("total"),
)
