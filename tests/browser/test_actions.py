"""What each role does in a real browser: who may does it, and who may not finds no way to it."""

import re
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts.roles import Permission, Role, may
from collector.store import devices, groups
from collector.store.groups import Group
from tests.browser.served import Served
from tests.browser.test_keyboard import HERE, step_to
from tests.browser.visits import visit

LAPTOP = "/devices/id-lap-elena"
EVERY = pytest.mark.parametrize("role", list(Role))
FORGED = """async path => (await fetch(path, {method: 'POST', body: new URLSearchParams({
  form_token: document.querySelector('[name=form_token]').value, seen: 'x', action: 'owner'})})
  ).status"""
BELONGING = (
    (f"{LAPTOP}/change", Permission.CHANGE_DEVICES),
    (f"{LAPTOP}/retire", Permission.RETIRE_DEVICES),
    (f"{LAPTOP}/forget", Permission.RETIRE_DEVICES),
    (f"{LAPTOP}/check-now", Permission.ASK_FOR_CHECK),
    ("/waivers/new", Permission.REQUEST_WAIVER),
    ("/waivers/1/decide", Permission.APPROVE_WAIVER),
    ("/people/import", Permission.MANAGE_PEOPLE),
    ("/groups/new", Permission.MANAGE_PEOPLE),
    ("/policy/edit", Permission.CHANGE_POLICY),
    ("/accounts", Permission.MANAGE_ACCOUNTS),
    ("/audit/sign", Permission.REVIEW_AUDIT),
)


def opened(page: Page, words: str) -> None:
    page.locator("summary", has_text=words).first.click()


@EVERY
def test_what_a_role_may_not_do_is_not_there_for_it(
    chromium: Browser, site: Served, role: Role
) -> None:
    """Also for who writes the request by hand, with a token of the page."""
    with visit(chromium, site, role) as visited:
        visited.page.goto(site.at + LAPTOP)
        for path, needs in BELONGING:
            if not may(role, needs):
                assert visited.page.evaluate(FORGED, path) == 404, path


@EVERY
def test_the_owner_and_the_groups_of_a_device(chromium: Browser, site: Served, role: Role) -> None:
    with visit(chromium, site, role) as visited:
        page = visited.page
        page.goto(site.at + LAPTOP)
        if not may(role, Permission.CHANGE_DEVICES):
            assert page.get_by_role("button", name="Set the owner").count() == 0
            return
        opened(page, "Change")
        page.get_by_label("Owner's e-mail").fill(f"{role}@example.org")
        page.get_by_role("button", name="Set the owner").click()
        expect(page.locator(".care [role=status]")).to_have_text("The owner is set.")
        opened(page, "Change")
        page.get_by_label("Groups, with spaces").fill("sales")
        page.get_by_role("button", name="Set the groups").click()
        expect(page.locator("a.tag", has_text="sales")).to_have_count(1)
        assert visited.complaints == []


@EVERY
def test_a_waiver_is_asked_for(chromium: Browser, site: Served, role: Role) -> None:
    with visit(chromium, site, role) as visited:
        page = visited.page
        page.goto(site.at + "/devices/id-lap-bruno")
        link = page.get_by_role("link", name="Ask for a waiver").first
        if not may(role, Permission.REQUEST_WAIVER):
            assert link.count() == 0
            return
        link.click()
        rules = page.locator("select#rule option")
        value = rules.nth(list(Role).index(role)).get_attribute("value")
        page.locator("select#rule").select_option(value)
        page.locator("#until").fill("2026-12-01")
        page.locator("#reason").fill(f"in repair, says {role}")
        page.locator("main form button[type=submit]").last.click()
        page.goto(site.at + "/waivers")
        expect(page.get_by_text(f"in repair, says {role}").first).to_be_visible()
        assert visited.complaints == []


@EVERY
def test_a_group_is_made_and_removed(chromium: Browser, site: Served, role: Role) -> None:
    with visit(chromium, site, role) as visited:
        page = visited.page
        page.goto(site.at + "/groups")
        if not may(role, Permission.MANAGE_PEOPLE):
            assert page.get_by_role("button", name="Make the group").count() == 0
            return
        page.locator("#name").fill(f"of-{role}")
        page.get_by_role("button", name="Make the group").click()
        expect(page.locator("h1")).to_have_text(f"of-{role}")
        page.locator("#typed").fill(f"of-{role}")
        page.get_by_role("button", name="Remove the group").click()
        page.wait_for_url(re.compile(r"/groups$"))
        assert page.get_by_text(f"of-{role}").count() == 0
        assert visited.complaints == []


@EVERY
def test_a_check_now_is_asked_for(chromium: Browser, site: Served, role: Role) -> None:
    with visit(chromium, site, role) as visited:
        page = visited.page
        page.goto(site.at + "/devices/id-mac-farid")
        button = page.get_by_role("button", name="Check now")
        if not may(role, Permission.ASK_FOR_CHECK):
            assert button.count() == 0
            return
        button.click()
        page.wait_for_load_state()
        expect(page.locator("h1")).to_have_text("mac-farid")
        assert visited.complaints == []


def test_a_device_is_retired_with_the_keyboard_alone(chromium: Browser, site: Served) -> None:
    with visit(chromium, site, Role.ADMIN) as visited:
        page = visited.page
        page.goto(site.at + "/devices/id-pc-workshop")
        for words in ("Out of service", "Retire the device"):
            step_to(page, words)
            page.keyboard.press("Enter")
        page.wait_for_url("**/devices/id-pc-workshop?done=retire*")
        assert page.evaluate(HERE) is not None
    kept = site.world.browser.store.read(lambda c: devices.get(c, "id-pc-workshop"))
    assert kept is not None
    assert kept.retired_at is not None


def test_two_editors_of_a_group_overwrite_nothing(chromium: Browser, site: Served) -> None:
    now = site.world.browser.clock()
    site.world.browser.store.write(partial(groups.add, group=Group("two", "", "", now)))
    with visit(chromium, site, Role.ADMIN) as one, visit(chromium, site, Role.HELPDESK) as other:
        for visited in (one, other):
            visited.page.goto(site.at + "/groups/group/two")
            opened(visited.page, "Change")
        for visited, words in ((one, "Benches"), (other, "Desks")):
            visited.page.locator("#description").fill(words)
            visited.page.get_by_role("button", name="Save").click()
        expect(other.page.get_by_role("alert")).to_contain_text("Somebody changed this group")
        expect(other.page.locator("#description")).to_have_value("Benches")
