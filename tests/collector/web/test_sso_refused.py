"""An answer of the provider that is not right lets nobody in, and is written down."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response

from collector.accounts.sso.settings import BelievedFactor
from collector.store import accounts
from collector.web.cookie import NAME
from tests.collector.web.conftest import Browser
from tests.collector.web.sso_visit import JOURNEY, Visit, add, visiting
from tests.provider import ISSUER, answered


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Accounts are not made, and no second factor of the provider is believed."""
    yield from visiting(browser)


@pytest.fixture
def open_visit(browser: Browser) -> Iterator[Visit]:
    """Accounts are made, and `amr: mfa` is believed."""
    yield from visiting(browser, create_accounts=True, second_factor=BelievedFactor(amr=("mfa",)))


def refused(visit: Visit, response: Response, reason: str) -> None:
    assert response.status_code >= 400
    assert "login page" in response.text or "Tell the people" in response.text
    last = visit.last()
    assert (last["action"], last["actor"], last["outcome"]) == ("login", "nobody", "failed")
    assert last["detail"] == {"sso": ISSUER, "reason": reason}
    assert "refresh" not in response.headers
    assert NAME not in visit.client.cookies


def test_an_answer_with_another_state_is_refused(visit: Visit) -> None:
    address = visit.fake.log_in(visit.begin())
    refused(visit, visit.come_back(re.sub("state=[^&]*", "state=x", address)), "state")


def test_an_answer_in_a_browser_that_did_not_ask_is_refused(visit: Visit) -> None:
    address = visit.fake.log_in(visit.begin())
    visit.client.cookies.clear()
    refused(visit, visit.come_back(address), "state")
    assert "/token" not in visit.fake.asked


def test_an_answer_is_taken_once_even_when_the_cookie_is_kept(visit: Visit) -> None:
    address = visit.fake.log_in(visit.begin())
    kept = visit.client.cookies[JOURNEY]
    visit.fake.damage = lambda claims: claims.update(nonce="x")
    refused(visit, visit.come_back(address), "token")
    assert JOURNEY not in visit.client.cookies
    visit.client.cookies.set(JOURNEY, kept, domain="collector.example")
    refused(visit, visit.come_back(address), "used before")


def test_an_answer_after_ten_minutes_is_refused(visit: Visit) -> None:
    address = visit.fake.log_in(visit.begin())
    visit.browser.clock.advance(minutes=11)
    refused(visit, visit.come_back(address), "too old")


def test_a_code_of_another_login_is_refused(visit: Visit) -> None:
    """Injection: a stranger's code in the victim's answer fails by PKCE and by the nonce."""
    visit.fake.log_in(visit.begin())
    address = visit.fake.log_in(visit.begin())
    refused(visit, visit.come_back(address.replace("code-1", "code-0")), "code refused")


def test_an_answer_that_names_another_provider_is_refused(visit: Visit) -> None:
    refused(visit, visit.log_in(iss="https://other.example"), "other provider")
    assert "/token" not in visit.fake.asked


def test_a_provider_that_names_itself_must_do_so(visit: Visit) -> None:
    visit.fake.discovery["authorization_response_iss_parameter_supported"] = True
    refused(visit, visit.log_in(), "other provider")
    add(visit, "alice")
    visit.link("alice")
    assert visit.log_in(iss=ISSUER).status_code == 200


def test_parameters_that_come_twice_are_refused(visit: Visit) -> None:
    address = visit.fake.log_in(visit.begin())
    state = parse_qs(urlsplit(address).query)["state"][0]
    refused(visit, visit.come_back(f"{address}&state={state}"), "state")
    refused(
        visit, visit.come_back(f"{visit.fake.log_in(visit.begin())}&code=x"), "provider's answer"
    )


def test_a_login_that_was_cancelled_is_said_without_the_providers_words(visit: Visit) -> None:
    address = visit.fake.log_in(visit.begin()).replace("code=", "error=access_denied&x=")
    response = visit.come_back(f"{address}&error_description=%3Cscript%3Ecall-555")
    assert "call-555" not in response.text
    refused(visit, response, "cancelled")


def test_a_provider_that_cannot_be_asked_is_said(visit: Visit) -> None:
    visit.fake.replies["/.well-known/openid-configuration"] = answered({}, 503)
    response = visit.client.get("/login/sso")
    assert response.status_code == 503
    assert "log in with your password" in response.text


@pytest.mark.parametrize("name", ["next", "redirect_uri", "return_to", "state"])
def test_what_the_address_says_of_where_to_go_is_not_looked_at(visit: Visit, name: str) -> None:
    add(visit, "alice")
    visit.link("alice")
    response = visit.client.get(f"/login/sso?{name}=https://evil.example/")
    asked = response.headers["location"]
    assert asked.startswith(f"{ISSUER}/authorize?")
    assert "evil" not in asked
    back = visit.come_back(visit.fake.log_in(asked) + "&next=https://evil.example/")
    assert back.headers["refresh"] == "0; url=/"
    assert "evil" not in back.text


def test_the_cookie_of_a_login_under_way_opens_nothing_and_is_bound_to_the_host(
    visit: Visit,
) -> None:
    response = visit.client.get("/login/sso")
    parts = {part.strip().lower() for part in response.headers["set-cookie"].split(";")[1:]}
    assert parts == {"path=/", "secure", "httponly", "samesite=lax", "max-age=600"}
    assert visit.client.get("/devices").headers["location"] == "/login"


def test_many_answers_of_nobody_are_slowed_down_and_never_reach_the_provider(
    visit: Visit,
) -> None:
    statuses = [
        visit.client.get("/login/sso/callback?code=x&state=y").status_code for _ in range(8)
    ]
    assert statuses[0] == 400
    assert statuses[-1] == 503
    assert visit.fake.asked == []


def test_nothing_secret_is_written_down(visit: Visit) -> None:
    add(visit, "alice")
    visit.link("alice")
    address = visit.fake.log_in(visit.begin())
    visit.come_back(address)
    state = parse_qs(urlsplit(address).query)["state"][0]
    written = str(visit.audited())
    for secret in (state, "code-0", "a secret of the client", visit.client.cookies[NAME]):
        assert secret not in written


def test_a_role_that_changed_between_plan_and_deed_is_planned_anew(visit: Visit) -> None:
    add(visit, "alice")
    visit.link("alice")
    record = visit.browser.keeping.journal.append

    def meanwhile(*entries: Any) -> None:
        record(*entries)
        visit.store.write(lambda c: accounts.set_role(c, "alice", "admin"))

    visit.browser.keeping.journal.append = meanwhile  # type: ignore[method-assign]
    response = visit.log_in()
    assert response.status_code == 403
    assert "changed at the same moment" in response.text


def test_what_cannot_be_written_down_lets_nobody_in(open_visit: Visit) -> None:
    address = open_visit.fake.log_in(open_visit.begin())
    folder = open_visit.browser.keeping.journal.folder
    if folder.exists():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    folder.write_text("in the way")
    assert open_visit.come_back(address).status_code == 503
    assert open_visit.account("alice") is None
    assert NAME not in open_visit.client.cookies
