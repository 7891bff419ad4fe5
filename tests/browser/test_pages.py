"""Each page, for each role, light and dark, at a desk and on a phone: readable by everybody.

Driven by the list of pages: a new page is looked at here without a line about it.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from collector.accounts.roles import Role
from tests.browser.served import Served
from tests.browser.visits import THEMES, WIDTHS, every_path, visit

WIDER = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
SMALL = """() => [...document.querySelectorAll('button, select, summary, nav a, .button')]
  .filter(e => e.offsetParent && (e.offsetHeight < 24 || e.offsetWidth < 24)
    && getComputedStyle(e).position !== 'absolute')
  .map(e => e.outerHTML.slice(0, 120))"""
WITHIN = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize("role", list(Role))
def test_a_page_is_readable_by_everybody(chromium: Browser, site: Served, role: Role) -> None:
    wrong: list[str] = []
    with visit(chromium, site, role) as visited:
        for path in every_path(site, role):
            answer = visited.page.goto(site.at + path)
            assert answer is not None
            if answer.status != 200:
                wrong.append(f"{path}: {answer.status}")
            wrong += [f"{path}: {each}" for each in shortcomings(visited.page)]
        wrong += visited.complaints
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_who_is_not_logged_in_can_read_too(chromium: Browser, site: Served, language: str) -> None:
    with visit(chromium, site, None, language=language) as visited:
        for path in ("/login", "/setup/never"):
            visited.page.goto(site.at + path)
            assert shortcomings(visited.page) == []
            assert visited.page.get_attribute("html", "lang") == language


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_a_page_in_french_fits_as_well(chromium: Browser, site: Served, role: Role) -> None:
    wrong: list[str] = []
    with visit(chromium, site, role, language="fr") as visited:
        for path in every_path(site, role):
            visited.page.goto(site.at + path)
            for size in WIDTHS.values():
                resize(visited.page, size)
                wrong += [f"{path}: {each}" for each in layout(visited.page)]
    assert not wrong, "\n".join(wrong)


def test_everything_can_be_read_without_scripts(chromium: Browser, site: Served) -> None:
    with visit(chromium, site, Role.OWNER, scripts=False) as visited:
        for path in every_path(site, Role.OWNER):
            answer = visited.page.goto(site.at + path)
            assert answer is not None
            assert answer.status == 200, path
            assert visited.page.locator("main h1").count() == 1, path


def shortcomings(page: Page) -> list[str]:
    """In each theme and width: what does not fit, and what axe finds."""
    found = []
    for name, size in WIDTHS.items():
        resize(page, size)
        found += [f"{name}: {each}" for each in layout(page)]
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            said = Axe().run(page, options=WITHIN).response["violations"]
            found += [
                f"{name} {theme}: {each['id']}: {node['html'][:160]}"
                for each in said
                for node in each["nodes"]
            ]
    return found


def layout(page: Page) -> list[str]:
    """What is wider than the window, and what is too small to be hit (WCAG 2.2, 2.5.8)."""
    wider = page.evaluate(WIDER)
    found = [f"{wider} px wider than the window"] if wider > 0 else []
    return found + [f"small: {each}" for each in page.evaluate(SMALL)]


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
