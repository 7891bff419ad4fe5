"""The table of waivers: the database itself holds that two people make one."""

from sqlalchemy import CheckConstraint

from collector.store.columns import INTEGER, Moment
from collector.store.tables import index, key, maybe, moment, number, table, words

# An exception for a device or a group, from the request on. Who asked for it does not approve it.
waiver = table(
    "waiver",
    key("number", INTEGER),
    words("device_id"),
    words("group_name"),
    words("rule_id"),
    words("reason"),
    words("requested_by"),
    moment("requested_at"),
    moment("ends_at"),
    words("decision"),
    words("decided_by"),
    maybe("decided_at", Moment),
    words("remark"),
    words("ended_by"),
    maybe("ended_at", Moment),
    CheckConstraint(
        "decision <> 'approved' OR decided_by <> requested_by", name="waiver_by_two_people"
    ),
    CheckConstraint("(device_id = '') <> (group_name = '')", name="waiver_for_one_thing"),
)
# The newest number ever given: what was erased leaves its number to nobody else.
numbering = table("numbering", key("name"), number("newest"))
IN_FORCE = "decision = 'approved' AND ended_at IS NULL"
index("waiver_of_device", waiver.c.device_id, waiver.c.ends_at, where=IN_FORCE)
index("waiver_of_group", waiver.c.group_name, waiver.c.ends_at, where=IN_FORCE)
index("waiver_by_end", waiver.c.ends_at, waiver.c.number, where=IN_FORCE)
index("waiver_waiting", waiver.c.number, where="decision = ''")
index("waiver_by_device", waiver.c.device_id, waiver.c.number)
index("waiver_by_group", waiver.c.group_name, waiver.c.number)
