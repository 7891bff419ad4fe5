"""T43, T44: what happens to an account while one request about it is under way is not overwritten.

A password takes a quarter of a second to be looked at: in that time it can be changed, and the
account be closed or handed to somebody else.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime

import pytest
from starlette.testclient import TestClient

from collector.accounts import invitations, passkeys, recovery, second_factor, sessions, totp
from collector.accounts.passwords import Cost, Passwords
from collector.audit.entry import Action, Entry
from collector.store import Connection, accounts, factors, personal_tokens
from collector.store import sessions as stored
from collector.store.factors import Passkey
from collector.web.site import MOST_WAITING, PasswordDesk
from tests.collector.web.conftest import FROM_US, HOST, PASSWORD, SECRET, Browser
from tests.collector.web.test_attacks import half_session

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
NEW = "seven unrelated words: plum orbit canvas tin"


class Meanwhile(Passwords):
    """Something else happens while a password is looked at, or while one is hashed."""

    def __init__(self, happens: Callable[[], object], *, during: str = "verify") -> None:
        super().__init__(CHEAP)
        self._happens, self._during = happens, during

    def verify(self, password_hash: str | None, password: str) -> bool:
        right = super().verify(password_hash, password)
        if self._during == "verify":
            self._happens()
        return right

    def hash(self, password: str) -> str:
        hashed = super().hash(password)
        if self._during == "hash":
            self._happens()
        return hashed


def desk(browser: Browser) -> PasswordDesk:
    return browser.client.app.state.site.desk  # type: ignore[attr-defined, no-any-return]


def hash_now(browser: Browser) -> str:
    account = browser.store.read(lambda c: accounts.get(c, "admin"))
    assert account
    return account.password_hash


def another_password(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: accounts.set_password(c, "admin", "another hash", now))


def test_a_password_that_was_changed_meanwhile_lets_nobody_in(browser: Browser) -> None:
    desk(browser).passwords = Meanwhile(lambda: another_password(browser))
    assert browser.password() == 401
    now = browser.clock()
    assert browser.store.read(lambda c: stored.of_person(c, "admin", now)) == []


@pytest.mark.parametrize("during", ["verify", "hash"])
def test_an_old_password_does_not_come_back_by_being_hashed_anew(
    browser: Browser, during: str
) -> None:
    """Its hash has older parameters, so the login would write a new one."""
    outdated = Passwords(Cost(memory_kib=32, passes=1, lanes=1)).hash(PASSWORD)
    browser.store.write(lambda c: accounts.set_password(c, "admin", outdated, browser.clock()))
    desk(browser).passwords = Meanwhile(lambda: another_password(browser), during=during)
    assert browser.password() == 401
    assert hash_now(browser) == "another hash"


@pytest.mark.parametrize("during", ["verify", "hash"])
def test_whoever_was_put_out_meanwhile_does_not_choose_the_password(
    helpdesk: Browser, during: str
) -> None:
    def put_out() -> None:
        now = helpdesk.clock()
        helpdesk.store.write(lambda c: invitations.let_in_anew(c, "admin", now, factors_too=False))

    desk(helpdesk).passwords = Meanwhile(put_out, during=during)
    answer = helpdesk.send("/account/password", old=PASSWORD, password=NEW, again=NEW)
    assert answer.status_code == 409
    assert hash_now(helpdesk) == ""
    assert [r["outcome"] for r in helpdesk.audited() if r["action"].endswith("password_changed")][
        -1
    ] == "failed"


def test_a_link_that_was_replaced_meanwhile_leaves_a_line_that_it_failed(browser: Browser) -> None:
    now = browser.clock()
    link = browser.store.write(lambda c: invitations.invite(c, "admin", now))
    desk(browser).passwords = Meanwhile(
        lambda: browser.store.write(lambda c: invitations.invite(c, "admin", now)), during="hash"
    )
    assert browser.send(f"/setup/{link}", password=NEW, again=NEW).status_code == 404
    told = [r["outcome"] for r in browser.audited() if r["action"] == "account.password_changed"]
    assert told == ["done", "failed"]


def test_a_try_that_nobody_had_time_to_look_at_is_no_failure(browser: Browser) -> None:
    """Else strangers who keep the collector busy would lock a person out."""
    busy = desk(browser)
    busy._waiting = MOST_WAITING
    assert [browser.password() for _ in range(30)] == [503] * 30
    busy._waiting = 0
    assert browser.log_in() == 303
    busy._waiting = MOST_WAITING
    form = {"old": PASSWORD, "password": NEW, "again": NEW}
    assert [browser.send("/account/password", **form).status_code for _ in range(6)] == [503] * 6
    busy._waiting = 0
    assert browser.send("/account/password", **form).status_code == 303


def test_a_new_password_ends_a_link_that_was_given_out(helpdesk: Browser) -> None:
    now = helpdesk.clock()
    link = helpdesk.store.write(lambda c: invitations.invite(c, "admin", now))
    answer = helpdesk.send("/account/password", old=PASSWORD, password=NEW, again=NEW)
    assert answer.headers["location"] == "/account?done=password"
    assert helpdesk.client.get(f"/setup/{link}").status_code == 404


def test_a_half_session_becomes_one_whole_session_at_most(browser: Browser) -> None:
    half, now, seal = half_session(browser), browser.clock(), browser.keeping.seal
    two = recovery.new_codes()[:2]
    hashes = [recovery.hash_of(code) for code in two]
    browser.store.write(lambda c: factors.set_codes(c, "admin", hashes))
    entered = [
        browser.store.write(lambda c, code=code: second_factor.show_code(c, seal, half, code, now))
        for code in two
    ]
    assert [token is None for token in entered] == [False, True]
    assert browser.store.read(lambda c: factors.codes_left(c, "admin")) == 1


def without_factor(browser: Browser) -> sessions.Session:
    browser.store.write(lambda c: accounts.set_totp(c, "admin", None))
    return half_session(browser)


def enroll(browser: Browser, half: sessions.Session, secret: bytes, now: datetime) -> object:
    code, seal = totp.code_at(secret, int(now.timestamp()) // 30), browser.keeping.seal
    return browser.store.write(lambda c: second_factor.enroll_app(c, seal, half, secret, code, now))


def test_of_two_who_connect_the_first_app_one_does(browser: Browser) -> None:
    """Both know the password, and both saw that there is no app yet."""
    first, second = without_factor(browser), half_session(browser)
    assert enroll(browser, first, SECRET, browser.clock()) is not None
    assert enroll(browser, second, b"another secret of 20", browser.clock()) is None


@pytest.mark.parametrize("ended", [accounts.disable, "session"])
def test_nobody_connects_an_app_who_was_put_out_meanwhile(browser: Browser, ended: object) -> None:
    half, now = without_factor(browser), browser.clock()

    def put_out(c: Connection) -> None:
        if ended == "session":
            stored.end_all(c, "admin")
        else:
            accounts.disable(c, "admin", now, "left")

    browser.store.write(put_out)
    assert enroll(browser, half, SECRET, now) is None


def test_nobody_adds_a_factor_who_was_put_out_meanwhile(browser: Browser) -> None:
    gone, now = half_session(browser), browser.clock()
    browser.store.write(lambda c: stored.end_all(c, "admin"))
    key = Passkey(b"id", "admin", "Key", b"cose", 0, now, host="collector.example")
    assert not browser.store.write(lambda c: passkeys.add(c, key, gone))
    assert browser.store.write(lambda c: second_factor.replace_codes(c, gone, now)) == ()
    step = totp.code_at(SECRET, int(now.timestamp()) // 30)
    seal = browser.keeping.seal
    assert not browser.store.write(
        lambda c: second_factor.replace_app(c, seal, gone, SECRET, step, now)
    )


def test_two_who_connect_the_first_app_at_once_leave_one_login(browser: Browser) -> None:
    browser.store.write(lambda c: accounts.set_totp(c, "admin", None))
    assert browser.password() == 303
    page = browser.get("/login/app")
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    typed = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert sealed
    assert typed
    secret = base64.b32decode(typed[1].replace(" ", ""))
    code = totp.code_at(secret, int(browser.clock().timestamp()) // 30)
    journal = browser.keeping.journal
    append = journal.append

    def somebody_is_faster(*entries: Entry) -> None:
        append(*entries)
        browser.store.write(lambda c: stored.end_all(c, "admin"))

    form = {"form_token": browser.token("/login/app"), "sealed": sealed[1], "code": code}
    object.__setattr__(journal, "append", somebody_is_faster)
    assert browser.client.post("/login/app", data=form, headers=FROM_US).status_code == 401
    told = [r["outcome"] for r in browser.audited() if r["action"] == "login"]
    assert told == ["done", "failed"]


def test_a_session_that_was_ended_meanwhile_makes_no_token(helpdesk: Browser) -> None:
    """Else whoever is put out keeps a way in that outlasts the session."""
    journal = helpdesk.keeping.journal
    append = journal.append

    def put_out(*entries: Entry) -> None:
        append(*entries)
        if entries[0].action == Action.TOKEN_CREATED:
            helpdesk.store.write(lambda c: stored.end_all(c, "admin"))

    object.__setattr__(journal, "append", put_out)
    answer = helpdesk.send("/account/tokens", label="x", role="viewer", days="7")
    assert "muster_pat_" not in answer.text
    assert helpdesk.store.read(lambda c: personal_tokens.of_person(c, "admin")) == []
    told = [r["outcome"] for r in helpdesk.audited() if r["action"] == "token.created"]
    assert told == ["done", "failed"]


@pytest.mark.parametrize("name", ["second factor of admin", "passkey from testclient"])
def test_no_name_typed_by_a_stranger_uses_up_somebodys_tries(browser: Browser, name: str) -> None:
    """Passwords, codes and passkeys are counted under names that no login can be given."""
    site = browser.client.app.state.site  # type: ignore[attr-defined]
    app = browser.client.app
    with TestClient(app, HOST, follow_redirects=False, client=("198.51.100.7", 1)) as stranger:
        other = Browser(stranger, browser.store, browser.clock, browser.keeping)
        answers = [other.password("wrong", name) for _ in range(8)]
    assert answers[-1] == 429
    assert site.throttle.try_now(name, "testclient") is None
