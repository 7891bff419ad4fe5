"""No form loses what was typed when the second factor has to be shown again; secrets are not kept.

Generated from the pages: a new one with FRESH is asked from its first day on.
"""

import re
from datetime import timedelta
from types import ModuleType
from urllib.parse import urlencode

import pytest
from httpx2 import Response

from collector.accounts import sessions
from collector.accounts.roles import Role
from collector.store.accounts import Account
from collector.web.cookie import NAME, form_token
from collector.web.pages import PAGES, accounts
from collector.web.pages.confirm import OURS
from tests.collector.web.conftest import FROM_US
from tests.collector.web.test_any_form import SECRET_FIELDS, Form, Pairs, forms_in
from tests.collector.web.test_crawl import World, name_of, paths, world

__all__ = ["world"]

FRESH = [page for page in PAGES if getattr(page, "FRESH", False)] + [accounts]
TYPED = "typed <by> alice"
NOTHING_TO_KEEP = {"/account/codes", "/account/app", "/account/sso", "/accounts/review/sign"}
ANEW = {"sealed", "passkey", *SECRET_FIELDS}
"""What is made or typed again: the next page holds another."""


def path_of(page: ModuleType) -> str:
    return str(page.PATH)


def forms_of(world: World, page: ModuleType) -> list[Form]:
    found = []
    for path, is_there in paths(world, page, Role.OWNER):
        if is_there:
            cookie = world.log_in(Role.OWNER)
            world.browser.client.cookies.clear()
            text = world.browser.client.get(path, headers={"Cookie": f"{NAME}={cookie}"}).text
            told = [each for each in forms_in(text, path, cookie) if each.action == path]
            found += told
    return found


def send_late(world: World, form: Form, pairs: Pairs) -> Response:
    now = world.browser.clock()
    owner, shown = Account(name_of(Role.OWNER), "", now, Role.OWNER), now - timedelta(minutes=6)
    token = world.browser.store.write(lambda c: sessions.begin(c, owner, now, factor_at=shown))
    world.browser.client.cookies.clear()
    headers = {
        **FROM_US,
        "Cookie": f"{NAME}={token}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode([("form_token", form_token(token)), *pairs])
    return world.browser.client.post(form.action, content=body, headers=headers)


@pytest.mark.parametrize("page", FRESH, ids=path_of)
def test_what_was_typed_is_kept_while_the_second_factor_is_shown_again(
    world: World, page: ModuleType
) -> None:
    kept = set()
    for form in forms_of(world, page):
        typed = set(form.typed)
        answer = send_late(world, form, [*form.hidden, *((name, TYPED) for name in typed)])
        if not typed - ANEW:
            assert answer.status_code == 303
            continue
        assert answer.status_code == 403
        again = next(e for e in forms_in(answer.text, "", "") if e.action == form.action)
        given = {name for name, value in again.hidden if value == "typed &lt;by&gt; alice"}
        assert given == typed - ANEW
        hidden = [pair for pair in form.hidden if pair[0] not in ANEW]
        assert set(hidden) <= set(again.hidden)
        kept |= given
    assert bool(kept) is (page.PATH not in NOTHING_TO_KEEP)


@pytest.mark.parametrize("page", FRESH, ids=path_of)
def test_no_secret_is_kept_and_the_second_factor_leads_back(page: ModuleType) -> None:
    assert not set(page.KEEPS) & ANEW
    assert OURS.fullmatch(re.sub(r"\{\w+\}", "some-thing", page.PATH))


@pytest.mark.parametrize("next_path", [
    "//evil.example", "/\\evil.example", "https://evil.example", "/accounts//evil", "/logout",
    "/accounts\n", "/devices/x?next=//e", "/account/%2f/x", "javascript:x", "/devicesevil",
])  # fmt: skip
def test_the_second_factor_leads_nowhere_else(next_path: str) -> None:
    assert OURS.fullmatch(next_path) is None
