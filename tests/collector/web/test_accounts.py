"""Accounts are changed by owners only, never over somebody else's change, never the last owner."""

import re
from functools import partial
from threading import Barrier, Thread

import pytest
from httpx2 import Response

from collector.accounts import people, sessions
from collector.accounts.people import NotPossible, Order
from collector.accounts.roles import Role
from collector.store import accounts, invitations, personal_tokens
from collector.store.accounts import Account
from collector.store.personal_tokens import PersonalToken
from tests.collector.web.conftest import FROM_US, Browser

LINK = re.compile(r"https://collector\.example(/setup/[\w-]{43})")


def add(browser: Browser, username: str, role: str = "viewer", password: str = "hash") -> None:
    account = Account(username, password, browser.clock(), role)
    browser.store.write(lambda c: accounts.add(c, account))


def held(browser: Browser, username: str) -> Account:
    account = browser.store.read(lambda c: accounts.get(c, username))
    assert account is not None
    return account


def change(browser: Browser, username: str, seen: str = "", **form: str) -> Response:
    """Fill in a form of the person's page, as it was `seen`."""
    path = f"/accounts/account/{username}"
    page = browser.get(path)
    version = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert token
    filled = {"form_token": token[1], "seen": seen or (version[1] if version else ""), **form}
    return browser.client.post(path, data=filled, headers=FROM_US)


def session_of(browser: Browser, username: str) -> str:
    now, account = browser.clock(), held(browser, username)
    return browser.store.write(lambda c: sessions.begin(c, account, now, factor_at=now))


def is_open(browser: Browser, token: str) -> bool:
    now = browser.clock()
    return browser.store.read(lambda c: sessions.find(c, token, now)) is not None


def test_the_list_says_who_may_enter_and_how(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "admin")
    helpdesk.clock.advance(days=31)
    helpdesk.client.cookies.clear()
    helpdesk.log_in()
    page = helpdesk.get("/accounts")
    assert "alice" in page
    assert "for 31 days; disabled after 45" in page
    assert page.count('class="badge pass">Active') == 1


def test_somebody_is_added_with_a_link_that_leads_in(helpdesk: Browser) -> None:
    answer = helpdesk.send("/accounts", username="alice", role="helpdesk")
    link = LINK.search(answer.text)
    assert link
    assert (held(helpdesk, "alice").role, held(helpdesk, "alice").password_hash) == ("helpdesk", "")
    assert helpdesk.client.get(link[1]).status_code == 200
    log = str(helpdesk.audited())
    assert "account.added" in log
    assert link[1].rpartition("/")[2] not in log


@pytest.mark.parametrize(
    ("address", "host", "leads_to"),
    [
        ("https://muster.example.org", "collector.example", "https://muster.example.org/setup/"),
        ("", "collector.example", "https://collector.example/setup/"),
        ("", "collector.example:443", "https://collector.example:443/setup/"),
        ("", "collector.example:6666", "https://collector.example/setup/"),
    ],
)
def test_a_link_leads_where_the_collector_is_and_not_where_the_request_says(
    helpdesk: Browser, address: str, host: str, leads_to: str
) -> None:
    object.__setattr__(helpdesk.keeping, "address", address)
    token = helpdesk.token("/accounts")
    form = {"form_token": token, "username": "alice", "role": "helpdesk"}
    sent = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = helpdesk.client.post("/accounts", data=form, headers={**FROM_US, **sent, "Host": host})
    assert leads_to in answer.text
    assert "evil" not in answer.text


def test_a_host_that_is_not_ours_gets_no_page(helpdesk: Browser) -> None:
    answer = helpdesk.client.get("/accounts", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in answer.text


@pytest.mark.parametrize("name", ["", "Alice", "al ice", "a" * 65, "../x", "<b>", "é", ".x", "a/b"])
def test_what_is_no_username_is_refused_and_kept_to_be_mended(helpdesk: Browser, name: str) -> None:
    answer = helpdesk.send("/accounts", username=name, role="viewer")
    assert answer.status_code == 400
    assert "A username is 1 to 64" in answer.text
    assert len(helpdesk.store.read(accounts.list_all)) == 1
    assert "<b>" not in answer.text


def test_a_name_that_is_taken_stays_whose_it_is(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "owner")
    answer = helpdesk.send("/accounts", username="alice", role="viewer")
    assert (answer.status_code, "already" in answer.text) == (400, True)
    assert held(helpdesk, "alice").role == "owner"


def test_another_role_ends_every_session_and_token(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "admin")
    theirs, now = session_of(helpdesk, "alice"), helpdesk.clock()
    token = PersonalToken("t", "alice", "script", b"h", "viewer", now, now.replace(year=2027))
    helpdesk.store.write(lambda c: personal_tokens.add(c, token))
    assert change(helpdesk, "alice", action="role", role="viewer").status_code == 303
    assert held(helpdesk, "alice").role == "viewer"
    assert not is_open(helpdesk, theirs)
    assert helpdesk.store.read(lambda c: personal_tokens.of_person(c, "alice")) == []


def test_whoever_is_disabled_is_out_at_once_and_in_again_when_enabled(helpdesk: Browser) -> None:
    add(helpdesk, "alice")
    theirs, now = session_of(helpdesk, "alice"), helpdesk.clock()
    helpdesk.store.write(
        lambda c: invitations.add(
            c, invitations.Invitation(b"l", "alice", now, now.replace(day=23))
        )
    )
    answer = change(helpdesk, "alice", action="disable", because="has <left>")
    assert answer.status_code == 303
    assert not is_open(helpdesk, theirs)
    assert helpdesk.store.read(lambda c: invitations.get(c, b"l", now)) is None
    assert "has &lt;left&gt;" in helpdesk.get("/accounts")
    assert change(helpdesk, "alice", action="enable").status_code == 303
    assert held(helpdesk, "alice").disabled_at is None


@pytest.mark.parametrize("because", ["", "   ", "x" * 201, "two\nlines"])
def test_a_reason_is_asked_for(helpdesk: Browser, because: str) -> None:
    add(helpdesk, "alice")
    answer = change(helpdesk, "alice", action="disable", because=because)
    assert (answer.status_code, "Say why" in answer.text) == (400, True)
    assert held(helpdesk, "alice").disabled_at is None


@pytest.mark.parametrize(("factors", "kept"), [("", True), ("too", False)])
def test_a_new_link_ends_the_password_and_the_factors_if_asked(
    helpdesk: Browser, factors: str, kept: bool
) -> None:
    add(helpdesk, "alice")
    helpdesk.store.write(lambda c: accounts.set_totp(c, "alice", b"sealed"))
    theirs = session_of(helpdesk, "alice")
    answer = change(helpdesk, "alice", action="link", factors=factors)
    assert LINK.search(answer.text)
    account = held(helpdesk, "alice")
    assert (account.password_hash, account.totp_sealed is not None) == ("", kept)
    assert not is_open(helpdesk, theirs)


@pytest.mark.parametrize(
    "form",
    [
        {"action": "role", "role": "viewer"},
        {"action": "disable", "because": "left"},
        {"action": "link"},
    ],
)
def test_nobody_changes_the_own_account(helpdesk: Browser, form: dict[str, str]) -> None:
    add(helpdesk, "olga", "owner")
    before = held(helpdesk, "admin")
    answer = change(helpdesk, "admin", seen=people.version(before), **form)
    assert (answer.status_code, "Another owner" in answer.text) == (400, True)
    assert held(helpdesk, "admin") == before


@pytest.mark.parametrize("form", [{}, {"action": "role", "role": "king"}, {"action": "remove"}])
def test_what_no_form_asks_for_is_not_understood(helpdesk: Browser, form: dict[str, str]) -> None:
    add(helpdesk, "alice")
    assert change(helpdesk, "alice", **form).status_code == 400


def test_a_change_over_one_that_was_not_seen_is_refused_and_shows_what_is(
    helpdesk: Browser,
) -> None:
    add(helpdesk, "alice", "viewer")
    seen = people.version(held(helpdesk, "alice"))
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: people.change_role(c, Order("alice", now), Role.ADMIN))
    for form in ({"action": "role", "role": "helpdesk"}, {"action": "disable", "because": "x"}):
        answer = change(helpdesk, "alice", seen=seen, **form)
        assert answer.status_code == 409
        assert "Somebody has changed alice meanwhile" in answer.text
        assert '<option value="admin" selected>' in answer.text
    assert held(helpdesk, "alice").role == "admin"
    assert [r["outcome"] for r in helpdesk.audited()][-1] == "failed"


def test_two_owners_who_remove_each_other_leave_one(browser: Browser) -> None:
    add(browser, "olga", "owner")
    now, together = browser.clock(), Barrier(2)
    ends: list[str] = []

    def remove(by: str, whom: str) -> None:
        together.wait()
        try:
            order = Order(whom, now, by)
            browser.store.write(lambda c: people.disable(c, order, "a quarrel"))
            ends.append("done")
        except NotPossible:
            ends.append("refused")

    pairs = (("admin", "olga"), ("olga", "admin"))
    threads = [Thread(target=partial(remove, by, whom)) for by, whom in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["done", "refused"]
    left = [a for a in browser.store.read(accounts.list_all) if a.disabled_at is None]
    assert len(left) == 1


def test_whoever_lost_the_role_while_the_page_was_open_changes_nothing(browser: Browser) -> None:
    add(browser, "olga", "owner")
    add(browser, "alice")
    now = browser.clock()
    browser.store.write(lambda c: accounts.set_role(c, "olga", "admin"))
    for form in (people.enable, partial(people.let_in_anew, factors_too=True)):
        with pytest.raises(NotPossible, match="any more"):
            browser.store.write(lambda c, do=form: do(c, Order("alice", now, "olga")))


def test_an_owner_who_cannot_enter_yet_does_not_count(browser: Browser) -> None:
    add(browser, "olga", "owner", password="")
    now = browser.clock()
    for change_of in (
        lambda c: people.disable(c, Order("admin", now), "left"),
        lambda c: people.change_role(c, Order("admin", now), Role.VIEWER),
    ):
        with pytest.raises(NotPossible, match="last owner"):
            browser.store.write(change_of)


def test_an_account_that_is_not_there_is_not_found(helpdesk: Browser) -> None:
    assert helpdesk.client.get("/accounts/account/nobody").status_code == 404
    answer = helpdesk.send("/accounts/account/nobody", "/accounts", action="disable", because="x")
    assert answer.status_code == 404


def test_the_link_is_for_the_name_that_the_page_was_opened_by(helpdesk: Browser) -> None:
    form = {"username": "alice", "role": "viewer", "form_token": helpdesk.token("/accounts")}
    forged = {**FROM_US, "Host": "evil.example"}
    assert helpdesk.client.post("/accounts", data=form, headers=forged).status_code == 400


def test_another_account_is_changed_by_who_has_just_shown_the_second_factor(
    helpdesk: Browser,
) -> None:
    """A session left open in the morning makes no owner and takes nobody's factors away."""
    add(helpdesk, "alice")
    helpdesk.clock.advance(minutes=6)
    there = "/accounts/account/alice"
    confirm = "/account/confirm?next=%2Faccounts%2Faccount%2Falice"
    assert helpdesk.client.get(there).headers["location"] == confirm
    answer = helpdesk.send(there, "/accounts", action="role", role="owner")
    assert answer.status_code == 403
    assert confirm in answer.text
    answer = helpdesk.send("/accounts", username="mallory", role="owner")
    assert answer.status_code == 403
    assert 'value="mallory"' in answer.text
    assert "/account/confirm?next=%2Faccounts" in answer.text
    known = helpdesk.store.read(accounts.list_all)
    assert {(each.username, each.role) for each in known} == {
        ("admin", "owner"),
        ("alice", "viewer"),
    }


def test_roles_are_named_in_the_language_of_the_reader(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "viewer")
    for path in ("/accounts", "/accounts/account/alice", "/accounts/review", "/account/tokens"):
        answer = helpdesk.client.get(path, headers={"Accept-Language": "fr"})
        assert "lecteur" in answer.text
        assert ">viewer<" not in answer.text
        assert ">owner<" not in answer.text
