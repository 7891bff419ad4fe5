"""The main way through the pages, with the keyboard alone, with and without scripts."""

import pytest
from playwright.sync_api import Browser, Page

from collector.accounts.roles import Role
from tests.browser.served import Served
from tests.browser.visits import WIDTHS, visit

MOST_STEPS = 60
HERE = "() => (document.activeElement.textContent || '').trim().replace(/\\s+/g, ' ')"
SEEN = """() => { const e = document.activeElement, s = getComputedStyle(e);
  return e.matches(':focus-visible') && s.outlineStyle !== 'none' && e.offsetWidth > 1 }"""


def step_to(page: Page, words: str) -> None:
    """Tab until the element of these words has the focus, which must always be seen."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate(HERE) == words:
            assert page.evaluate(SEEN), f"the focus on {words} is not seen"
            return
    raise AssertionError(f"no way to {words!r} with the keyboard")


@pytest.mark.parametrize("width", list(WIDTHS))
def test_from_the_list_to_a_device_and_back(chromium: Browser, site: Served, width: str) -> None:
    with visit(chromium, site, Role.HELPDESK) as visited:
        page = visited.page
        page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))  # type: ignore[arg-type]
        page.goto(site.at + "/people")
        if width == "phone":
            step_to(page, "Menu")
            page.keyboard.press("Enter")
        step_to(page, "Devices")
        page.keyboard.press("Enter")
        page.wait_for_url("**/devices")
        step_to(page, "lap-alice")
        page.keyboard.press("Enter")
        page.wait_for_url("**/devices/id-lap-alice")
        step_to(page, "Devices")
        assert visited.complaints == []


def test_the_first_step_leads_over_the_navigation(chromium: Browser, site: Served) -> None:
    with visit(chromium, site, Role.VIEWER) as visited:
        page = visited.page
        page.goto(site.at + "/devices")
        page.keyboard.press("Tab")
        assert page.evaluate(HERE) == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("scripts", [True, False])
def test_language_and_colours_are_changed_and_kept(
    chromium: Browser, site: Served, scripts: bool
) -> None:
    with visit(chromium, site, Role.VIEWER, scripts=scripts) as visited:
        page = visited.page
        page.goto(site.at + "/devices?state=stale")
        page.get_by_role("button", name="Français").press("Enter")
        page.get_by_role("button", name="Sombre").press("Enter")
        assert page.url.endswith("/devices?state=stale")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.goto(site.at + "/account")
        assert page.locator("h1").text_content() == "Votre compte"


def test_nothing_moves_while_a_page_is_loaded(chromium: Browser, site: Served) -> None:
    """Cumulative layout shift, as the browser itself counts it."""
    shifts = """() => new Promise(done => { let sum = 0;
      new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })
        .observe({type: 'layout-shift', buffered: true});
      setTimeout(() => done(sum), 300); })"""
    with visit(chromium, site, Role.ADMIN) as visited:
        for path in ("/", "/devices", "/devices/id-lap-alice", "/people"):
            visited.page.goto(site.at + path)
            assert visited.page.evaluate(shifts) < 0.01, path
