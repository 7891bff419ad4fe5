"""Which devices: by group, owner and last seen, in every order, as CSV, and many at once."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest

from collector.accounts.roles import Role
from collector.filtering import FILTERS
from collector.model import Compliance, Status
from collector.store import accounts, devices, groups, ownership, waivers
from collector.store.device_order import ORDERS
from collector.store.devices import DeviceFilter
from collector.store.groups import Group
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, Seen, device_id
from tests.collector.web.test_devices import names

FLEET = (
    Seen("alpha", Compliance.COMPLIANT, quiet=timedelta(minutes=5)),
    Seen("beta", Compliance.NON_COMPLIANT, {DISKS: (Status.FAIL, "=1+1")}),
    Seen("gamma", Compliance.COMPLIANT, quiet=timedelta(days=40), bad_for=timedelta(days=50)),
)


@pytest.fixture
def desk(helpdesk: Browser) -> Browser:
    helpdesk.enrol(*FLEET)
    now = helpdesk.clock()
    give = {device_id("alpha"): "alice@example.org", device_id("beta"): "bob@example.org"}
    helpdesk.store.write(lambda c: ownership.set_owners(c, give, now, "me"))
    helpdesk.store.write(lambda c: groups.add(c, Group("sales", "", "", now)))
    sales = [device_id("beta"), device_id("gamma")]
    helpdesk.store.write(lambda c: groups.add_members(c, "sales", sales, now))
    return helpdesk


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("group=sales", ["beta", "gamma"]),
        ("group=none", []),
        ("owner=alice@example.org", ["alpha"]),
        ("owner=none", ["gamma"]),
        ("q=alice", ["alpha"]),
        ("seen=over-30", ["gamma"]),
        ("seen=within-1", ["beta", "alpha"]),
        ("seen=over-nonsense", ["beta", "gamma", "alpha"]),
        ("signal=disk_encryption", ["beta"]),
        ("signal=firewall", []),
        (f"rule={DISKS}&status=pass", ["gamma", "alpha"]),
        (f"rule={DISKS}&status=fail_or_unknown", ["beta"]),
        ("sort=name", ["alpha", "beta", "gamma"]),
        ("sort=seen", ["gamma", "beta", "alpha"]),
        ("sort=since", ["gamma", "beta", "alpha"]),
        ("sort=drop table", ["beta", "gamma", "alpha"]),
        ("sort=name&group=sales&state=non_compliant", ["beta"]),
    ],
)
def test_a_list_is_narrowed_and_ordered_by_its_address(
    desk: Browser, asked: str, found: list[str]
) -> None:
    assert names(desk.get(f"/devices?{asked}")) == found


def test_whoever_may_not_see_people_cannot_ask_by_owner(desk: Browser) -> None:
    desk.store.write(lambda c: accounts.set_role(c, "admin", Role.VIEWER))
    page = desk.get("/devices?owner=alice@example.org&q=")
    assert "alice@example.org" not in page
    assert names(page) == ["beta", "gamma", "alpha"]
    assert names(desk.get("/devices?q=alice")) == []
    content = desk.client.get("/devices/csv?owner=alice@example.org").text
    assert "gamma" in content
    assert "alice" not in content


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_goes_on_where_the_page_ended(desk: Browser, order: str) -> None:
    found: list[str] = []
    after = None
    while True:
        wanted = DeviceFilter(order=order, after=after, limit=1)
        page = desk.store.read(
            lambda c, w=wanted: devices.find(c, w, desk.clock(), timedelta(days=7))
        )
        found += [each.hostname for each in page.devices]
        after = page.next_after
        if after is None:
            break
    assert sorted(found) == ["alpha", "beta", "gamma"]


@pytest.mark.parametrize("place", ["name=x&id=y", "name=-9999999999999999&id=%00", "name=²&id=1"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_made_up_place_is_an_ordinary_answer(desk: Browser, order: str, place: str) -> None:
    assert desk.client.get(f"/devices?sort={order}&{place}").status_code == 200


def test_what_is_shown_comes_as_csv_that_no_spreadsheet_runs(desk: Browser) -> None:
    answer = desk.client.get("/devices/csv?group=sales&sort=name")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeffdevice_id,hostname,")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["hostname"], row["owner"], row["groups"]) for row in rows] == [
        ("beta", "bob@example.org", "sales"),
        ("gamma", "", "sales"),
    ]
    assert rows[0]["failing_rules"] == DISKS
    (record,) = [r for r in desk.audited() if r["action"] == "export.written"]
    assert record["on"] == "devices"


def bulk(browser: Browser, **form: str) -> str:
    answer = browser.send("/devices/bulk", "/devices", **form)
    assert answer.status_code in (200, 400, 409), answer.text
    return answer.text


def test_ticked_devices_are_put_into_a_group_after_they_were_counted(desk: Browser) -> None:
    page = bulk(desk, scope="chosen", device=device_id("alpha"))
    assert "<h1>1 device</h1>" in page
    said = bulk(desk, scope="chosen", device=device_id("alpha"), action="in", group="sales")
    assert "1 device changed its groups." in said
    assert len(desk.store.read(lambda c: groups.members(c, "sales"))) == 3
    assert "There is no group" in bulk(
        desk, scope="chosen", device=device_id("alpha"), action="in", group="none"
    )
    assert "No device is chosen" in bulk(desk, scope="chosen", action="in", group="sales")


def test_all_that_match_are_taken_when_they_are_as_many_as_were_counted(desk: Browser) -> None:
    query = "/devices?state=compliant"
    page = bulk(desk, scope="all", query=query)
    counted = re.search(r'name="counted" value="(\d+)"', page)
    assert counted
    form = {"scope": "all", "query": query, "action": "make", "group": "good"}
    assert "nothing was done" in html.unescape(bulk(desk, counted="7", **form))
    said = bulk(desk, counted=counted[1], **form)
    assert "1 device is in the new group." in said
    assert desk.store.read(lambda c: groups.members(c, "good")) == [device_id("alpha")]


def test_a_waiver_is_asked_for_on_each_and_waits_for_somebody_else(desk: Browser) -> None:
    until = f"{desk.clock() + timedelta(days=9):%Y-%m-%d}"
    form = {"scope": "chosen", "device": device_id("beta"), "action": "waive", "rule": DISKS}
    said = bulk(desk, until=until, reason="in repair", **form)
    assert "1 waivers are asked for and wait for somebody else" in said
    waiting = desk.store.read(lambda c: waivers.waiting(c, desk.clock(), 0, 10))
    assert [each.asked.reason for each in waiting] == ["in repair"]
    assert "is not a day" in bulk(desk, until="tomorrow", reason="x", **form)


FOLD = re.compile(r'<details class="fold"( open)?>(.*?)</details>', re.DOTALL)


@pytest.mark.parametrize(
    ("asked", "is_open"),
    [
        ("", False),
        ("?q=a&state=stale&rule=disk_encrypted", False),
        ("?platform=windows", True),
        ("?seen=over-7", True),
        ("?sort=name", True),
        ("?owner=none", True),
    ],
)
def test_what_is_seldom_asked_is_folded_away_until_it_is_set(
    desk: Browser, asked: str, is_open: bool
) -> None:
    fold = FOLD.search(desk.get(f"/devices{asked}"))
    assert fold is not None
    assert (fold[1] is not None) is is_open
    inside = set(re.findall(r' name="(\w+)"', fold[2]))
    assert inside == {f.key for f in FILTERS} - {"q", "state", "rule", "cause"}
