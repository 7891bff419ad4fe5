"""The tables of whose a device is, and of groups of devices."""

from sqlalchemy import Column

from collector.store.columns import Moment
from collector.store.tables import index, key, maybe, moment, number, table, words

# Whoever has devices. `devices` counts those in service; `person_word` is what a search finds.
person = table(
    "person",
    key("email"),
    words("name"),
    words("department"),
    words("language"),
    maybe("left_at", Moment),
    moment("imported_at"),
    words("source"),
    number("devices"),
)
index("person_by_devices", person.c.devices, person.c.email)
index(
    "person_left_with_devices",
    person.c.email,
    person.c.left_at,
    where="left_at IS NOT NULL AND devices > 0",
)
person_word = table("person_word", key("word"), key("email"))
index("person_word_by_person", person_word.c.email, person_word.c.word)

# Whose a device was, from when on. An address is taken out when its person is forgotten.
ownership = table(
    "ownership",
    key("device_id"),
    key("since_at", Moment),
    words("email"),
    words("set_by"),
)
index("ownership_by_person", ownership.c.email, where="email <> ''")

# Devices that are looked at and decided about together. `devices` counts the members.
fleet_group = table(
    "fleet_group",
    key("name"),
    words("description"),
    words("contact"),
    moment("created_at"),
    number("devices"),
)
# `joined_at`: what was granted to the group before that does not cover the device.
membership = table(
    "membership",
    key("group_name"),
    key("device_id"),
    Column("joined_at", Moment, nullable=False, server_default="0"),
)
index("membership_by_device", membership.c.device_id, membership.c.group_name)
