"""A device's page says that it may be an earlier laptop, installed anew; a person decides."""

import re

import pytest

from collector.accounts.roles import Role
from collector.store import continuations, devices
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import device_id, installed_anew
from tests.collector.web.test_crawl import World, world

__all__ = ["world"]

WAS, IS = device_id("was-lap"), device_id("lap")
HERE, BEFORE = f"/devices/{IS}", f"/devices/{WAS}"


@pytest.fixture
def desk(helpdesk: Browser) -> Browser:
    two_of_one(helpdesk)
    return helpdesk


def two_of_one(browser: Browser) -> None:
    browser.enrol(*installed_anew("lap"))
    browser.store.write(lambda c: continuations.find(c, IS, [WAS], browser.clock()))


def seen(browser: Browser) -> str:
    found = re.search(r'name="seen" value="(\w+)"', browser.get(HERE))
    assert found
    return found[1]


def test_what_is_said_to_be_one_laptop_leads_from_each_to_the_other(desk: Browser) -> None:
    assert f'This may be the same laptop as <a href="{BEFORE}">was-lap</a>' in desk.get(HERE)
    assert f'<a href="{HERE}">lap</a> <span>enrolled' in desk.get("/enrollment")

    answer = desk.send(f"{HERE}/continue", HERE, seen=seen(desk), of=WAS)

    assert answer.headers["location"] == f"{HERE}?done=continue#care"
    page = desk.get(answer.headers["location"])
    assert "The two are one laptop: the earlier one is retired." in page
    assert f'The same laptop as <a href="{BEFORE}">was-lap</a>, installed anew.' in page
    assert "The same laptop as before, installed anew" in desk.get(f"{HERE}/history")
    assert f'goes on as <a href="{HERE}">lap</a>' in desk.get(BEFORE)
    assert "Perhaps the same laptop" not in desk.get("/enrollment")
    record = [each for each in desk.audited() if each["action"] == "device.changed"][-1]
    assert (record["on"], record["detail"]) == (f"device:{IS}", {"to": "continue", "of": WAS})


def test_who_was_slower_is_told_so_and_changes_nothing(desk: Browser) -> None:
    before = seen(desk)
    desk.send(f"{HERE}/continue", HERE, seen=before, of=WAS)
    again = desk.send(f"{HERE}/continue", HERE, seen=before, of=WAS)
    assert again.status_code == 400
    assert "continues another device already" in again.text
    other = desk.send(f"{HERE}/continue", HERE, seen="0" * 16, of=WAS)
    assert other.status_code == 409


def test_one_that_still_speaks_is_refused_with_what_to_do(desk: Browser) -> None:
    form = seen(desk)
    desk.store.write(lambda c: devices.touch(c, WAS, 8, desk.clock()))
    assert "This may be the same laptop" not in desk.get(HERE)
    answer = desk.send(f"{HERE}/continue", HERE, seen=form, of=WAS)
    assert answer.status_code == 400
    assert "Find both, and retire the one that should not be there." in answer.text


def test_what_is_not_there_is_not_continued(desk: Browser) -> None:
    answer = desk.send(f"{HERE}/continue", HERE, seen=seen(desk), of="x")
    assert answer.status_code == 400
    assert "The earlier device is not there" in answer.text
    assert desk.send("/devices/never/continue", HERE, of=WAS).status_code == 404


@pytest.mark.parametrize("role", [*Role])
def test_the_button_is_shown_to_whoever_may_retire_devices(world: World, role: Role) -> None:
    two_of_one(world.browser)
    page = world.ask(role, "GET", HERE, {}).text
    assert "This may be the same laptop" in page
    assert ("It is the same laptop" in page) is (role in (Role.ADMIN, Role.OWNER))
