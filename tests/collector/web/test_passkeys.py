"""A passkey is made and shown here, by its person, once for each challenge, or not at all."""

import base64
import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from collector.accounts import passkeys
from collector.accounts.passkeys import Here, NotAccepted
from collector.store import accounts, factors
from collector.store.factors import Passkey
from collector.web.cookie import NAME
from collector.web.passkeys import here
from tests.authenticator import FakeAuthenticator
from tests.collector.web.conftest import FROM_US, Browser


def options(page: str) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]+)"', page)
    assert found, page
    read: dict[str, Any] = json.loads(html.unescape(found[1]))
    return read


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def register(browser: Browser, authenticator: FakeAuthenticator, label: str = "Key") -> int:
    page = browser.get("/account/passkeys")
    form = {"form_token": form_token(page), "label": label}
    form["credential"] = authenticator.make(options(page))
    return browser.client.post("/account/passkeys", data=form, headers=FROM_US).status_code


def show(browser: Browser, path: str, authenticator: FakeAuthenticator, action: str = "") -> int:
    """Open the page and answer what it asks the browser for."""
    page = browser.client.get(path).text
    form = {"form_token": form_token(page), "credential": authenticator.show(options(page))}
    return browser.client.post(action or path, data=form, headers=FROM_US).status_code


def log_in_alone(browser: Browser, authenticator: FakeAuthenticator) -> int:
    browser.client.cookies.clear()
    return show(browser, "/login", authenticator, "/login/passkey")


@pytest.fixture
def key(helpdesk: Browser) -> FakeAuthenticator:
    """The passkey of admin, who is logged in."""
    authenticator = FakeAuthenticator()
    assert register(helpdesk, authenticator) == 303
    return authenticator


def held(browser: Browser) -> list[Passkey]:
    return browser.store.read(lambda c: factors.passkeys_of(c, "admin"))


def why_failed(browser: Browser) -> list[str]:
    records = [r for r in browser.audited() if r["outcome"] == "failed"]
    return [dict(r["detail"]).get("why", "") for r in records]  # type: ignore[arg-type]


def test_a_passkey_alone_lets_its_person_in(helpdesk: Browser, key: FakeAuthenticator) -> None:
    assert log_in_alone(helpdesk, key) == 303
    assert "Log out" in helpdesk.get("/devices")
    last = [r for r in helpdesk.audited() if r["action"] == "login"][-1]
    assert (last["name"], last["outcome"]) == ("admin", "done")
    assert held(helpdesk)[0].sign_count == 1


def test_a_passkey_is_a_second_step(helpdesk: Browser, key: FakeAuthenticator) -> None:
    helpdesk.client.cookies.clear()
    helpdesk.password()
    half = helpdesk.client.cookies[NAME]
    assert show(helpdesk, "/login/factor", key) == 303
    assert helpdesk.client.cookies[NAME] != half
    assert "Log out" in helpdesk.get("/devices")


def test_what_is_asked_for_requires_the_person_to_be_verified(helpdesk: Browser) -> None:
    asked = options(helpdesk.get("/account/passkeys"))
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["attestation"] == "none"
    assert asked["rp"]["id"] == "collector.example"
    assert "admin" not in asked["user"]["id"]
    helpdesk.client.cookies.clear()
    login = options(helpdesk.client.get("/login").text)
    assert login["userVerification"] == "required"
    assert login["allowCredentials"] == []


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://collector.example"},
        {"origin": "https://collector.example:8443"},
        {"host": "evil.example"},
        {"verifies": False},
    ],
)
def test_a_passkey_for_another_place_or_person_is_not_kept(
    helpdesk: Browser, lie: dict[str, Any]
) -> None:
    assert register(helpdesk, FakeAuthenticator(**lie)) == 400
    assert held(helpdesk) == []


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"verifies": False},
        {"credential_id": b"unknown"},
        {"key": FakeAuthenticator().key},
        {"handle": "AAAA"},
    ],
)
def test_a_passkey_that_lies_opens_nothing(
    helpdesk: Browser, key: FakeAuthenticator, lie: dict[str, Any]
) -> None:
    for name, value in lie.items():
        setattr(key, name, value)
    assert log_in_alone(helpdesk, key) == 401
    assert helpdesk.client.get("/devices").headers["location"] == "/login"
    assert why_failed(helpdesk) == ["not accepted"]


def test_a_counter_that_goes_back_is_refused_and_written_down(
    helpdesk: Browser, key: FakeAuthenticator
) -> None:
    key.count = 7
    assert log_in_alone(helpdesk, key) == 303
    for stands in (7, 3):
        key.count = stands - 1
        assert log_in_alone(helpdesk, key) == 401
    key.count, key.counts = 0, False
    assert log_in_alone(helpdesk, key) == 401
    assert why_failed(helpdesk) == ["the counter of the authenticator did not go on"] * 3
    assert held(helpdesk)[0].sign_count == 8


def test_an_authenticator_that_does_not_count_is_taken(helpdesk: Browser) -> None:
    key = FakeAuthenticator(counts=False)
    assert register(helpdesk, key) == 303
    assert log_in_alone(helpdesk, key) == 303
    assert log_in_alone(helpdesk, key) == 303


def test_an_answer_is_taken_once(helpdesk: Browser, key: FakeAuthenticator) -> None:
    key.counts = False
    helpdesk.client.cookies.clear()
    page = helpdesk.client.get("/login").text
    cookie = {"Cookie": f"{NAME}={helpdesk.client.cookies[NAME]}"}
    form = {"form_token": form_token(page), "credential": key.show(options(page))}
    first = helpdesk.client.post("/login/passkey", data=form, headers=FROM_US)
    assert first.status_code == 303
    helpdesk.client.cookies.clear()
    again = helpdesk.client.post("/login/passkey", data=form, headers={**FROM_US, **cookie})
    assert again.status_code == 401


def test_an_answer_for_another_browser_opens_nothing(
    helpdesk: Browser, key: FakeAuthenticator
) -> None:
    helpdesk.client.cookies.clear()
    asked = options(helpdesk.client.get("/login").text)
    helpdesk.client.cookies.clear()
    page = helpdesk.client.get("/login").text
    form = {"form_token": form_token(page), "credential": key.show(asked)}
    answer = helpdesk.client.post("/login/passkey", data=form, headers=FROM_US)
    assert answer.status_code == 401


def test_an_answer_to_one_question_is_none_to_another(
    helpdesk: Browser, key: FakeAuthenticator
) -> None:
    making = options(helpdesk.get("/account/passkeys"))
    helpdesk.clock.advance(minutes=6)
    page = helpdesk.get("/account/confirm?next=/account/codes")
    helpdesk.clock.advance(minutes=-4)
    form = {"form_token": form_token(page), "credential": key.show(making)}
    answer = helpdesk.client.post("/account/confirm", data=form, headers=FROM_US)
    assert answer.status_code == 401


def test_a_challenge_is_good_for_five_minutes(helpdesk: Browser, key: FakeAuthenticator) -> None:
    helpdesk.client.cookies.clear()
    page = helpdesk.client.get("/login").text
    form = {"form_token": form_token(page), "credential": key.show(options(page))}
    helpdesk.clock.advance(minutes=5, seconds=1)
    answer = helpdesk.client.post("/login/passkey", data=form, headers=FROM_US)
    assert answer.status_code == 401


def test_a_passkey_of_one_person_is_no_second_step_of_another(
    helpdesk: Browser, key: FakeAuthenticator
) -> None:
    now = helpdesk.clock()
    mine = FakeAuthenticator()
    assert register(helpdesk, mine) == 303

    def give_away(c: Any) -> None:
        found = factors.get_passkey(c, mine.credential_id)
        assert found
        factors.remove_passkey(c, "admin", mine.credential_id)
        accounts.add(c, accounts.Account("bob", "x", now))
        factors.add_passkey(
            c, Passkey(found.credential_id, "bob", "", found.public_key, 0, now, host=found.host)
        )

    helpdesk.store.write(give_away)
    helpdesk.client.cookies.clear()
    helpdesk.password()
    assert show(helpdesk, "/login/factor", mine) == 401


def disable(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: accounts.disable(c, "admin", now, "left"))


def take_password(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: accounts.set_password(c, "admin", "", now))


@pytest.mark.parametrize("closed", [disable, take_password])
def test_a_closed_account_is_not_entered_with_a_passkey(
    helpdesk: Browser, key: FakeAuthenticator, closed: Callable[[Browser], None]
) -> None:
    closed(helpdesk)
    assert log_in_alone(helpdesk, key) == 401


def test_trying_passkeys_is_slowed_down(helpdesk: Browser, key: FakeAuthenticator) -> None:
    key.key = FakeAuthenticator().key
    assert [log_in_alone(helpdesk, key) for _ in range(5)] == [401] * 4 + [429]


def test_a_passkey_is_named_and_removed_by_its_person(
    helpdesk: Browser, key: FakeAuthenticator
) -> None:
    path = f"/account/passkeys/{key.credential_id.hex()}"
    assert helpdesk.send(path, action="label", label="<b>Phone</b>").status_code == 303
    assert "&lt;b&gt;Phone" in helpdesk.get("/account")
    assert helpdesk.send(path, action="remove").status_code == 303
    assert held(helpdesk) == []
    assert helpdesk.client.get(path).status_code == 404
    assert log_in_alone(helpdesk, key) == 401


def test_a_page_opened_by_its_number_offers_no_passkey(helpdesk: Browser) -> None:
    for host in ("127.0.0.1:7845", "[::1]:7845"):
        scope = {
            "type": "http",
            "scheme": "https",
            "path": "/",
            "query_string": b"",
            "headers": [(b"host", host.encode())],
            "app": helpdesk.client.app,
        }
        assert here(Request(scope)) is None


HERE = Here("collector.example", ("https://collector.example",), "Example")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MADE = Passkey(b"id", "admin", "Key", b"cose", 0, NOW)
NO_ANSWERS = [
    *("", "null", "[]", "{}", "1", "\x00", "[" * 9000, "{" * 99),
    *('{"response": []}', '{"rawId": 1}'),
    *('{"response": {"clientDataJSON": "e30"}}', '{"response": {"clientDataJSON": 7}}'),
]


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_what_is_no_answer_is_refused_by_name(answer: str) -> None:
    for read in (passkeys.challenge_in, passkeys.credential_in):
        with pytest.raises(NotAccepted):
            read(answer)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=30)
TREES = st.recursive(LEAVES, lambda t: st.lists(t) | st.dictionaries(st.text(max_size=9), t))


CHALLENGE = b"\x00\x00\x00"
ASKED = {"challenge": "AAAA", "user": {"id": "AAAA"}}


def taken_or_refused(text: str) -> set[str]:
    """How a registration and a login with this answer end; anything but these two is a defect."""
    ends = set()
    try:
        made = passkeys.created(HERE, text, CHALLENGE, "admin", "Key", NOW)
        ends.add(f"made {bool(made.credential_id)}")
    except NotAccepted:
        made = MADE
        ends.add("refused")
    try:
        ends.add(f"shown {passkeys.shown(HERE, text, CHALLENGE, made) >= 0}")
    except NotAccepted:
        ends.add("refused")
    return ends


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_answer_is_refused_by_name(data: st.DataObject) -> None:
    key = FakeAuthenticator()
    whole = json.loads(data.draw(st.sampled_from([key.make, key.show]))(ASKED))
    place = data.draw(st.sampled_from([whole, whole["response"]]))
    name = data.draw(st.sampled_from(sorted(place)))
    place[name] = data.draw(TREES | st.binary(max_size=80).map(lambda b: b.hex()))
    assert "refused" in taken_or_refused(json.dumps(whole))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_bits_turned_over_in_an_answer_break_nothing(data: st.DataObject) -> None:
    whole = json.loads(FakeAuthenticator().make(ASKED))
    raw = bytearray(base64.urlsafe_b64decode(whole["response"]["attestationObject"] + "=="))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    whole["response"]["attestationObject"] = base64.urlsafe_b64encode(raw).decode()
    assert "refused" in taken_or_refused(json.dumps(whole))


def test_a_passkey_that_was_one_too_many_is_written_down_as_no_change(helpdesk: Browser) -> None:
    page, now = helpdesk.get("/account/passkeys"), helpdesk.clock()
    for number in range(passkeys.MOST):
        more = Passkey(b"id %d" % number, "admin", "Key", b"cose", 0, now, host="elsewhere.example")
        helpdesk.store.write(lambda c, more=more: factors.add_passkey(c, more))
    form = {"form_token": form_token(page), "label": "Key"}
    form["credential"] = FakeAuthenticator().make(options(page))
    answer = helpdesk.client.post("/account/passkeys", data=form, headers=FROM_US)
    assert answer.status_code == 400
    told = [r["outcome"] for r in helpdesk.audited() if r["action"].endswith("factor_changed")]
    assert told == ["done", "failed"]
