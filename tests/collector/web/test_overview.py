"""The overview says where the fleet stands, and each number leads to what it counts."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

from collector.model import Compliance, Platform, Status
from collector.store import snapshots
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, FIREWALL, LAPTOP, Seen, device_id

BAD = Seen("lap-1", Compliance.NON_COMPLIANT, {DISKS: (Status.FAIL, "Not encrypted.")})
BLIND = Seen("lap-2", Compliance.UNKNOWN, {FIREWALL: (Status.UNKNOWN, "Permission denied.")})
FINE = Seen("lap-3", Compliance.COMPLIANT)


def link_of(page: str, words: str) -> str:
    """Where the first link leads whose text holds these words."""
    for href, text in re.findall(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL):
        if words in re.sub(r"(<[^>]*>|\s)+", " ", text):
            return unescape(href)
    raise AssertionError(words)


def test_without_devices_it_says_what_to_do(helpdesk: Browser) -> None:
    assert "muster-collector token create" in helpdesk.get("/")


def test_the_numbers_of_the_states_lead_to_their_devices(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD, BLIND, FINE)
    page = helpdesk.get("/")
    for words, hostname in (("Non-compliant", "lap-1"), ("Unknown", "lap-2")):
        listed = helpdesk.get(link_of(page, words))
        assert hostname in listed
        assert "lap-3" not in listed


def test_an_unknown_answer_leads_to_the_devices_that_gave_it(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD, BLIND, FINE)
    page = helpdesk.get("/")
    assert "1 of 3 answers" in page
    listed = helpdesk.get("/devices?rule=firewall_blocks_inbound&status=unknown&cause=")
    assert "lap-2" in listed
    assert "lap-1" not in listed
    assert "/devices?rule=firewall_blocks_inbound&amp;status=unknown&amp;cause=" in page


def test_what_newly_fails_is_counted_on_its_day_and_listed(helpdesk: Browser) -> None:
    helpdesk.enrol(replace(BAD, bad_for=timedelta(hours=1)))
    page = helpdesk.get("/")
    href = link_of(page, "1 newly failing")
    assert "lap-1" in helpdesk.get(href)
    assert "lap-1" not in helpdesk.get(link_of(page, "0 newly fixed"))


def test_beside_what_fails_since_today_it_does_not_say_that_nothing_changed(
    helpdesk: Browser,
) -> None:
    helpdesk.enrol(replace(BAD, bad_for=timedelta(hours=1)))
    page = helpdesk.get("/")
    assert link_of(page, "1 newly failing")
    assert "Nothing has changed" not in page
    assert "Nothing had changed before today." in page
    helpdesk.clock.advance(days=1)
    helpdesk.client.cookies.clear()
    helpdesk.log_in()
    assert "Nothing had changed" not in helpdesk.get("/")


def test_pages_of_changes_follow_each_other_without_gap(helpdesk: Browser) -> None:
    said = {DISKS: (Status.FAIL, "No."), FIREWALL: (Status.FAIL, "No.")}
    hour = timedelta(hours=1)
    every = [Seen(f"h-{n:03}", Compliance.NON_COMPLIANT, said, bad_for=hour) for n in range(75)]
    helpdesk.enrol(*every)
    page = helpdesk.get("/changes")
    rest = helpdesk.get(link_of(page, "Next"))
    found = re.findall(r'href="/devices/(id-[^"]*)"', page + rest)
    assert len(found) == 150
    assert set(found) == {device_id(each.hostname) for each in every}


def test_an_address_of_changes_that_means_nothing_is_the_page_of_today(helpdesk: Browser) -> None:
    for query in ("day=9999-12-31", "day=0001-01-01", "day=x", "at=99999999999999999", "what=x"):
        assert "Newly failing on 2026-11-22" in helpdesk.get(f"/changes?{query}")


def test_plots_are_plain_pictures_with_their_numbers_beside_them(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD, FINE)
    for _ in range(3):
        helpdesk.clock.advance(days=1)
        helpdesk.store.write(lambda c: snapshots.take(c, helpdesk.clock(), timedelta(days=7)))
    helpdesk.log_in()
    page = helpdesk.get("/")
    assert page.count('class="plot-svg"') == 3
    assert 'class="series non_compliant"' in page
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|<title|<desc", svg)
    assert '<th scope="row">2026-11-24</th>' in page


def test_platforms_add_up_to_the_fleet(helpdesk: Browser) -> None:
    mac = replace(LAPTOP, platform=Platform.MACOS)
    helpdesk.enrol(BAD, BLIND, replace(FINE, inventory=mac))
    page = helpdesk.get("/")
    assert 'href="/devices?state=compliant&amp;platform=macos">1<' in page
    assert "lap-3" in helpdesk.get("/devices?state=compliant&platform=macos")
