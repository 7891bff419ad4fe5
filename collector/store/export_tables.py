"""The tables of packs as files: each that was asked for, how far it is, and where it was taken."""

from sqlalchemy import Index

from collector.store.columns import INTEGER, Moment
from collector.store.tables import index, key, maybe, moment, number, table, words

# A pack that is to be made or was; `next_at` is empty when nothing is to be done about it.
export_run = table(
    "export_run",
    key("number", INTEGER),
    words("variant"),
    moment("as_of"),
    words("asked_by"),
    moment("asked_at"),
    words("phase"),
    number("told"),
    number("stopped"),
    number("attempts"),
    maybe("next_at", Moment),
    maybe("finished_at", Moment),
    words("name"),
    number("size"),
    words("manifest_sha256"),
    words("trouble"),
)
index("export_run_due", export_run.c.next_at, where="next_at IS NOT NULL")
index("export_run_kept", export_run.c.as_of, where="phase = 'done'")
index("export_run_by_moment", export_run.c.variant, export_run.c.as_of)

# A pack that is to be taken somewhere, or was.
delivery = table(
    "delivery",
    key("number", INTEGER),
    number("run"),
    words("target"),
    moment("created_at"),
    number("attempts"),
    maybe("next_at", Moment),
    maybe("sent_at", Moment),
    maybe("failed_at", Moment),
    words("trouble"),
)
Index("delivery_of_run", delivery.c.run, delivery.c.target, unique=True)
index("delivery_due", delivery.c.next_at, where="next_at IS NOT NULL")
