"""The devices that a list shows, as CSV, in a stream; no spreadsheet takes a cell for a formula."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from io import StringIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from collector import listing
from collector.accounts.roles import Permission, Role, may
from collector.audit.entry import Action
from collector.export.safe import cell
from collector.judged import falling_short
from collector.listing import Listed, Question, question_of
from collector.model import Compliance, Device, Status
from collector.store import Connection, groups
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.site import Site, site_of

PATH = "/devices/csv"
METHODS = ("GET",)
PERMISSION = Permission.EXPORT
CHUNK = 500
COLUMNS = (
    "device_id", "hostname", "state", "state_since", "failing_rules", "owner", "groups",
    "platform", "os", "os_version", "manufacturer", "model", "serial", "agent_version",
    "enrolled_at", "last_seen_at",
)  # fmt: skip
NEEDS = {"owner": Permission.SEE_PEOPLE, "serial": Permission.SEE_HARDWARE_IDS}
"""Columns that are empty for those who may not see them."""


async def page(request: Request) -> Response:
    """Each chunk is read by itself: a slow reader holds nothing open in the store."""
    site, role = site_of(request.scope), session_of(request).role
    question = question_of(request.query_params, sees_people=may(role, Permission.SEE_PEOPLE))
    first = replace(question, after_state=None, after=None)
    now = site.clock()
    asked = "filtered" if first.narrows else "all"
    async with noted_on(request, Action.EXPORTED, "devices", format="csv", devices=asked):
        name = f"devices-{now:%Y%m%dT%H%M%SZ}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        lines = _lines(site, first, role, now)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(site: Site, first: Question, role: Role, now: datetime) -> Iterator[str]:
    yield "\ufeff" + ",".join(COLUMNS) + "\r\n"
    hidden = {name for name, needs in NEEDS.items() if not may(role, needs)}
    following: Question | None = first
    while following is not None:
        rows, following = site.store.read(partial(_chunk, site=site, question=following, now=now))
        out = StringIO(newline="")
        writer = csv.writer(out)
        for row in rows:
            writer.writerow([cell("" if each in hidden else row[each]) for each in COLUMNS])
        yield out.getvalue()


def _chunk(
    c: Connection, *, site: Site, question: Question, now: datetime
) -> tuple[list[dict[str, object]], Question | None]:
    policy = site.policy.current(c)
    stale_after = timedelta(days=policy.stale_after_days)
    listed: Listed = listing.find(c, question, now, stale_after, CHUNK)
    shown = [device for device, _state in listed.devices]
    found = falling_short(c, policy, shown, now)
    mine = groups.groups_of_many(c, [each.device_id for each in shown])
    rows = []
    for device, state in listed.devices:
        failing = [
            each.finding.rule_id
            for each in found[device.device_id]
            if each.finding.status is Status.FAIL
        ]
        rows.append(_row(device, state, failing, mine.get(device.device_id, [])))
    return rows, listed.next_question


def _row(
    device: Device, state: Compliance, failing: list[str], mine: list[str]
) -> dict[str, object]:
    return {
        "device_id": device.device_id,
        "hostname": device.hostname,
        "state": state.value,
        "state_since": device.compliance_since,
        "failing_rules": " ".join(failing),
        "owner": device.owner,
        "groups": " ".join(mine),
        "platform": device.platform.value if device.platform else "",
        "os": device.os_name,
        "os_version": device.os_version,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "serial": device.serial,
        "agent_version": device.agent_version,
        "enrolled_at": device.enrolled_at,
        "last_seen_at": device.last_seen_at,
    }
