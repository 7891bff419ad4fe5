"""A waiver that two people have made, as a test needs it."""

from collector.model import Waiver
from collector.store import Connection, waivers
from collector.store.waivers import Asked

APPROVER = "bob"


def grant(c: Connection, wanted: Waiver) -> int:
    """Asked for by `wanted.requested_by` and approved by APPROVER at `wanted.created_at`."""
    asked = Asked(
        wanted.rule_id,
        wanted.reason,
        wanted.requested_by,
        wanted.ends_at,
        "" if wanted.group else wanted.device_id,
        wanted.group,
    )
    number = waivers.request(c, asked, wanted.created_at)
    assert waivers.approve(c, number, APPROVER, wanted.created_at)
    return number
