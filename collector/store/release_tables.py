"""The tables of the agent's releases: how far each was let go, and what became of it where."""

from collector.store.columns import Moment
from collector.store.tables import index, key, maybe, moment, number, table, words

# The counters are kept in the transaction that changes a row of `release_device`.
release = table(
    "release",
    key("version"),
    words("state"),
    number("percent"),
    number("begun"),
    number("back"),
    number("failing"),
    moment("added_at"),
    words("added_by"),
    maybe("halted_at", Moment),
    words("halted_by"),
    words("halted_because"),
    number("written_down"),
)

release_device = table(
    "release_device",
    key("device_id"),
    key("version"),
    words("outcome"),
    moment("told_at"),
    words("because"),
)
index("release_device_failing", release_device.c.version, release_device.c.told_at,
      where="outcome NOT IN ('begun', 'installed')")  # fmt: skip
index("release_device_begun", release_device.c.told_at, where="outcome = 'begun'")
