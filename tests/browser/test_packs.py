"""A pack in a real browser: asked for, followed while it is made, verified and fetched."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.accounts.roles import Role
from collector.export.desk import Desk
from collector.export.making import Making
from collector.export.verifying import check
from collector.export_settings import ExportSettings
from collector.model import Compliance
from collector.store import exports, groups
from collector.store.groups import Group
from tests.browser.served import Served
from tests.browser.visits import visit
from tests.collector.audit.log import SIGNER
from tests.collector.export.conftest import table_of
from tests.collector.web.fleet import Seen, device_id


def asked_for(page: Page, site: Served, group: str) -> int:
    """A pack of a group of its own, with one device of its name; its number."""
    desk = site.world.browser
    desk.enrol(Seen(group, Compliance.NON_COMPLIANT))
    now = desk.clock()
    desk.store.write(lambda c: groups.add(c, Group(group, "", "", now)))
    desk.store.write(lambda c: groups.add_members(c, group, [device_id(group)], now))
    page.goto(f"{site.at}/exports")
    page.locator("#group").select_option(group)
    page.get_by_role("button", name="Make the pack").click()
    page.wait_for_url(re.compile("/exports/[0-9]+$"))
    return int(page.url.rsplit("/", 1)[1])


def made(site: Served, number: int) -> None:
    """What the process of a running collector does."""
    desk = site.world.browser
    folder = desk.store.path.parent
    making = Making(Desk(desk.store, folder, SIGNER, "test"), ExportSettings(), desk.clock)
    making.make(number, lambda phase, told: None)


def fetched(page: Page, folder: Path) -> Path:
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_a_pack_is_followed_verified_and_fetched(
    chromium: Browser, site: Served, role: Role, tmp_path: Path
) -> None:
    desk, group = site.world.browser, f"followed-{role}"
    with visit(chromium, site, role) as visited:
        page = visited.page
        number = asked_for(page, site, group)
        desk.store.write(lambda c: exports.advance(c, number, "devices", 1234))
        page.goto(f"{site.at}/exports/{number}")
        expect(page.locator("#export-state")).to_contain_text("1,234")
        assert page.get_by_role("link", name="Download").count() == 0
        made(site, number)
        page.goto(f"{site.at}/exports/{number}")
        page.get_by_role("link", name="Verify").click()
        expect(page.locator(".notice.pass")).to_contain_text("Valid: complete, unchanged")
        pack = fetched(page, tmp_path)
        assert visited.complaints == []
    assert check(pack, SIGNER.verifier).problems == ()
    (device,) = table_of(pack, "devices")
    assert ("pseudonyms" in pack.name) is (role == Role.VIEWER)
    assert (device["hostname"] == group) is (role != Role.VIEWER)


def test_who_sees_no_people_finds_no_pack_under_names(chromium: Browser, site: Served) -> None:
    with visit(chromium, site, Role.ADMIN) as visited:
        number = asked_for(visited.page, site, "named")
        made(site, number)
    with visit(chromium, site, Role.VIEWER) as visited:
        page = visited.page
        page.goto(f"{site.at}/exports")
        assert page.locator("#pseudonyms").count() == 0
        assert page.locator(f'a[href="/exports/{number}"]').count() == 0
        for path in (f"/exports/{number}", f"/exports/{number}/file"):
            assert page.request.get(f"{site.at}{path}").status == 404
