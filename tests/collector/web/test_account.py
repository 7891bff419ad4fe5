"""The own account: every change is asked for twice, ends other sessions and leaves a trace."""

import base64
import re

import pytest
from httpx2 import Response

from collector.accounts import recovery, sessions, totp
from collector.accounts.roles import Role
from collector.policy import default_text, load
from collector.store import accounts, factors, personal_tokens, policies
from collector.store.personal_tokens import PersonalToken
from collector.web.cookie import NAME
from tests.collector.web.conftest import FROM_US, PASSWORD, SECRET, Browser

WORDS = "bramble quartz lantern osprey thimble gusset"
PATH = "/account/password"


def code_now(browser: Browser, secret: bytes = SECRET) -> str:
    return totp.code_at(secret, int(browser.clock().timestamp()) // 30)


def elsewhere(browser: Browser, username: str = "admin") -> str:
    """The token of another whole session of the person."""
    now = browser.clock()
    account = browser.store.read(lambda c: accounts.get(c, username))
    assert account
    visitor = sessions.Visitor("192.0.2.9", "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    return browser.store.write(lambda c: sessions.begin(c, account, now, visitor, now))


def is_open(browser: Browser, token: str) -> bool:
    now = browser.clock()
    return browser.store.read(lambda c: sessions.find(c, token, now)) is not None


def change(browser: Browser, old: str = PASSWORD, new: str = WORDS, again: str = "") -> Response:
    return browser.send(PATH, old=old, password=new, again=again or new)


def later(browser: Browser) -> None:
    """So much later that the second factor has to be shown again."""
    browser.clock.advance(minutes=6)


def test_a_new_password_ends_everything_else_and_the_old_one_opens_nothing(
    helpdesk: Browser,
) -> None:
    other, now = elsewhere(helpdesk), helpdesk.clock()
    token = PersonalToken("t", "admin", "script", b"h", "viewer", now, now.replace(year=2027))
    helpdesk.store.write(lambda c: personal_tokens.add(c, token))
    assert change(helpdesk).status_code == 303
    assert "Your password is changed" in helpdesk.get("/account?done=password")
    assert not is_open(helpdesk, other)
    assert helpdesk.store.read(lambda c: personal_tokens.of_person(c, "admin")) == []
    helpdesk.client.cookies.clear()
    assert helpdesk.password() == 401
    assert helpdesk.password(WORDS) == 303
    assert "account.password_changed" in [record["action"] for record in helpdesk.audited()]


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"old": "wrong"}, 401, "present password is not right"),
        ({"new": "short"}, 400, "at least 14"),
        ({"new": "adminadminadminadmin"}, 400, "too easy to guess"),
        ({"again": "something else"}, 400, "not the same"),
        ({"new": PASSWORD}, 400, "Choose another one"),
        ({"new": "x" * 129}, 400, "at most 128"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said_and_nothing_changes(
    helpdesk: Browser, typed: dict[str, str], status: int, words: str
) -> None:
    other = elsewhere(helpdesk)
    answer = change(helpdesk, **typed)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert not {PASSWORD, WORDS, *typed.values()} & set(re.findall(r'value="([^"]*)"', answer.text))
    assert is_open(helpdesk, other)
    helpdesk.client.cookies.clear()
    assert helpdesk.password() == 303


def test_guessing_the_present_password_is_slowed_down(helpdesk: Browser) -> None:
    assert [change(helpdesk, old="wrong").status_code for _ in range(5)] == [401] * 4 + [429]


def test_a_password_that_is_due_is_changed_before_anything_else(helpdesk: Browser) -> None:
    helpdesk.clock.advance(days=364)
    helpdesk.client.cookies.clear()
    assert helpdesk.log_in() == 303
    helpdesk.get("/devices")
    helpdesk.clock.advance(days=1)
    helpdesk.client.cookies.clear()
    assert helpdesk.log_in() == 303
    for path in ("/devices", "/account", "/accounts", "/nothing"):
        assert helpdesk.client.get(path).headers["location"] == PATH
    assert "as old as one may be" in helpdesk.get(PATH)
    assert change(helpdesk).status_code == 303
    helpdesk.get("/devices")


@pytest.mark.parametrize(("role", "days", "due"), [("viewer", 0, False), ("viewer", 30, True)])
def test_how_long_a_password_lasts_is_for_the_policy_to_say(
    helpdesk: Browser, role: str, days: int, due: bool
) -> None:
    now = helpdesk.clock()
    text = default_text().replace(f"{role} = 0", f"{role} = {days}")
    helpdesk.store.write(lambda c: policies.add(c, text, now, "a test"))
    helpdesk.store.write(lambda c: accounts.set_role(c, "admin", role))
    helpdesk.clock.advance(days=400)
    helpdesk.client.cookies.clear()
    helpdesk.log_in()
    assert (helpdesk.client.get("/devices").status_code == 303) is due


def test_the_policy_names_every_role() -> None:
    assert set(load(default_text(), "policy").password_days) == set(Role)


def test_own_sessions_are_listed_and_ended_one_by_one(helpdesk: Browser) -> None:
    first, second = elsewhere(helpdesk), elsewhere(helpdesk)
    page = helpdesk.get("/account")
    assert page.count("Firefox on Windows") == 2
    assert "192.0.2.9" in page
    assert page.count("this one") >= 1
    chosen = sessions.hash_of(first).hex()[:16]
    assert helpdesk.send("/account/sessions", "/account", session=chosen).status_code == 303
    assert (is_open(helpdesk, first), is_open(helpdesk, second)) == (False, True)
    assert "session.ended" in [record["action"] for record in helpdesk.audited()]


def test_all_other_sessions_end_together_and_this_one_stays(helpdesk: Browser) -> None:
    others = [elsewhere(helpdesk) for _ in range(3)]
    helpdesk.send("/account/sessions", "/account", session="others")
    assert [is_open(helpdesk, each) for each in others] == [False] * 3
    helpdesk.get("/account")


def test_the_session_of_somebody_else_is_not_found(helpdesk: Browser) -> None:
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: accounts.add(c, accounts.Account("bob", "x", now)))
    theirs = elsewhere(helpdesk, "bob")
    wanted = sessions.hash_of(theirs).hex()[:16]
    answer = helpdesk.send("/account/sessions", "/account", session=wanted)
    nothing = helpdesk.send("/account/sessions", "/account", session="0" * 16)
    assert (answer.status_code, nothing.status_code) == (404, 404)
    assert is_open(helpdesk, theirs)


FRESH = ("/account/app", "/account/codes", "/account/passkeys", "/accounts/review/sign")


@pytest.mark.parametrize("path", FRESH)
def test_grave_pages_ask_for_the_second_factor_again(helpdesk: Browser, path: str) -> None:
    helpdesk.get(path)
    later(helpdesk)
    asked = helpdesk.client.get(path).headers["location"]
    assert asked.startswith("/account/confirm?next=")
    posted = helpdesk.send(path, "/account", anything="x")
    assert posted.headers["location"] == asked
    wrong = helpdesk.send("/account/confirm", asked, code="000000", next=path)
    assert wrong.status_code == 401
    answer = helpdesk.send("/account/confirm", asked, code=code_now(helpdesk), next=path)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    helpdesk.get(path)


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/account//evil", "/devices\r\nX: y", ""]
)
def test_being_asked_again_leads_to_pages_of_ours_only(helpdesk: Browser, path: str) -> None:
    form = {"code": code_now(helpdesk), "next": path}
    answer = helpdesk.send("/account/confirm", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")


def test_a_code_used_to_log_in_does_not_confirm(helpdesk: Browser) -> None:
    later(helpdesk)
    code = code_now(helpdesk)
    assert helpdesk.send("/account/confirm", code=code).status_code == 303
    later(helpdesk)
    assert helpdesk.send("/account/confirm", code=code).status_code == 401


def test_guessing_the_code_is_slowed_down_here_too(helpdesk: Browser) -> None:
    later(helpdesk)
    statuses = [helpdesk.send("/account/confirm", code="000000").status_code for _ in range(6)]
    assert statuses[-1] == 429


def test_new_recovery_codes_replace_the_old_ones_and_end_other_sessions(helpdesk: Browser) -> None:
    other, old = elsewhere(helpdesk), recovery.new_codes()
    hashes = [recovery.hash_of(code) for code in old]
    helpdesk.store.write(lambda c: factors.set_codes(c, "admin", hashes))
    page = helpdesk.send("/account/codes").text
    codes = re.findall(r"<li><code>([a-z2-7-]+)</code>", page)
    assert len(codes) == recovery.HOW_MANY
    assert not is_open(helpdesk, other)

    def use(code: str) -> bool:
        return helpdesk.store.write(lambda c: factors.use_code(c, "admin", recovery.hash_of(code)))

    assert [use(old[0]), use(codes[0]), use(codes[0])] == [False, True, False]
    assert codes[0] not in str(helpdesk.audited())


def test_another_app_takes_the_place_of_the_old_one(helpdesk: Browser) -> None:
    other = elsewhere(helpdesk)
    page = helpdesk.get("/account/app")
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    typed = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert sealed
    assert typed
    secret = base64.b32decode(typed[1].replace(" ", ""))
    wrong = helpdesk.send("/account/app", sealed=sealed[1], code="000000")
    assert wrong.status_code == 401
    assert is_open(helpdesk, other)
    done = helpdesk.send("/account/app", sealed=sealed[1], code=code_now(helpdesk, secret))
    assert done.status_code == 303
    assert not is_open(helpdesk, other)
    helpdesk.client.cookies.clear()
    helpdesk.clock.advance(seconds=30)
    helpdesk.password()
    assert helpdesk.send("/login/factor", code=code_now(helpdesk)).status_code == 401
    assert helpdesk.send("/login/factor", code=code_now(helpdesk, secret)).status_code == 303


def test_a_change_that_cannot_be_written_down_is_not_made(helpdesk: Browser) -> None:
    form = {"form_token": helpdesk.token("/account"), "old": PASSWORD}
    form |= {"password": WORDS, "again": WORDS}
    folder = helpdesk.keeping.journal.folder
    folder.rename(folder.with_name("gone"))
    folder.write_text("in the way")
    assert helpdesk.client.post(PATH, data=form, headers=FROM_US).status_code == 503
    assert helpdesk.client.post("/account/codes", data=form, headers=FROM_US).status_code == 503
    folder.unlink()
    folder.with_name("gone").rename(folder)
    helpdesk.client.cookies.clear()
    assert helpdesk.password() == 303


def test_a_session_that_was_stolen_ends_with_the_password(helpdesk: Browser) -> None:
    stolen = elsewhere(helpdesk)
    change(helpdesk)
    helpdesk.client.cookies.clear()
    answer = helpdesk.client.get("/devices", headers={"Cookie": f"{NAME}={stolen}"})
    assert answer.headers["location"] == "/login"


def test_a_wrong_code_for_another_app_is_written_down_as_no_change(helpdesk: Browser) -> None:
    page = helpdesk.get("/account/app")
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    assert helpdesk.send("/account/app", sealed=sealed[1], code="000000").status_code == 401
    told = helpdesk.audited()
    changes = [r["outcome"] for r in told if r["action"].endswith("factor_changed")]
    assert changes == ["failed"]
    assert not [r for r in told if r["action"] == "session.ended"]
