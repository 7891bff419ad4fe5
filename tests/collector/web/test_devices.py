import re
import sqlite3
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event

from collector.listing import PAGE_SIZE
from collector.model import Compliance, Platform, Status, Waiver
from collector.store import devices
from tests.collector.granting import grant
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, FIREWALL, LAPTOP, Seen, device_id

PLAIN = (Status.FAIL, "/ is not encrypted.")
OPEN_DOOR = (Status.FAIL, "IPv6 lets new inbound traffic in.")
UNSEEN = (Status.UNKNOWN, "The disks could not be read: permission denied.")
BAD = Seen("zeta", Compliance.NON_COMPLIANT, {DISKS: PLAIN, FIREWALL: OPEN_DOOR})
UNCLEAR = Seen("unclear", Compliance.UNKNOWN, {DISKS: UNSEEN})
SILENT = Seen("silent", Compliance.COMPLIANT, quiet=timedelta(days=12))
GOOD = Seen("alpha", Compliance.COMPLIANT)


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)


def test_the_worst_come_first(helpdesk: Browser) -> None:
    helpdesk.enrol(GOOD, SILENT, UNCLEAR, BAD)
    page = helpdesk.get("/devices")
    assert names(page) == ["zeta", "unclear", "silent", "alpha"]
    assert "/ is not encrypted." in page
    assert "permission denied. <small>(unknown)</small>" in page
    assert re.findall(r'class="count">(\d+)', page) == ["1", "1", "1", "1", "4"]


def test_every_state_says_what_it_means_and_the_chosen_one_in_a_sentence(helpdesk: Browser) -> None:
    helpdesk.enrol(GOOD)
    stale = "Not heard of for 7 days; what was last known is shown."
    page = helpdesk.get("/devices")
    assert f'title="{stale}"' in page
    assert f"<dt>Stale</dt><dd>{stale}</dd>" in page
    page = helpdesk.get("/devices?state=stale")
    assert f'<p class="meaning"><b>Stale:</b> {stale}</p>' in page
    assert "<dt>Stale</dt>" not in page


def test_devices_of_one_name_are_told_apart_by_their_ids(helpdesk: Browser) -> None:
    row, now = replace(LAPTOP, hostname="twin"), helpdesk.clock()
    for each in ("3f9c0e12-aaaa", "4f9c0e12-bbbb"):
        helpdesk.store.write(partial(devices.add, device_id=each, inventory=row, enrolled_at=now))
    shown = re.findall(r'<small class="id">id (\w+)</small>', helpdesk.get("/devices"))
    assert shown == ["3f9c0e12", "4f9c0e12"]


def test_the_filters_are_folded_unless_one_is_in_use(helpdesk: Browser) -> None:
    helpdesk.enrol(GOOD)
    assert '<details class="fold">' in helpdesk.get("/devices?q=a")
    assert '<details class="fold" open>' in helpdesk.get("/devices?platform=linux")


def test_a_state_is_said_in_words_and_by_a_shape_not_by_colour_alone(helpdesk: Browser) -> None:
    helpdesk.enrol(GOOD, SILENT, UNCLEAR, BAD)
    page = helpdesk.get("/devices")
    badges = re.findall(r'<span class="badge (\w+)">(.*?)</span>', page, re.DOTALL)
    assert [kind for kind, _ in badges] == ["non_compliant", "unknown", "stale", "compliant"]
    assert all("<svg" in inside for _, inside in badges)
    shapes = [re.sub(r"\s*</svg>\s*[\w-]+$", "", inside) for _, inside in badges]
    assert len(set(shapes)) == 4


def test_beside_failures_what_is_unknown_is_a_number(helpdesk: Browser) -> None:
    helpdesk.enrol(replace(BAD, said={DISKS: UNSEEN, FIREWALL: OPEN_DOOR}))
    page = helpdesk.get("/devices")
    assert "<small>1 unknown</small>" in page
    assert "permission denied" not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=non_compliant", ["zeta"]),
        ("state=stale", ["silent"]),
        ("platform=windows", ["win"]),
        (f"rule={FIREWALL}", ["zeta"]),
        (f"rule={DISKS}", ["zeta"]),
        ("q=LPH", ["alpha"]),
        ("q=pf0x1234&state=unknown", ["unclear"]),
        ("state=nonsense&platform=amiga", ["zeta", "unclear", "silent", "alpha", "win"]),
    ],
)
def test_filters_narrow_the_list(helpdesk: Browser, query: str, expected: list[str]) -> None:
    windows = replace(LAPTOP, platform=Platform.WINDOWS, serial="W1")
    helpdesk.enrol(GOOD, SILENT, UNCLEAR, BAD, replace(GOOD, hostname="win", inventory=windows))
    assert names(helpdesk.get(f"/devices?{query}")) == expected


def test_without_a_device_the_page_says_how_to_get_one(helpdesk: Browser) -> None:
    assert "muster-collector token create" in helpdesk.get("/devices")


def test_without_a_match_the_page_says_what_to_try(helpdesk: Browser) -> None:
    helpdesk.enrol(GOOD)
    assert "Show all devices" in helpdesk.get("/devices?q=nothing")


def test_a_device_that_has_not_reported_is_not_said_to_be_without_problems(
    helpdesk: Browser,
) -> None:
    row = replace(LAPTOP, hostname="new")
    helpdesk.store.write(lambda c: devices.add(c, "new", row, helpdesk.clock()))
    page = helpdesk.get("/devices")
    assert "No report yet" in page
    assert "Nothing</span>" not in page


def test_pages_follow_each_other_across_states_without_loss(helpdesk: Browser) -> None:
    bad = [replace(BAD, hostname=f"bad-{n:03}") for n in range(PAGE_SIZE - 1)]
    good = [replace(GOOD, hostname=f"good-{n:03}") for n in range(PAGE_SIZE + 3)]
    helpdesk.enrol(*bad, *good)
    seen, path = [], "/devices"
    for _ in range(5):
        page = helpdesk.get(path)
        seen += names(page)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        if following is None:
            break
        path = following[1].replace("&amp;", "&")
    assert seen == [each.hostname for each in (*bad, *good)]


def test_the_number_of_questions_does_not_grow_with_the_devices(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD, replace(BAD, hostname="another"))
    helpdesk.get("/devices")  # The first one reads the policy.
    few = _questions(helpdesk)
    helpdesk.enrol(*(replace(BAD, hostname=f"more-{n}") for n in range(30)))
    assert _questions(helpdesk) == few <= 30


def _questions(helpdesk: Browser) -> int:
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    def watched(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(counted)

    engine = helpdesk.store._readers
    event.listen(engine, "checkout", watched)
    helpdesk.get("/devices")
    event.remove(engine, "checkout", watched)
    return count


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", "' OR 1=1 --", "*", "é", "%%"])
def test_what_is_searched_for_is_only_text(helpdesk: Browser, text: str) -> None:
    helpdesk.enrol(GOOD, BAD)
    page = helpdesk.client.get("/devices", params={"q": text})
    assert page.status_code == 200
    assert names(page.text) == []


def test_a_search_without_end_is_cut_and_quick(helpdesk: Browser) -> None:
    helpdesk.enrol(GOOD)
    began = time.monotonic()
    for text in ("%" * 20_000, "a" * 60_000, "\x00\x1b" * 9):
        assert helpdesk.client.get("/devices", params={"q": text}).status_code == 200
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("query", ["from=x&name=y&id=z", "id=%00", "from=stale&id=zzzz&name=zzzz"])
def test_an_address_made_by_hand_does_no_harm(helpdesk: Browser, query: str) -> None:
    helpdesk.enrol(GOOD, BAD)
    helpdesk.get(f"/devices?{query}")


def test_a_waived_failure_says_until_when(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD)
    now = helpdesk.clock()
    waiver = Waiver(device_id("zeta"), DISKS, "spare", "alice", now, now + timedelta(days=9))
    helpdesk.store.write(lambda c: grant(c, waiver))
    page = helpdesk.get("/devices")
    assert "/ is not encrypted. <small>(waived until Tuesday 1 December)</small>" in page


def test_what_most_devices_fail_leads_to_them(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD, replace(BAD, hostname="b", said={FIREWALL: OPEN_DOOR}), GOOD)
    page = helpdesk.get("/devices")
    causes = re.findall(
        r'<li><a class="fail" href="/devices\?rule=(\w+)">.*?<b>(\d+)</b>', page, re.DOTALL
    )
    assert causes == [(FIREWALL, "2"), (DISKS, "1")]
