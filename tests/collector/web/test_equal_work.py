"""T46's other half: what is not there and what may not be seen cost the same work.

Time is not measured: what takes it is counted. A login hashes once whatever is wrong; a refusal
asks the store as many questions and writes as many records as a page that is not there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from collector.accounts.passwords import Cost, Passwords
from collector.accounts.roles import Role
from collector.store import accounts
from collector.web.site import PasswordDesk
from tests.collector.web.conftest import PASSWORD, Browser
from tests.collector.web.fleet import device_id
from tests.collector.web.test_crawl import GONE, NEVER, World, name_of

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
MISSING = "nobody-of-this-name"


class Counted(Passwords):
    """Counts what it hashes, by the cost of the hash that is looked at."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.work: list[bool] = []
        real = self._hasher.verify

        class Hasher:
            check_needs_rehash = staticmethod(self._hasher.check_needs_rehash)
            hash = staticmethod(self._hasher.hash)

            @staticmethod
            def verify(password_hash: str, password: str) -> bool:
                self.work.append(password_hash.startswith("$argon2id$v=19$m=64,t=1,p=1$"))
                return real(password_hash, password)

        self._hasher = Hasher()  # type: ignore[assignment]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database inside the block."""
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def no_password(browser: Browser) -> str:
    browser.store.write(lambda c: accounts.set_password(c, "admin", "", browser.clock()))
    return "admin"


def disabled(browser: Browser) -> str:
    browser.store.write(lambda c: accounts.disable(c, "admin", browser.clock(), "left"))
    return "admin"


@pytest.mark.parametrize(
    ("who", "password"),
    [
        (lambda _: "admin", "wrong"),
        (lambda _: MISSING, "wrong"),
        (lambda _: "", ""),
        (lambda _: "Admin", PASSWORD),
        (disabled, PASSWORD),
        (no_password, PASSWORD),
        (no_password, ""),
    ],
)
def test_a_login_hashes_once_whatever_is_wrong_with_it(
    browser: Browser, who: Callable[[Browser], str], password: str
) -> None:
    name, counted = who(browser), Counted()
    desk: PasswordDesk = browser.client.app.state.site.desk  # type: ignore[attr-defined]
    desk.passwords = counted
    assert browser.password(password, name) == 401
    assert counted.work == [True]


def test_a_login_asks_the_store_the_same_whoever_is_named(browser: Browser) -> None:
    asked = []
    for name in ("admin", MISSING):
        token = browser.token()
        with statements() as found:
            form = {"username": name, "password": "wrong", "form_token": token}
            headers = {"Sec-Fetch-Site": "same-origin"}
            assert browser.client.post("/login", data=form, headers=headers).status_code == 401
        asked.append(found)
    assert asked[0] == asked[1]


@pytest.fixture
def world(browser: Browser) -> World:
    built = World(browser)
    built.build()
    return built


OBJECTS = [
    (Role.VIEWER, "/accounts/account/{}", ("eve", name_of(Role.OWNER), GONE, NEVER)),
    (Role.HELPDESK, "/incidents/{}", ("1", "999999", NEVER)),
    (Role.VIEWER, "/devices/{}/lock", (device_id("lap-1"), NEVER)),
    (Role.OWNER, "/account/passkeys/{}", (b"eve".hex(), GONE.encode().hex(), NEVER.encode().hex())),
]


@pytest.mark.parametrize(("caller", "path", "objects"), OBJECTS)
def test_what_may_not_be_seen_costs_what_is_not_there_costs(
    world: World, caller: Role, path: str, objects: tuple[str, ...]
) -> None:
    work = {}
    for each in ("first", *objects):  # the first request of all reads the policy as well
        token = world.log_in(caller)
        world.browser.client.cookies.clear()
        written = len(world.browser.audited())
        with statements() as asked:
            headers = {"Cookie": f"__Host-muster={token}"}
            answer = world.browser.client.get(path.format(each), headers=headers)
        assert answer.status_code == 404
        kinds = [r["action"] for r in world.browser.audited()[written:]]
        work[each] = (asked, [kind for kind in kinds if kind != "audit.checkpoint"])
    first = work[objects[0]]
    del work["first"]
    assert {each: done for each, done in work.items() if done != first} == {}
