"""T46: each role, each page, each kind of object. The table of roles says what is answered.

Generated from the list of pages: a page with a new kind of object fails here until `World.objects`
says which of them there are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import product
from types import ModuleType
from typing import Any

import pytest
from httpx2 import Response
from starlette.routing import Mount, Route

from collector.accounts import sessions
from collector.accounts.roles import ROLES, Permission, Role
from collector.audit import weeks
from collector.incidents.kinds import alarm
from collector.model import Compliance
from collector.policy import default_text
from collector.store import (
    accounts,
    exports,
    factors,
    groups,
    incidents,
    persons,
    policies,
    waivers,
)
from collector.store.accounts import Account
from collector.store.factors import Passkey
from collector.store.groups import Group
from collector.store.persons import Person
from collector.store.schema import metadata
from collector.web.cookie import NAME, form_token
from collector.web.pages import PAGES
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.fleet import Seen, device_id

CALLERS = [*Role, "nobody"]
GONE, NEVER, OWNER = "gone", "never", "alice@example.org"
BODIES = {
    "/account/sessions": {"session": "others"},
}
"""What a form must say for its object to be there at all."""

NOT_SET_UP = {"/account/sso"}
"""Without an OpenID provider there is nothing there."""

BEFORE_THE_LOGIN = {"/login/factor", "/login/app"}
"""A whole session is led on from there."""


def name_of(caller: str) -> str:
    return f"some-{caller}"


@dataclass
class World:
    """An account a role, named after it; each with a passkey, beside those of `eve`."""

    browser: Browser
    tokens: dict[str, str] = field(default_factory=dict)
    incident: int = 0
    waiver: int = 0
    pack: int = 0
    veiled_pack: int = 0

    def build(self) -> None:
        now, write = self.browser.clock(), self.browser.store.write
        people = {name_of(role): role for role in Role}
        for name, role in {**people, "eve": Role.VIEWER, GONE: Role.VIEWER}.items():
            write(partial(accounts.add, account=Account(name, "hash", now, role)))
            key = Passkey(name.encode(), name, "Key", b"cose", 0, now, host="collector.example")
            write(partial(factors.add_passkey, passkey=key))
        write(lambda c: accounts.remove(c, GONE))
        write(lambda c: factors.remove_all(c, GONE))
        self.browser.enrol(Seen("lap-1", Compliance.COMPLIANT))
        write(lambda c: persons.put(c, Person(OWNER), now))
        write(lambda c: groups.add(c, Group("sales", "", "", now)))
        raised = write(lambda c: incidents.open_or_count(c, alarm("clone", "x", "y"), now))
        assert raised
        self.incident = raised.number
        write(lambda c: policies.add(c, default_text(), now, "eve"))
        ends_at = now + timedelta(days=5)
        asked = waivers.Asked("disk_encrypted", "why", "eve", ends_at, device_id("lap-1"))
        self.waiver = write(lambda c: waivers.request(c, asked, now))

        self.pack, self.veiled_pack = (self.a_pack(each) for each in ("all", "all+pseudonyms"))

    def a_pack(self, variant: str) -> int:
        """The number of one that is there, with a file."""
        now, write = self.browser.clock(), self.browser.store.write
        number, _ = write(lambda c: exports.ask(c, variant, now, "eve", now))
        folder = self.browser.store.path.parent / "packs"
        folder.mkdir(exist_ok=True)
        (folder / f"{variant}.zip").write_bytes(b"no pack")
        write(lambda c: exports.done(c, number, f"{variant}.zip", 7, "00", now))
        return number

    def objects(self, parameter: str, caller: str) -> dict[str, bool]:
        """Every kind of object of this name, and whether it is there for the caller."""
        known: dict[str, dict[str, bool]] = {
            "device_id": {device_id("lap-1"): True, NEVER: False, "%00": False},
            "passkey_id": {
                name_of(caller).encode().hex(): caller != "nobody",
                b"eve".hex(): False,
                GONE.encode().hex(): False,
                NEVER.encode().hex(): False,
            },
            "username": {
                name_of(Role.OWNER): True,
                "eve": True,
                GONE: False,
                NEVER: False,
                "..%2f": False,
            },
            "version": {"1": True, "999": False, "0": False, NEVER: False},
            "waiver": {str(self.waiver): True, "999999": False, "0": False, NEVER: False},
            "number": {str(self.incident): True, "999999": False, "0": False, NEVER: False},
            "export": {
                str(self.pack): self.sees_people(caller),
                str(self.veiled_pack): True,
                "999999": False,
                "0": False,
                "..%2f": False,
                NEVER: False,
            },
            "email": {OWNER: True, "nobody@example.org": False, NEVER: False, "%00": False},
            "group": {"sales": True, "none": False, NEVER: False, "..%2f": False},
            "week": {weeks.week_of(self.browser.clock()): True, "0000-W00": False, NEVER: False},
        }
        return known[parameter]

    @staticmethod
    def sees_people(caller: str) -> bool:
        return caller != "nobody" and Permission.SEE_PEOPLE in ROLES[Role(caller)]

    def log_in(self, caller: str) -> str:
        """A new whole session whose factor was shown just now, so that no test ends another's."""
        if caller == "nobody":
            return "nobody's cookie"
        now = self.browser.clock()
        account = Account(name_of(caller), "", now, caller)
        return self.browser.store.write(lambda c: sessions.begin(c, account, now, factor_at=now))

    def ask(self, caller: str, method: str, path: str, form: dict[str, str]) -> Response:
        return self.ask_as(self.log_in(caller), method, path, form)

    def ask_as(self, token: str, method: str, path: str, form: dict[str, str]) -> Response:
        client = self.browser.client
        client.cookies.clear()
        headers = {**FROM_US, "Cookie": f"{NAME}={token}"}
        if method == "GET":
            return client.get(path, headers=headers)
        filled = {**form, "form_token": form_token(token)}
        return client.post(path, data=filled, headers=headers)

    def everything(self) -> object:
        """All rows of all tables but the sessions, which every question here begins."""

        def rows(c: Any) -> object:
            tables = [table for table in metadata.sorted_tables if table.name != "session"]
            return {t.name: sorted(map(repr, c.execute(t.select()))) for t in tables}

        return self.browser.store.read(rows)


@pytest.fixture
def world(browser: Browser) -> World:
    built = World(browser)
    built.build()
    return built


@dataclass(frozen=True)
class Question:
    method: str
    path: str
    needs: Permission
    is_there: bool
    form: dict[str, str]


def questions(world: World, caller: str) -> Iterator[Question]:
    """Every page behind a permission, with every method and every object of its path."""
    for page in PAGES:
        if page.PERMISSION is None:
            continue
        for method, (path, is_there) in product(page.METHODS, paths(world, page, caller)):
            found = is_there and path not in NOT_SET_UP
            yield Question(method, path, page.PERMISSION, found, BODIES.get(page.PATH, {}))


def paths(world: World, page: ModuleType, caller: str) -> Iterator[tuple[str, bool]]:
    parameters = re.findall(r"{(\w+)}", page.PATH)
    for chosen in product(*(world.objects(name, caller).items() for name in parameters)):
        path = page.PATH
        for name, (value, _) in zip(parameters, chosen, strict=True):
            path = path.replace(f"{{{name}}}", value)
        yield path, all(is_there for _, is_there in chosen)


def is_as_expected(caller: str, asked: Question, answer: Response) -> bool:
    """By the table of roles alone."""
    if caller == "nobody":
        return (answer.status_code, answer.headers.get("location")) == (303, "/login")
    if asked.needs not in ROLES[Role(caller)] or not asked.is_there:
        return answer.status_code == 404
    if asked.path in BEFORE_THE_LOGIN:
        return (answer.status_code, answer.is_redirect) == (303, True)
    if asked.method == "GET":
        return answer.status_code == 200
    return answer.status_code in (200, 303, 400, 401, 409)


def said(answer: Response) -> str:
    """The page without the token of its form, which is another one in every session."""
    return re.sub(r'value="[0-9a-f]{64}"', "", answer.text)


@pytest.mark.parametrize("caller", CALLERS)
def test_nothing_is_answered_otherwise_than_the_table_of_roles_says(
    world: World, caller: str
) -> None:
    unexpected, asked_for = [], 0
    nothing = said(world.ask(caller, "GET", "/nothing/here", {}))
    for asked in questions(world, caller):
        before = world.everything()
        answer = world.ask(caller, asked.method, asked.path, asked.form)
        asked_for += 1
        if not is_as_expected(caller, asked, answer):
            unexpected.append((asked.method, asked.path, answer.status_code))
        if answer.status_code == 404 or caller == "nobody":
            assert world.everything() == before, asked
        if answer.status_code == 404:
            assert said(answer) == nothing, f"{asked.path} tells that it is there"
    assert unexpected == []
    assert asked_for > 60


@pytest.mark.parametrize("caller", [*Role])
def test_what_is_shown_or_changed_is_written_down_with_who_it_was(
    world: World, caller: str
) -> None:
    """A look is in the log as one; no row of any table changes without a line about it."""
    for asked in questions(world, caller):
        may_see = asked.needs in ROLES[Role(caller)] and asked.is_there
        if not may_see or asked.path in BEFORE_THE_LOGIN:
            continue
        token, before = world.log_in(caller), world.everything()
        known = len(world.browser.audited())
        answer = world.ask_as(token, asked.method, asked.path, asked.form)
        new = [r for r in world.browser.audited()[known:] if not r["action"].startswith("audit.c")]
        mine = {r["action"] for r in new if r["name"] == name_of(caller)}
        if asked.method == "GET":
            assert "page.viewed" in mine, asked
        elif world.everything() != before:
            assert mine, asked
        elif answer.status_code < 400:
            assert mine or answer.is_redirect, asked


@pytest.mark.parametrize("caller", [*Role])
def test_what_is_refused_is_written_down_as_refused(world: World, caller: str) -> None:
    for asked in questions(world, caller):
        if asked.needs in ROLES[Role(caller)]:
            continue
        world.ask(caller, asked.method, asked.path, asked.form)
        last = [r for r in world.browser.audited() if r["action"] != "audit.checkpoint"][-1]
        told = (last["action"], last["outcome"], last["name"])
        assert told == ("page.denied", "denied", name_of(caller)), asked


def test_every_route_behind_the_login_is_a_page_or_leads_to_one(world: World) -> None:
    """What is no page of the list could not be crawled here."""
    app: Any = world.browser.client.app
    beside = {r.path for r in app.routes if isinstance(r, Route | Mount)}
    assert beside - {page.PATH for page in PAGES} <= {"/", "/static"}


@pytest.mark.parametrize("caller", CALLERS)
def test_a_session_without_second_factor_reaches_no_page(world: World, caller: str) -> None:
    if caller == "nobody":
        return
    now = world.browser.clock()
    account = Account(name_of(caller), "", now, caller)
    token = world.browser.store.write(lambda c: sessions.begin(c, account, now))
    world.browser.client.cookies.clear()
    for asked in questions(world, caller):
        if asked.path in {*BEFORE_THE_LOGIN, "/logout"}:
            continue
        headers = {**FROM_US, "Cookie": f"{NAME}={token}"}
        form = {**asked.form, "form_token": form_token(token)}
        body = {"data": form} if asked.method == "POST" else {}
        answer = world.browser.client.request(asked.method, asked.path, headers=headers, **body)
        assert answer.headers.get("location") == "/login/factor", asked


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
def test_no_page_changes_anything_for_another_site(world: World, content_type: str) -> None:
    """T53: as a form of another site, as JSON, as text, without the form's token."""
    before = world.everything()
    for asked in questions(world, Role.OWNER):
        if asked.method != "POST":
            continue
        token = world.log_in(Role.OWNER)
        world.browser.client.cookies.clear()
        cookie = {"Cookie": f"{NAME}={token}"}
        filled = {**asked.form, "form_token": form_token(token)}
        foreign = {**cookie, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        other = {**FROM_US, **cookie, "Content-Type": content_type}
        post = world.browser.client.post
        assert post(asked.path, data=filled, headers=foreign).status_code == 403, asked
        assert post(asked.path, data=asked.form, headers={**FROM_US, **cookie}).status_code == 403
        assert post(asked.path, content=b"{}", headers=other).status_code == 403, asked
    assert world.everything() == before
