"""A row of the device table as the noun that people see."""

from typing import Any

from sqlalchemy import Row

from collector.model import Compliance, Device, FormFactor, Platform

SHOWN = (
    "device_id", "hostname", "platform", "os_id", "os_name", "os_version", "form_factor",
    "manufacturer", "model", "serial", "agent_version", "enrolled_at", "last_seen_at",
    "last_report_at", "last_sequence", "compliance", "compliance_since", "quarantined_because",
    "retired_at", "owner", "severity", "next_contact_at",
)  # fmt: skip


def device_of(row: Row[Any], prefix: str = "") -> Device:
    """A row with the columns of `SHOWN`, perhaps with a prefix, as the noun."""
    known = {name: getattr(row, prefix + name) for name in SHOWN}
    known["platform"] = Platform(known["platform"]) if known["platform"] else None
    known["form_factor"] = FormFactor(known["form_factor"])
    known["compliance"] = Compliance(known["compliance"])
    return Device(**known)
