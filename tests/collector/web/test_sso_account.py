"""Connecting an account with the provider: by its own person, in a session that is sure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from collector.accounts import access_tokens, invitations, sessions
from collector.accounts.access_tokens import Wish
from collector.accounts.roles import Role
from collector.accounts.sso.settings import BelievedFactor
from collector.store import Connection, linked_identities
from collector.web.cookie import NAME
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.sso_visit import JOURNEY, SUBJECT, Visit, add, visiting
from tests.provider import ISSUER


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Accounts are not made, and no second factor of the provider is believed."""
    yield from visiting(browser)


@pytest.fixture
def open_visit(browser: Browser) -> Iterator[Visit]:
    """Accounts are made, and `amr: mfa` is believed."""
    yield from visiting(browser, create_accounts=True, second_factor=BelievedFactor(amr=("mfa",)))


def connect(visit: Visit) -> str:
    """The provider's address that the form leads to."""
    response = visit.browser.send("/account/sso", what="connect")
    assert response.status_code == 200, response.text
    return response.headers["refresh"].removeprefix("0; url=")


def test_a_person_connects_the_own_account_and_enters_by_it(visit: Visit) -> None:
    assert visit.browser.log_in() == 303
    address = connect(visit)
    assert "prompt=login" in address
    response = visit.come_back(visit.fake.log_in(address))
    assert response.headers["refresh"] == "0; url=/account/sso"
    assert visit.links() == [("admin", SUBJECT)]
    assert "is connected with" in visit.browser.get("/account/sso")
    last = next(e for e in reversed(visit.audited()) if e["action"] == "account.changed")
    assert (last["name"], last["on"]) == ("admin", "account:admin")
    visit.fake.claims["groups"] = ["muster-owners"]
    visit.client.cookies.clear()
    assert visit.log_in().status_code == 200
    assert visit.client.get("/devices").headers["location"] == "/login/factor"


def test_the_account_page_leads_to_it_only_where_there_is_a_provider(
    helpdesk: Browser, visit: Visit
) -> None:
    assert "/account/sso" not in helpdesk.get("/account")
    assert helpdesk.client.get("/account/sso").status_code == 404
    assert visit.browser.log_in() == 303
    assert 'href="/account/sso"' in visit.browser.get("/account")


def test_connecting_ends_every_other_session(visit: Visit) -> None:
    assert visit.browser.log_in() == 303
    first = visit.client.cookies[NAME]
    visit.client.cookies.clear()
    assert visit.browser.log_in() == 303
    visit.come_back(visit.fake.log_in(connect(visit)))
    assert visit.client.get("/devices").status_code == 200
    visit.client.cookies.clear()
    stolen = {"Cookie": f"{NAME}={first}"}
    assert visit.client.get("/devices", headers=stolen).headers["location"] == "/login"


def test_nobody_is_connected_after_the_session_has_ended(visit: Visit) -> None:
    assert visit.browser.log_in() == 303
    address = connect(visit)
    visit.browser.send("/logout", "/devices")
    response = visit.come_back(visit.fake.log_in(address))
    assert "Your session has ended meanwhile" in response.text
    assert visit.links() == []


def test_a_person_at_the_provider_is_one_account_here(visit: Visit) -> None:
    add(visit, "alice")
    visit.link("alice")
    assert visit.browser.log_in() == 303
    response = visit.come_back(visit.fake.log_in(connect(visit)))
    assert "is connected with another account" in response.text
    assert visit.links() == [("alice", SUBJECT)]


def test_connecting_needs_a_form_of_ours(visit: Visit) -> None:
    assert visit.browser.log_in() == 303
    response = visit.client.post("/account/sso", data={"what": "connect"}, headers=FROM_US)
    assert response.status_code == 403
    visit.client.get("/account/sso?what=connect")
    assert JOURNEY not in visit.client.cookies


def test_a_person_disconnects_and_stays_in(visit: Visit) -> None:
    assert visit.browser.log_in() == 303
    visit.link("admin")
    assert visit.browser.send("/account/sso", what="disconnect").status_code == 303
    assert visit.links() == []
    assert "is not connected" in visit.browser.get("/account/sso")


def test_who_has_no_password_cannot_disconnect(open_visit: Visit) -> None:
    shown_at = int(open_visit.browser.clock().timestamp())
    open_visit.fake.claims |= {"amr": ["mfa"], "auth_time": shown_at}
    open_visit.log_in()
    assert "no password" in open_visit.browser.get("/account/sso")
    open_visit.browser.send("/account/sso", what="disconnect")
    assert open_visit.links() == [("alice", SUBJECT)]
    words = "disconnected from single sign-on"
    told = [e["outcome"] for e in open_visit.audited() if e.get("detail", {}).get("to") == words]
    assert told == ["denied"]


def test_removing_and_linking_keep_to_one_link_each(visit: Visit) -> None:
    def both(c: Connection) -> list[bool]:
        row = linked_identities.LinkedIdentity(ISSUER, "1", "a", visit.browser.clock(), "x")
        return [linked_identities.add(c, row), linked_identities.add(c, replace(row, username="b"))]

    assert visit.store.write(both) == [True, False]


def session_and_token(visit: Visit) -> tuple[str, str]:
    """A whole session of alice's in another browser, and a token."""
    now = visit.browser.clock()
    account = visit.account("alice")
    assert account
    wish = Wish("job", Role.VIEWER, now + timedelta(days=1))
    session = visit.store.write(lambda c: sessions.begin(c, account, now, factor_at=now))
    return session, visit.store.write(lambda c: access_tokens.make(c, "alice", wish, now)).secret


@pytest.mark.parametrize(("had", "stays"), [("admin", False), ("viewer", True)])
def test_another_role_from_the_provider_ends_sessions_and_tokens(
    visit: Visit, had: str, stays: bool
) -> None:
    """As it does when an owner gives it: a copied cookie does not rise with its person."""
    add(visit, "alice", had)
    visit.link("alice")
    session, token = session_and_token(visit)
    now = visit.browser.clock()
    assert visit.log_in().status_code == 200
    assert visit.store.read(lambda c: sessions.find(c, session, now) is not None) is stays
    assert visit.store.read(lambda c: access_tokens.bearer(c, token, now) is not None) is stays


@pytest.mark.parametrize("factors_too", [True, False])
def test_a_link_that_trusts_nothing_of_the_old_disconnects(visit: Visit, factors_too: bool) -> None:
    """Whoever had the account to themselves may have connected an identity of their own."""
    add(visit, "alice")
    visit.link("alice")
    now = visit.browser.clock()
    visit.store.write(lambda c: invitations.let_in_anew(c, "alice", now, factors_too=factors_too))
    assert visit.links() == ([] if factors_too else [("alice", SUBJECT)])


def test_who_has_no_password_is_not_asked_for_the_old_one(open_visit: Visit) -> None:
    open_visit.fake.claims["amr"] = ["mfa"]
    assert open_visit.log_in().status_code == 200
    page = open_visit.browser.get("/account/password")
    assert "You have no password here" in page
    assert 'name="old"' not in page
    assert 'href="/account/password"' not in open_visit.browser.get("/account")
    answer = open_visit.browser.send(
        "/account/password", "/account", old="", password="x" * 20, again="x" * 20
    )
    assert answer.status_code == 409
    assert "no password to change" in answer.text
