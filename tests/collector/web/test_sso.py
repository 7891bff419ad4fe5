"""Logging in by the OpenID provider: who is let in, as whom, and what is written down of it."""

from collections.abc import Iterator

import pytest

from collector.accounts import sessions
from collector.accounts.sso.settings import BelievedFactor
from collector.store import accounts
from collector.web.cookie import NAME
from tests.collector.web.conftest import Browser
from tests.collector.web.sso_visit import SUBJECT, Visit, add, visiting
from tests.provider import ISSUER


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Accounts are not made, and no second factor of the provider is believed."""
    yield from visiting(browser)


@pytest.fixture
def open_visit(browser: Browser) -> Iterator[Visit]:
    """Accounts are made, and `amr: mfa` is believed."""
    yield from visiting(browser, create_accounts=True, second_factor=BelievedFactor(amr=("mfa",)))


def test_the_login_page_offers_the_provider_only_where_there_is_one(
    browser: Browser, visit: Visit
) -> None:
    assert "/login/sso" not in browser.client.get("/login").text
    assert browser.client.get("/login/sso").status_code == 404
    assert browser.client.get("/login/sso/callback?code=a&state=b").status_code == 404
    assert 'href="/login/sso">Log in with Example<' in visit.client.get("/login").text


def test_a_connected_person_is_let_in_and_asked_for_the_second_factor(visit: Visit) -> None:
    add(visit, "alice")
    visit.link("alice")
    response = visit.log_in()
    assert response.status_code == 200
    assert response.headers["refresh"] == "0; url=/"
    onward = visit.client.get("/devices")
    assert onward.headers["location"] == "/login/factor"
    assert visit.client.get("/login/factor").headers["location"] == "/login/app"
    last = next(each for each in visit.audited() if each["action"] == "login")
    assert (last["actor"], last["name"], last["outcome"]) == ("account", "alice", "done")
    assert last["detail"] == {
        "sso": ISSUER,
        "identity": SUBJECT,
        "second factor": "to be shown",
    }


def test_the_providers_second_factor_is_believed_when_it_says_the_configured_word(
    open_visit: Visit,
) -> None:
    open_visit.fake.claims["amr"] = ["pwd", "mfa"]
    open_visit.log_in()
    assert open_visit.client.get("/devices").status_code == 200
    account = open_visit.account("alice")
    assert account is not None
    assert account.last_login_at == open_visit.browser.clock()


@pytest.mark.parametrize("amr", [["pwd"], "mfa", ["MFA"], [["mfa"]], {"mfa": 1}, None])
def test_another_word_about_the_second_factor_is_not_believed(
    open_visit: Visit, amr: object
) -> None:
    open_visit.fake.claims["amr"] = amr
    open_visit.fake.claims["acr"] = "mfa"
    open_visit.log_in()
    assert open_visit.client.get("/devices").headers["location"] == "/login/factor"


def test_a_second_factor_counts_from_when_the_provider_saw_it(open_visit: Visit) -> None:
    now = open_visit.browser.clock()
    open_visit.fake.claims |= {"amr": ["mfa"], "auth_time": int(now.timestamp()) - 3600}
    open_visit.log_in()
    token = open_visit.client.cookies[NAME]
    session = open_visit.store.read(lambda c: sessions.find(c, token, now))
    assert session is not None
    assert session.factor_at is not None
    assert (now - session.factor_at).total_seconds() == 3600


@pytest.mark.parametrize("said", [None, True, "1700000000", 0, -5])
def test_a_second_factor_of_no_known_moment_lets_in_and_is_not_fresh(
    open_visit: Visit, said: object
) -> None:
    now = open_visit.browser.clock()
    open_visit.fake.claims |= {"amr": ["mfa"], "auth_time": said}
    open_visit.log_in()
    assert open_visit.client.get("/devices").status_code == 200
    token = open_visit.client.cookies[NAME]
    session = open_visit.store.read(lambda c: sessions.find(c, token, now))
    assert session is not None
    assert not session.is_fresh(now)


def test_a_stranger_is_refused_where_accounts_are_not_made(visit: Visit) -> None:
    response = visit.log_in()
    assert response.status_code == 403
    assert "Ask an owner of this collector" in response.text
    assert NAME not in visit.client.cookies
    assert visit.account("alice") is None
    last = visit.last()
    assert (last["action"], last["actor"], last["name"]) == ("login", "nobody", "")
    assert last["outcome"] == "denied"
    assert last["detail"] == {
        "sso": ISSUER,
        "reason": "unknown identity",
        "identity": SUBJECT,
    }


def test_an_account_is_made_at_the_first_login_where_the_operator_allows_it(
    open_visit: Visit,
) -> None:
    assert open_visit.log_in().status_code == 200
    made = open_visit.account("alice")
    assert made is not None
    assert (made.role, made.password_hash) == ("viewer", "")
    assert open_visit.links() == [("alice", SUBJECT)]
    actions = [(e["action"], e["name"]) for e in open_visit.audited()[-2:]]
    assert actions == [("account.added", "alice"), ("login", "alice")]


def test_an_account_without_a_password_cannot_be_entered_with_one(open_visit: Visit) -> None:
    open_visit.log_in()
    open_visit.client.cookies.clear()
    assert open_visit.browser.password("", "alice") == 401


@pytest.mark.parametrize("name", ["Bob", "bob", "BOB"])
def test_an_account_of_the_same_name_is_never_taken_over(open_visit: Visit, name: str) -> None:
    add(open_visit, "bob", "admin")
    open_visit.fake.claims["preferred_username"] = name
    response = open_visit.log_in()
    assert response.status_code == 403
    assert "log in with your password and connect the two" in response.text
    assert open_visit.links() == []
    assert open_visit.last()["detail"]["reason"] == "name taken"


@pytest.mark.parametrize("name", [None, 7, "", "admin ", "a b", "../x", "x" * 65, "é", "-a"])
def test_a_name_that_no_account_can_have_is_refused(open_visit: Visit, name: object) -> None:
    open_visit.fake.claims["preferred_username"] = name
    assert open_visit.log_in().status_code == 403
    assert open_visit.last()["detail"]["reason"] == "no usable name"


def test_the_name_of_the_first_account_is_given_to_nobody(open_visit: Visit) -> None:
    open_visit.store.write(lambda c: accounts.remove(c, "admin"))
    open_visit.fake.claims["preferred_username"] = "admin"
    assert open_visit.log_in().status_code == 403
    assert open_visit.account("admin") is None


@pytest.mark.parametrize("verified", [None, False, "true"])
def test_an_address_that_was_not_verified_makes_no_account(
    browser: Browser, verified: object
) -> None:
    for visit in visiting(browser, create_accounts=True, username_claim="email"):
        visit.fake.claims |= {"email": "alice@example.org", "email_verified": verified}
        assert visit.log_in().status_code == 403
        visit.fake.claims["email_verified"] = True
        assert visit.log_in().status_code == 200
        assert visit.account("alice@example.org") is not None


def test_who_somebody_is_hangs_on_the_subject_and_not_on_the_name(visit: Visit) -> None:
    add(visit, "alice")
    add(visit, "bob", "admin")
    visit.link("alice")
    visit.fake.claims["preferred_username"] = "bob"
    visit.log_in()
    assert visit.last()["name"] == "alice"


@pytest.mark.parametrize("groups", [None, [], "staff", ["Muster-viewers"], {"muster-viewers": 1}])
def test_nobody_enters_without_a_group_that_is_in_the_map(visit: Visit, groups: object) -> None:
    add(visit, "alice")
    visit.link("alice")
    visit.fake.claims["groups"] = groups
    response = visit.log_in()
    assert response.status_code == 403
    assert "none of your groups" in response.text
    assert visit.last()["detail"]["reason"] == "no role"


def test_the_role_follows_the_provider_at_each_login(visit: Visit) -> None:
    add(visit, "alice", "admin")
    visit.link("alice")
    visit.log_in()
    account = visit.account("alice")
    assert account is not None
    assert account.role == "viewer"
    changed = visit.audited()[-2]
    assert changed["action"] == "account.changed"
    assert changed["detail"] == {
        "sso": ISSUER,
        "identity": SUBJECT,
        "role": "viewer",
        "before": "admin",
    }


def test_of_several_groups_the_first_in_the_map_counts(open_visit: Visit) -> None:
    open_visit.fake.claims["groups"] = ["muster-owners", "muster-viewers"]
    open_visit.log_in()
    account = open_visit.account("alice")
    assert account is not None
    assert account.role == "viewer"


def test_the_last_owner_is_not_made_less_by_a_login(visit: Visit) -> None:
    visit.link("admin")
    response = visit.log_in()
    assert response.status_code == 403
    assert "make somebody else an owner first" in response.text
    account = visit.account("admin")
    assert account is not None
    assert account.role == "owner"


def test_a_disabled_account_is_not_entered(visit: Visit) -> None:
    add(visit, "alice")
    visit.link("alice")
    now = visit.browser.clock()
    visit.store.write(lambda c: accounts.disable(c, "alice", now, "left"))
    assert "is disabled" in visit.log_in().text
    assert visit.last()["detail"]["reason"] == "account disabled"


def test_a_removed_account_leaves_no_link_that_a_namesake_would_inherit(visit: Visit) -> None:
    add(visit, "alice")
    visit.link("alice")
    visit.store.write(lambda c: accounts.remove(c, "alice"))
    add(visit, "alice", "owner")
    assert visit.log_in().status_code == 403
