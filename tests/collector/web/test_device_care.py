"""What is decided on a device's page: done once, over nothing unseen, and kept in its history."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from collector.incidents.kinds import alarm
from collector.model import Compliance, Status
from collector.store import (
    certificates,
    devices,
    groups,
    incidents,
    ownership,
    persons,
    waivers,
)
from collector.store.certificates import Certificate
from collector.store.groups import Group
from collector.store.incidents import Closing
from collector.store.persons import Person
from collector.store.waivers import Asked
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, Seen, device_id

NAME = device_id("lap-1")
HERE = f"/devices/{NAME}"


@pytest.fixture
def desk(helpdesk: Browser) -> Browser:
    helpdesk.enrol(
        Seen("lap-1", Compliance.NON_COMPLIANT, {DISKS: (Status.FAIL, "Not encrypted.")})
    )
    helpdesk.store.write(lambda c: groups.add(c, Group("sales", "", "", helpdesk.clock())))
    return helpdesk


def seen(browser: Browser, path: str = HERE) -> str:
    found = re.search(r'name="seen" value="(\w+)"', browser.get(path))
    assert found
    return found[1]


def change(browser: Browser, **form: str) -> int:
    filled = {"seen": seen(browser), **form}
    return browser.send(f"{HERE}/change", HERE, **filled).status_code


def test_what_went_wrong_stands_where_the_page_begins(desk: Browser) -> None:
    """On a phone the form is far below."""
    answer = desk.send(f"{HERE}/change", HERE, action="owner", owner="a@example.org", seen="old")
    assert answer.status_code == 409
    assert 0 < answer.text.index('role="alert"') < answer.text.index('id="device-head"')
    assert 'href="#care"' in answer.text


def test_an_owner_and_groups_are_set_and_the_history_says_so(desk: Browser) -> None:
    assert change(desk, action="owner", owner="Alice@example.org") == 303
    desk.clock.advance(minutes=1)
    assert change(desk, action="groups", groups="sales") == 303
    page = desk.get(HERE)
    assert '<a href="/people/person/alice%40example.org">alice@example.org</a>' in page
    assert '<a class="tag" href="/groups/group/sales">sales</a>' in page
    assert "Given to alice@example.org" in page
    assert "into sales, by admin" in page
    assert "Every disk volume is encrypted: Fails" in page
    assert "Enrolled" in desk.get(f"{HERE}/history")


def test_two_people_at_once_lose_nothing(desk: Browser) -> None:
    before = seen(desk)
    assert change(desk, action="owner", owner="alice@example.org") == 303
    answer = desk.send(f"{HERE}/change", HERE, seen=before, action="owner", owner="bob@example.org")
    assert answer.status_code == 409
    assert "Somebody changed this device meanwhile" in answer.text
    assert "alice@example.org" in answer.text
    held = desk.store.read(lambda c: devices.get(c, NAME))
    assert held is not None
    assert held.owner == "alice@example.org"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "owner", "owner": "alice"}, "The owner: write an e-mail address"),
        ({"action": "groups", "groups": "sales none"}, "There is no group &#39;none&#39;"),
        ({"action": "release"}, "The device is not in quarantine."),
    ],
)
def test_what_cannot_be_done_is_said_and_what_was_typed_stays(
    desk: Browser, form: dict[str, str], said: str
) -> None:
    answer = desk.send(f"{HERE}/change", HERE, seen=seen(desk), **form)
    assert answer.status_code == 400
    assert said in answer.text
    for value in form.values():
        assert value == "release" or value in answer.text
    (record,) = [r for r in desk.audited() if r["outcome"] == "failed"]
    assert record["action"] == "device.changed"


def test_a_quarantine_is_ended_by_whoever_may(desk: Browser) -> None:
    desk.store.write(lambda c: devices.quarantine(c, NAME, "two of them", desk.clock()))
    assert change(desk, action="release") == 303
    assert "Released from quarantine" in desk.get(HERE)


def test_a_retired_device_is_out_of_every_list_and_only_forgotten(desk: Browser) -> None:
    answer = desk.send(f"{HERE}/retire", HERE, seen=seen(desk))
    assert answer.status_code == 303
    page = desk.get(HERE)
    assert "Retired on" in page
    assert f'action="{HERE}/change"' not in page
    assert "lap-1" not in desk.get("/devices")
    again = desk.send(f"{HERE}/retire", "/account", seen="x")
    assert again.status_code == 409


def test_forgetting_asks_for_the_name_and_erases(desk: Browser) -> None:
    path = f"{HERE}/forget"
    assert "What stays: the audit log" in desk.get(path)
    answer = desk.send(path, seen=seen(desk, path), typed="lap-2")
    assert answer.status_code == 400
    assert "type its name exactly as it is shown" in answer.text
    assert desk.send(path, seen=seen(desk, path), typed="lap-1").status_code == 303
    assert desk.client.get(HERE).status_code == 404
    assert desk.client.get(f"{HERE}/history").status_code == 404
    assert desk.send(f"{HERE}/change", "/account", action="owner").status_code == 404
    (record,) = [r for r in desk.audited() if r["action"] == "device.forgotten"
                 and r["outcome"] == "done"][-1:]  # fmt: skip
    assert record["on"] == f"device:{NAME}"
    assert not [each for each in desk.audited() if "lap-1" in str({**each, "on": ""})]


def test_forgetting_asks_for_the_second_factor_again(desk: Browser) -> None:
    desk.clock.advance(minutes=12)
    answer = desk.client.get(f"{HERE}/forget")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/confirm?next=")


def test_a_long_history_comes_page_by_page_without_a_gap(desk: Browser) -> None:
    for number in range(70):
        desk.clock.advance(seconds=5)
        give = {NAME: f"p{number:02}@example.org"}
        desk.store.write(lambda c, give=give: ownership.set_owners(c, give, desk.clock(), "me"))
    found, path = [], f"{HERE}/history"
    while path:
        page = desk.get(path)
        found += re.findall(r"Given to p(\d\d)@", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(following[1]) if following else ""
    assert found == [f"{number:02}" for number in reversed(range(70))]
    assert "Nothing is kept" in desk.get(f"{HERE}/history?before=1")
    assert "Given to p69@" in desk.get(f"{HERE}/history?before=nonsense")


def test_an_owner_who_left_is_named_as_such(desk: Browser) -> None:
    left = desk.clock() - timedelta(days=5)
    desk.store.write(
        lambda c: persons.put(c, Person("eve@example.org", "Eve", left_at=left), desk.clock())
    )
    assert change(desk, action="owner", owner="eve@example.org") == 303
    assert "Eve, who left on Tuesday 17 November" in desk.get(HERE)


def test_a_certificate_that_has_expired_is_said_to_be_refused(desk: Browser) -> None:
    now = desk.clock()
    ended = Certificate("f00d", NAME, now, now)
    desk.store.write(lambda c: certificates.add(c, ended))
    assert "Certificate expired: it is refused" in desk.get(HERE)
    assert re.search("Refused since [^.]*: its certificate has expired", desk.get(HERE))


def test_a_device_that_comes_with_a_revoked_certificate_is_not_asleep(desk: Browser) -> None:
    words, now = "it came with a certificate that was revoked", desk.clock()
    other = alarm("certificate_revoked", "device:other", "serial 1")
    desk.store.write(lambda c: incidents.open_or_count(c, other, now))
    assert words not in desk.get(HERE)
    mine = alarm("certificate_revoked", f"device:{NAME}", "serial 2")
    opened = desk.store.write(lambda c: incidents.open_or_count(c, mine, now))
    assert words in desk.get(HERE)
    assert opened is not None
    closing = Closing("alice", "It was enrolled anew.", "None.")
    desk.store.write(lambda c: incidents.close(c, opened.number, closing, now))
    assert words not in desk.get(HERE)


@pytest.mark.parametrize("group", ["", "sales"])
def test_a_waiver_that_ended_by_itself_stands_in_the_history(desk: Browser, group: str) -> None:
    write, now = desk.store.write, desk.clock()
    write(lambda c: groups.add_members(c, "sales", [NAME], now))
    ends_at, named = now + timedelta(minutes=2), "" if group else NAME
    lasting = Asked(DISKS, "in repair", "alice", ends_at, named, group)
    for each in (lasting, replace(lasting, rule_id="os_supported")):
        write(lambda c, each=each: waivers.approve(c, waivers.request(c, each, now), "bob", now))
    desk.clock.advance(minutes=1)
    write(lambda c: waivers.end(c, 2, "bob", desk.clock()))
    assert "Waiver ended by itself" not in desk.get(f"{HERE}/history")
    desk.clock.advance(minutes=2)
    told = re.findall(r"<b>Waiver ended by itself</b> <small>(.*?)<", desk.get(f"{HERE}/history"))
    about = f"{group}: " if group else ""
    assert told == [f"{about}Every disk volume is encrypted, number 1"]
