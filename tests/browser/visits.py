"""How a person of a role sees a page: the browser, its complaints, and every page there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from collector.accounts.roles import ROLES, Role
from collector.store import accounts
from collector.web.cookie import NAME
from collector.web.pages import PAGES
from tests.browser.served import Served
from tests.collector.web.test_crawl import BEFORE_THE_LOGIN, NOT_SET_UP, name_of, paths

NOT_A_PAGE = {"/healthz", "/login/sso", "/login/sso/callback", "/setup/{token}"}
FILES = ("/csv", "/events", "/file")
"""What addresses end with that give a file or a stream."""

WIDTHS = {"desk": (1280, 800), "phone": (390, 844)}
THEMES = ("light", "dark")


@dataclass
class Visit:
    """One tab of a person, and what the browser complained of in it."""

    page: Page
    complaints: list[str] = field(default_factory=list)


def every_path(site: Served, role: Role) -> Iterator[str]:
    """Of each page that the role may see, with one object that is there."""
    for page in PAGES:
        if "GET" not in page.METHODS or page.PATH in NOT_A_PAGE | NOT_SET_UP | BEFORE_THE_LOGIN:
            continue
        if page.PATH.endswith(FILES):
            continue
        if page.PERMISSION is not None and page.PERMISSION not in ROLES[role]:
            continue
        there = (path for path, is_there in paths(site.world, page, role) if is_there)
        yield next(there)


@contextmanager
def visit(
    chromium: Browser,
    site: Served,
    role: Role | None,
    *,
    scripts: bool = True,
    language: str = "en",
) -> Iterator[Visit]:
    """A browser of its own, logged in as somebody of that role; None: nobody."""
    context = chromium.new_context(
        ignore_https_errors=True, java_script_enabled=scripts, locale=language
    )
    if role is not None:
        name = name_of(role)
        # An earlier visit may have chosen another one, which is kept with the account.
        site.world.browser.store.write(lambda c: accounts.set_language(c, name, ""))
        token = site.world.log_in(role)
        context.add_cookies([{"name": NAME, "value": token, "url": site.at, "secure": True}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    visited = Visit(page)
    page.on("console", lambda said: _hear(visited, said.type, said.text))
    page.on("pageerror", lambda error: visited.complaints.append(str(error)))
    yield visited
    context.close()


def _hear(visited: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        visited.complaints.append(f"{kind}: {text}")
