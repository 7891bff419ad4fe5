"""Until when a failure does not count is one date: on the page, at the device and in the pack.

Working days, a holiday, a short pass in between and the grace of a new device bear on it at once.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.answer import due
from collector.export import packing
from collector.export.desk import Desk as Packer
from collector.ingest import Outcome
from collector.model import FormFactor, Platform
from collector.policy import load
from collector.service.wire import response
from collector.store import devices, policies
from collector.store.devices import InventoryRow
from tests.collector.desk import BAD, GOOD, RULE, Desk
from tests.collector.export.conftest import table_of
from tests.collector.web.conftest import Browser

FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
POLICY = """
new_device_grace_days = 7
flap_hours = 24
time_zone = "Europe/Paris"
holidays = ["2026-11-24"]
[rules.firewall_blocks_inbound]
grace_days = 3
grace_counts = "working_days"
"""


def flapping(browser: Browser, enrolled_at: datetime) -> Outcome:
    """Failing on Friday, passing for eight hours of Saturday, and failing since."""
    store, clock = browser.store, browser.clock
    store.write(lambda c: policies.add(c, POLICY, enrolled_at, "admin"))
    row = InventoryRow("alpha", Platform.LINUX, FormFactor.LAPTOP, fingerprint={"board": b"b"})
    store.write(lambda c: devices.add(c, "d1", row, enrolled_at))
    version = store.read(policies.current_version)
    desk = Desk(store, clock, load(POLICY, "policy.toml", version))
    for sequence, (at, sent) in enumerate(
        ((FRIDAY, BAD), (FRIDAY + 19 * HOUR, GOOD), (FRIDAY + 27 * HOUR, BAD)), start=1
    ):
        clock.now = at
        outcome = desk.report(sequence, sent)
    clock.now = FRIDAY + 28 * HOUR
    return outcome


@pytest.mark.parametrize(
    ("enrolled_at", "day", "stamp"),
    [
        (FRIDAY - 90 * DAY, "Thursday 26 November", "2026-11-26 15:00"),
        (FRIDAY - HOUR, "Friday 27 November", "2026-11-27 14:00"),
    ],
    ids=["three working days", "a new device"],
)
def test_page_device_and_pack_name_one_date(
    helpdesk: Browser, tmp_path: Path, enrolled_at: datetime, day: str, stamp: str
) -> None:
    outcome = flapping(helpdesk, enrolled_at)
    answer = response(outcome, None, helpdesk.clock()).answer
    said = next(each for each in answer.findings if each.rule_id == RULE)
    packer = Packer.of(helpdesk.store, helpdesk.store.path.parent)
    order = packing.Order(helpdesk.clock(), tmp_path / "out", since=FRIDAY, formats=("csv",))
    pack = packing.pack(packer, order, lambda what, count: None).path
    rows = [row for row in table_of(pack, "findings") if row["rule_id"] == RULE]
    helpdesk.log_in()

    assert f"Grace until {day}" in helpdesk.get("/devices/d1")
    assert f"fix it by {stamp} UTC" in due(said, helpdesk.clock())
    assert [row["grace_ends_at"] for row in rows] == [f"{stamp.replace(' ', 'T')}:00Z"]
