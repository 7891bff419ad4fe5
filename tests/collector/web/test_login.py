import re
from datetime import timedelta

from collector.accounts import sessions
from collector.store import accounts
from collector.web.cookie import NAME
from tests.collector.web.conftest import FROM_US, PASSWORD, Browser


def test_the_right_password_opens_a_new_session(browser: Browser) -> None:
    browser.token()
    before = browser.client.cookies[NAME]
    assert browser.log_in() == 303
    assert browser.client.cookies[NAME] != before
    assert "Log out" in browser.get("/devices")


def test_a_token_from_before_the_login_opens_nothing(browser: Browser) -> None:
    browser.token()
    before = browser.client.cookies[NAME]
    browser.log_in()
    browser.client.cookies.set(NAME, before, domain="collector.example")
    browser.client.cookies.clear()
    response = browser.client.get("/devices", headers={"Cookie": f"{NAME}={before}"})
    assert response.headers["location"] == "/login"


def test_the_cookie_is_bound_to_this_host_and_hidden_from_scripts(browser: Browser) -> None:
    form = {"username": "admin", "password": PASSWORD, "form_token": browser.token()}
    answer = browser.client.post("/login", data=form, headers=FROM_US).headers["set-cookie"]
    parts = {part.strip().lower() for part in answer.split(";")[1:]}
    assert answer.startswith("__Host-muster=")
    assert parts == {"path=/", "secure", "httponly", "samesite=strict"}
    assert len(answer.split(";")[0]) == len("__Host-muster=") + 43


def test_neither_name_nor_password_is_said_to_be_the_wrong_one(browser: Browser) -> None:
    answers = []
    for username in ("admin", "nobody"):
        form = {"username": username, "password": "wrong", "form_token": browser.token()}
        answer = browser.client.post("/login", data=form, headers=FROM_US)
        assert answer.status_code == 401
        text = answer.text.replace(f'value="{username}"', "")
        answers.append(re.sub(r'data-options="[^"]*"', "", text))
    assert answers[0] == answers[1]


def test_guessing_is_slowed_down_and_the_page_says_until_when(browser: Browser) -> None:
    assert [browser.log_in("wrong") for _ in range(5)] == [401] * 4 + [429]
    browser.clock.advance(seconds=3)
    assert browser.log_in("wrong") == 401
    form = {"username": "admin", "password": PASSWORD, "form_token": browser.token()}
    answer = browser.client.post("/login", data=form, headers=FROM_US)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60
    assert "Try again in 1 minute (at 2026-11-22 12:01 UTC)" in answer.text
    browser.clock.advance(seconds=65)
    assert browser.log_in() == 303


def test_a_forwarded_address_is_not_believed(browser: Browser) -> None:
    statuses = []
    for number in range(6):
        form = {"username": "admin", "password": "wrong", "form_token": browser.token()}
        headers = {**FROM_US, "X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for={number}"}
        statuses.append(browser.client.post("/login", data=form, headers=headers).status_code)
    assert statuses[-1] == 429


def test_logging_out_ends_the_session_in_the_collector(helpdesk: Browser) -> None:
    stolen = {"Cookie": f"{NAME}={helpdesk.client.cookies[NAME]}"}
    form = {"form_token": helpdesk.token("/devices")}
    assert helpdesk.client.post("/logout", data=form, headers=FROM_US).status_code == 303
    helpdesk.client.cookies.clear()
    assert helpdesk.client.get("/devices", headers=stolen).headers["location"] == "/login"


def test_a_session_of_a_role_that_may_lock_ends_after_a_quarter_of_an_hour_without_use(
    helpdesk: Browser,
) -> None:
    helpdesk.clock.advance(minutes=14)
    helpdesk.get("/devices")
    helpdesk.clock.advance(minutes=14)
    helpdesk.get("/devices")
    helpdesk.clock.advance(minutes=16)
    assert helpdesk.client.get("/devices").status_code == 303


def test_a_viewers_session_ends_after_an_hour_without_use(helpdesk: Browser) -> None:
    helpdesk.store.write(lambda c: accounts.set_role(c, "admin", "viewer"))
    helpdesk.get("/devices")
    helpdesk.clock.advance(minutes=10)
    helpdesk.get("/devices")
    helpdesk.clock.advance(minutes=59)
    helpdesk.get("/devices")
    helpdesk.clock.advance(minutes=61)
    assert helpdesk.client.get("/devices").status_code == 303


def test_a_session_ends_after_twelve_hours_of_use(helpdesk: Browser) -> None:
    for _ in range(71):
        helpdesk.clock.advance(minutes=10)
        helpdesk.get("/devices")
    helpdesk.clock.advance(minutes=11)
    assert helpdesk.client.get("/devices").status_code == 303


def test_the_sessions_of_a_disabled_account_show_nothing_any_more(helpdesk: Browser) -> None:
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: accounts.disable(c, "admin", now, "left"))
    assert helpdesk.client.get("/devices").status_code == 303


def test_the_store_holds_no_token_that_could_be_used(helpdesk: Browser) -> None:
    token = helpdesk.client.cookies[NAME]
    for file in helpdesk.store.path.parent.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes()


def test_a_session_is_known_by_its_hash_alone(browser: Browser) -> None:
    now = browser.clock()
    account = browser.store.read(lambda c: accounts.get(c, "admin"))
    assert account is not None
    token = browser.store.write(lambda c: sessions.begin(c, account, now))
    found = browser.store.read(lambda c: sessions.find(c, token, now + timedelta(minutes=9)))
    assert found is not None
    assert found.username == "admin"
    assert browser.store.read(lambda c: sessions.find(c, token[:-1], now)) is None
