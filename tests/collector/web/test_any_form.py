"""Whatever a form is sent: an answer in our words, what was typed kept, no secret given back.

Generated from the pages as they are: every form of every page, with the hidden values that it
holds, and nonsense in what a person fills in. A new form is sent nonsense from its first day on.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, urlencode

import pytest
from httpx2 import Response

from collector.accounts import invitations
from collector.accounts.roles import Role
from collector.web.cookie import NAME, form_token
from collector.web.pages import PAGES
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.test_crawl import World, paths

SECRET_FIELDS = ("password", "again", "old", "code", "credential")
MARK = "s3cr3t-plum-orbit"
OURS = {200, 303, 400, 401, 403, 404, 409, 413, 422, 429}

Pairs = list[tuple[str, str | bytes]]


@dataclass(frozen=True)
class Form:
    """`hidden` and `buttons` as the page gives them; `typed` are names that a person fills in."""

    action: str
    cookie: str
    hidden: tuple[tuple[str, str], ...]
    buttons: tuple[tuple[str, str], ...]
    typed: tuple[str, ...]

    def filled(self, value: str | bytes, *, hidden_too: bool = False) -> Pairs:
        names = [*self.typed, *([name for name, _ in self.hidden] if hidden_too else [])]
        given: Pairs = [(name, value) for name in names]
        return given if hidden_too else [*self.hidden, *self.buttons[:1], *given]


@pytest.fixture
def world(browser: Browser) -> World:
    built = World(browser)
    built.build()
    return built


def attributes(tag: str) -> dict[str, str]:
    return dict(re.findall(r'\b([a-z_-]+)="([^"]*)"', tag))


def forms(world: World) -> list[Form]:
    """Every form that changes something, of every page that an owner or a stranger can open."""
    found = {}
    for path, caller in addresses(world):
        cookie = world.log_in(caller)
        world.browser.client.cookies.clear()
        page = world.browser.client.get(path, headers={"Cookie": f"{NAME}={cookie}"})
        for each in forms_in(page.text, path, cookie):
            found[each.action, each.typed, each.hidden[:2]] = each
    return list(found.values())


def addresses(world: World) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        if "GET" in page.METHODS and "{token}" not in page.PATH:
            caller = "nobody" if page.PERMISSION is None else Role.OWNER
            for path, is_there in paths(world, page, caller):
                if is_there:
                    yield path, caller
    now = world.browser.clock()
    token = world.browser.store.write(lambda c: invitations.invite(c, "eve", now))
    yield f"/setup/{token}", "nobody"


def forms_in(page: str, path: str, cookie: str) -> Iterator[Form]:
    for head, inside in re.findall(r"<form\b([^>]*)>(.*?)</form>", page, re.DOTALL):
        told = attributes(head)
        if told.get("method") != "post":
            continue
        fields = [
            attributes(tag) for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*", inside)
        ]
        named = [each for each in fields if each.get("name", "form_token") != "form_token"]
        hidden = [(f["name"], f.get("value", "")) for f in named if f.get("type") == "hidden"]
        typed = [f["name"] for f in named if f.get("type") != "hidden"]
        buttons = [attributes(tag) for tag in re.findall(r"<button\b[^>]*", inside)]
        chosen = [(b["name"], b.get("value", "")) for b in buttons if "name" in b]
        action = told.get("action") or path
        yield Form(action, cookie, tuple(hidden), tuple(chosen), tuple(dict.fromkeys(typed)))


def send(world: World, form: Form, pairs: Pairs) -> Response:
    """By a session of its own: one form may end the session of another."""
    token = world.log_in(Role.OWNER) if form.action.startswith("/acc") else form.cookie
    client = world.browser.client
    client.cookies.clear()
    headers = {
        **FROM_US,
        "Cookie": f"{NAME}={token}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode([("form_token", form_token(token)), *pairs], quote_via=_quoted)
    return client.post(form.action, content=body.encode(), headers=headers)


def _quoted(text: str | bytes, *_more: object) -> str:
    return quote_from_bytes(text if isinstance(text, bytes) else text.encode())


NONSENSE: dict[str, str | bytes] = {
    "empty": "",
    "blank": " \t ",
    "long": "x" * 4000,
    "bytes": b"\xff\xfe\x00\x1b[31m\xed\xa0\x80",
    "signs": "\u202e<b>'\";--{{7*7}}%s\r\nX: y\x00",
    "number": "-99999999999999999999",
    "words": MARK,
}


def sendings(form: Form) -> Iterator[Pairs]:
    yield []
    yield [*form.hidden, *form.buttons[:1]]
    for value in NONSENSE.values():
        yield form.filled(value)
        yield form.filled(value, hidden_too=True)
    yield [*form.filled("one"), *form.filled("two")]


def test_whatever_is_sent_is_answered_in_our_words(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    strange, asked_for = [], set()
    for form in forms(world):
        if form.action == "/logout":
            continue
        for pairs in sendings(form):
            answer = send(world, form, pairs)
            asked_for.add((form.action, answer.status_code))
            if not in_our_words(answer):
                strange.append((form.action, pairs, answer.status_code))
    assert (strange, [r.getMessage() for r in caplog.records]) == ([], [])
    assert len({action for action, status in asked_for if status in (400, 401, 409)}) >= 8


def in_our_words(answer: Response) -> bool:
    if answer.status_code not in OURS or "Traceback" in answer.text:
        return False
    whole = 'role="alert"' in answer.text or "<h1" in answer.text
    return answer.status_code < 400 or (whole and "was not accepted</h1>" not in answer.text)


def test_what_was_typed_is_kept_and_no_secret_is(world: World) -> None:
    """In every text field of a form that comes back with an error."""
    wrong, seen = [], set()
    for form in forms(world):
        pairs = [(name, f"{name}-{MARK}"[:60]) for name in form.typed]
        answer = send(world, form, [*form.hidden, *form.buttons[:1], *pairs])
        if answer.status_code < 400 or 'role="alert"' not in answer.text:
            continue
        shown = dict(text_fields(answer.text))
        for name in set(shown) & set(form.typed):
            seen.add(name)
            kept = bool(shown[name]) and f"{name}-{MARK}".startswith(shown[name])
            if kept is (name in SECRET_FIELDS):
                wrong.append((form.action, name, shown[name]))
    assert wrong == []
    assert {"username", "password", "code", "label"} <= seen


def text_fields(page: str) -> Iterator[tuple[str, str]]:
    """Inputs that a person types text into, and what stands in them."""
    for tag in re.findall(r"<input\b[^>]*>", page):
        told = attributes(tag)
        if "name" in told and told.get("type", "text") in ("text", "password", "search", "email"):
            yield told["name"], told.get("value", "")
    yield from re.findall(r'<textarea\b[^>]*\bname="(\w+)"[^>]*>([^<]*)<', page)
