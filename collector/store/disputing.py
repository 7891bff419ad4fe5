"""The tables of checks that are doubted, and of what makes people doubt them."""

from sqlalchemy import Text

from collector.store.columns import INTEGER, Moment
from collector.store.tables import index, key, maybe, moment, number, table, words

# On how many devices of one system build, or one agent version, a rule turned within an hour.
turned = table(
    "turned",
    key("rule_id"),
    key("scope"),
    key("value"),
    key("hour", INTEGER),
    number("devices"),
)
index("turned_by_hour", turned.c.hour)

# `marked_after`: up to which device the judging anew was asked for; empty when it was for all.
dispute = table(
    "dispute",
    key("number", INTEGER),
    words("rule_id"),
    words("scope"),
    words("value"),
    moment("opened_at"),
    number("turned"),
    number("population"),
    words("state"),
    maybe("resolved_at", Moment),
    words("resolved_by"),
    words("until_version"),
    words("reason"),
    maybe("marked_after", Text),
)
index("dispute_standing", dispute.c.rule_id, where="state <> 'right'")
