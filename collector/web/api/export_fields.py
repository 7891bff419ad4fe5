"""What is told of packs: how far they are, when they are sealed, and where they were taken."""

from collections.abc import Mapping

from collector.store.exports import Phase
from collector.web.api.field import Field, of_choices

EXPORT_OBJECTS: Mapping[str, Mapping[str, Field]] = {
    "Export": {
        "number": Field("integer", ""),
        "pack": Field("string", "all, or group:NAME; with +pseudonyms."),
        "as_of": Field("moment", ""),
        "asked_by": Field("string", "Empty: the schedule."),
        "asked_at": Field("moment", ""),
        "phase": Field("string", "How far it is.", choices=of_choices(*Phase)),
        "devices_so_far": Field("integer", "While it is being made."),
        "name": Field("string", "Of its file; empty until it is there."),
        "bytes": Field("integer", ""),
        "manifest_sha256": Field("string", ""),
        "trouble": Field("string", "Why it is not there."),
        "deliveries": Field("list of Delivery", "Where it was taken."),
    },
    "ExportSchedule": {
        "next_at": Field("moment", "When the next pack is sealed."),
        "clock_ahead_seconds": Field(
            "integer", "By so much the clock is not believed: nothing is sealed meanwhile."
        ),
        "packs": Field("strings", "Those that are sealed then, of which you may see."),
        "keep_days": Field("integer", "How long the files are kept."),
        "recipients": Field("strings", "Public keys of age; empty: packs are not encrypted."),
        "places": Field("list of Place", "Where packs are taken."),
    },
    "Place": {
        "name": Field("string", "In collector.toml."),
        "kind": Field("string", "mail, webhook, directory, s3 or sftp."),
        "where": Field("string", "Without a secret."),
        "packs": Field("strings", "Which of the packs go there."),
    },
    "Delivery": {
        "to": Field("string", "Its name in collector.toml."),
        "state": Field("string", "", choices=("waiting", "sent", "failed")),
        "attempts": Field("integer", ""),
        "sent_at": Field("moment?", ""),
        "trouble": Field("string", "What the other side said."),
    },
    "ExportCheck": {
        "valid": Field("boolean", ""),
        "linked": Field("boolean", "It was compared with the pack before it."),
        "problems": Field("strings", "What is wrong."),
    },
}
