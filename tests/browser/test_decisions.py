"""What is decided in a real browser, by each role: it is done, or there is no way to it.

A role has one tab for all of it, and objects of its own: no test leans on another.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from collector import releasing
from collector.accounts.roles import Permission, Role, may
from collector.incidents.kinds import alarm
from collector.model import Compliance
from collector.store import commands, devices, disputes, groups, incidents, persons, waivers
from collector.store.disputes import SYSTEM, Place, Turned
from collector.store.groups import Group
from collector.store.waivers import Asked
from tests.browser.served import Served
from tests.browser.visits import Visit, visit
from tests.collector.web.fleet import Seen, device_id

EVERY = pytest.mark.parametrize("role", list(Role))
Tab = Callable[[Role], Page]


@pytest.fixture(scope="module")
def tab(chromium: Browser, site: Served) -> Iterator[Tab]:
    """The one tab of a role; nothing may have been complained of in any of them."""
    with ExitStack() as open_ones:
        tabs: dict[Role, Visit] = {}

        def of(role: Role) -> Page:
            if role not in tabs:
                tabs[role] = open_ones.enter_context(visit(chromium, site, role))
            return tabs[role].page

        yield of
        assert [said for each in tabs.values() for said in each.complaints] == []


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).last.click()


def no_way(page: Page, words: str) -> bool:
    """Neither a button nor a link."""
    buttons = page.get_by_role("button", name=words).count()
    return buttons + page.get_by_role("link", name=words).count() == 0


def opens(page: Page, address: str, may_see: bool) -> bool:
    """Goes there; who may not see it is answered as if it were not there."""
    if may_see:
        page.goto(address)
    else:
        assert page.request.get(address).status == 404
    return may_see


def enrolled(site: Served, hostname: str) -> str:
    site.world.browser.enrol(Seen(hostname, Compliance.COMPLIANT))
    return device_id(hostname)


def waiver(site: Served, named: str, rule_id: str, reason: str) -> int:
    """The number of one that somebody else asks for."""
    now = site.world.browser.clock()
    asked = Asked(rule_id, reason, "eve", now + timedelta(days=9), named)
    return site.world.browser.store.write(lambda c: waivers.request(c, asked, now))


def row_of(page: Page, number: int) -> Locator:
    return page.locator(f"#number-{number}")


@EVERY
def test_waivers_are_approved_refused_and_ended(tab: Tab, site: Served, role: Role) -> None:
    page, named = tab(role), enrolled(site, f"waived-{role}")
    good = waiver(site, named, "disk_encrypted", f"in repair, {role}")
    bad = waiver(site, named, "firewall_blocks_inbound", f"no reason, {role}")
    page.goto(f"{site.at}/waivers?show=waiting")
    if not may(role, Permission.APPROVE_WAIVER):
        assert no_way(page, "Approve")
        assert no_way(page, "Refuse")
        return
    with page.expect_navigation():
        row_of(page, good).get_by_role("button", name="Approve").click()
    page.goto(f"{site.at}/waivers?show=waiting")
    row_of(page, bad).locator("[name=remark]").fill("it can be mended")
    with page.expect_navigation():
        row_of(page, bad).get_by_role("button", name="Refuse").click()
    page.goto(f"{site.at}/waivers?show=in_force")
    with page.expect_navigation():
        row_of(page, good).get_by_role("button", name="End it now").click()
    page.goto(f"{site.at}/waivers?show=over")
    expect(row_of(page, good)).to_contain_text(f"some-{role} ended it")
    expect(row_of(page, bad)).to_contain_text("it can be mended")


@EVERY
def test_a_policy_is_tried_and_put_in_force(tab: Tab, site: Served, role: Role) -> None:
    page = tab(role)
    page.goto(f"{site.at}/policy")
    if not may(role, Permission.CHANGE_POLICY):
        assert no_way(page, "Edit the policy")
        return
    page.get_by_role("link", name="Edit the policy").click()
    text = page.locator("#text").input_value()
    page.locator("#text").fill(f"# Looked through by {role}.\n{text}")
    page.locator("#note").fill(f"Looked through, {role}")
    press(page, "Show what it would change")
    expect(page.locator("#tried")).to_be_visible()
    press(page, "Put it in force")
    page.wait_for_url("**/policy")
    expect(page.locator("main")).to_contain_text(f"Looked through, {role}")


@EVERY
def test_a_device_is_forgotten(tab: Tab, site: Served, role: Role) -> None:
    page, named = tab(role), enrolled(site, f"sold-{role}")
    page.goto(f"{site.at}/devices/{named}")
    if not may(role, Permission.RETIRE_DEVICES):
        assert page.locator("summary", has_text="Out of service").count() == 0
        assert no_way(page, "Forget it")
        return
    page.locator("summary", has_text="Out of service").click()
    page.get_by_role("link", name="Forget it").click()
    page.locator("#typed").fill(f"sold-{role}")
    press(page, "Forget the device")
    page.wait_for_url("**/devices")
    assert site.world.browser.store.read(lambda c: devices.get(c, named)) is None


@EVERY
def test_owners_are_imported_from_a_file(tab: Tab, site: Served, role: Role) -> None:
    page = tab(role)
    if not may(role, Permission.MANAGE_PEOPLE):
        page.goto(f"{site.at}{'/people' if may(role, Permission.SEE_PEOPLE) else '/'}")
        assert no_way(page, "Import owners")
        return
    named, email = enrolled(site, f"owned-{role}"), f"new-{role}@example.org"
    page.goto(f"{site.at}/people")
    page.get_by_role("link", name="Import owners").click()
    lines = f"email,name,device\n{email},New Owner,owned-{role}\n".encode()
    page.locator("#file").set_input_files(
        {"name": "owners.csv", "mimeType": "text/csv", "buffer": lines}
    )
    press(page, "Show what it would change")
    expect(page.locator("#plan")).to_have_text("This would change")
    press(page, "Take it over")
    expect(page.locator("#plan")).to_have_text("This is done")
    mine = site.world.browser.store.read(lambda c: persons.devices_of(c, email, 5))
    assert [each.device_id for each in mine] == [named]


@EVERY
def test_a_screen_is_locked_for_a_reason(tab: Tab, site: Served, role: Role) -> None:
    page, named = tab(role), enrolled(site, f"left-{role}")
    page.goto(f"{site.at}/devices/{named}")
    if not may(role, Permission.LOCK_SCREEN):
        assert no_way(page, "Lock the screen")
        return
    page.get_by_role("link", name="Lock the screen").click()
    page.locator("#reason").fill("left open in the hall")
    press(page, "Lock the screen")
    expect(page.get_by_text("Waits for the device.")).to_be_visible()
    asked = site.world.browser.store.read(lambda c: commands.of_device(c, named))
    assert [each.reason for each in asked] == ["left open in the hall"]


@EVERY
def test_an_incident_is_noted_and_closed(tab: Tab, site: Served, role: Role) -> None:
    page, now = tab(role), site.world.browser.clock()
    raised = alarm("login_guessing", f"account:{role}", "31 failures")
    opened = site.world.browser.store.write(lambda c: incidents.open_or_count(c, raised, now))
    assert opened is not None
    there = f"{site.at}/incidents/{opened.number}"
    if not opens(page, there, may(role, Permission.SEE_INCIDENTS)):
        return
    if not may(role, Permission.HANDLE_INCIDENTS):
        assert no_way(page, "Add the note")
        assert no_way(page, "Close the incident")
        return
    page.locator("#note").fill("The person had forgotten it.")
    press(page, "Add the note")
    expect(page.get_by_text("The person had forgotten it.").first).to_be_visible()
    page.locator("#cause").fill("A forgotten password.")
    page.locator("#consequence").fill("None.")
    press(page, "Close the incident")
    expect(page.locator("dl.facts")).to_contain_text(f"by some-{role}")
    assert no_way(page, "Close the incident")


@EVERY
def test_an_account_is_added(tab: Tab, site: Served, role: Role) -> None:
    page = tab(role)
    page.goto(site.at)
    if not may(role, Permission.MANAGE_ACCOUNTS):
        assert page.locator("a[href='/accounts']").count() == 0
        return
    page.goto(f"{site.at}/accounts")
    page.locator("#username").fill(f"new.{role}")
    page.locator("#role").select_option(Role.HELPDESK)
    press(page, "Add")
    expect(page.locator("main")).to_contain_text("/setup/")
    page.goto(f"{site.at}/accounts")
    expect(page.get_by_role("row").filter(has_text=f"new.{role}")).to_contain_text("helpdesk")


@EVERY
def test_a_doubted_check_is_decided(tab: Tab, site: Served, role: Role) -> None:
    page, write, now = tab(role), site.world.browser.store.write, site.world.browser.clock()
    found = Turned("disk_encrypted", Place(SYSTEM, f"linux 6.8-{role}"), 12)
    opened = write(lambda c: disputes.open_one(c, found, 30, now))
    assert opened is not None
    if not opens(page, f"{site.at}/disputes", may(role, Permission.SEE_INCIDENTS)):
        return
    if not may(role, Permission.HANDLE_INCIDENTS):
        assert no_way(page, "Decide")
        return
    form = page.locator("form", has=page.locator(f"#decision-{opened.number}"))
    form.locator("select").select_option("right")
    form.locator("textarea").fill("The update did switch it off.")
    form.get_by_role("button", name="Decide").click()
    decided = page.get_by_role("row").filter(has_text=f"6.8-{role}")
    expect(decided).to_contain_text("The update did switch it off.")


@EVERY
def test_an_export_is_made(tab: Tab, site: Served, role: Role) -> None:
    page, now = tab(role), site.world.browser.clock()
    of_role = Group(f"packed-{role}", "", "", now)
    site.world.browser.store.write(lambda c: groups.add(c, of_role))
    if not opens(page, f"{site.at}/exports", may(role, Permission.EXPORT)):
        return
    page.locator("#group").select_option(f"packed-{role}")
    press(page, "Make the pack")
    page.wait_for_url("**/exports/*")
    expect(page.locator("#export-state")).to_contain_text(f"some-{role}")


@EVERY
def test_a_release_goes_to_the_next_ring_and_is_halted(tab: Tab, site: Served, role: Role) -> None:
    page, write, now = tab(role), site.world.browser.store.write, site.world.browser.clock()
    version = f"3.2.{list(Role).index(role)}"
    write(lambda c: releasing.add(c, version, "admin", now))
    if not opens(page, f"{site.at}/releases", may(role, Permission.SEE_INCIDENTS)):
        return
    if not may(role, Permission.CHANGE_SETTINGS):
        assert no_way(page, "Halt it for good")
        return
    card = page.get_by_role("article").filter(has_text=version)
    card.get_by_role("button", name="Let 10 of 100 devices take it").click()
    expect(card).to_contain_text("10 of 100 devices may take it")
    card.get_by_label("Why it is halted").fill("It hangs.")
    card.get_by_role("button", name="Halt it for good").click()
    expect(card).to_contain_text("It hangs.")
