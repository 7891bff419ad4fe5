"""T43 and T44: many at once, many one after another, and what was taken before it ended."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from collector.accounts import invitations, people, recovery, second_factor, sessions, totp
from collector.accounts.people import Order
from collector.accounts.roles import Role
from collector.accounts.throttle import password_of
from collector.store import Connection, accounts, factors
from collector.store import sessions as stored
from collector.web.cookie import NAME
from tests.collector.web.conftest import FROM_US, PASSWORD, SECRET, Browser

AT_ONCE = 50


def all_at_once(browser: Browser, change: Callable[[Connection], object]) -> list[object]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        waiting = [threads.submit(browser.store.write, change) for _ in range(AT_ONCE)]
    return [each.result() for each in waiting]


def half_session(browser: Browser) -> sessions.Session:
    now = browser.clock()

    def begin(c: Connection) -> sessions.Session:
        account = accounts.get(c, "admin")
        assert account
        found = sessions.find(c, sessions.begin(c, account, now), now)
        assert found
        return found

    return browser.store.write(begin)


def test_a_code_shown_fifty_times_at_once_opens_one_session(browser: Browser) -> None:
    half, now, seal = half_session(browser), browser.clock(), browser.keeping.seal
    code = totp.code_at(SECRET, int(now.timestamp()) // 30)
    ends = all_at_once(browser, lambda c: second_factor.show_code(c, seal, half, code, now))
    assert sum(token is not None for token in ends) == 1


def test_a_recovery_code_shown_fifty_times_at_once_opens_one_session(browser: Browser) -> None:
    half, now, seal = half_session(browser), browser.clock(), browser.keeping.seal
    code = recovery.new_codes()[0]
    browser.store.write(lambda c: factors.set_codes(c, "admin", [recovery.hash_of(code)]))
    ends = all_at_once(browser, lambda c: second_factor.show_code(c, seal, half, code, now))
    assert sum(token is not None for token in ends) == 1


def test_a_link_followed_fifty_times_at_once_sets_one_password(browser: Browser) -> None:
    now = browser.clock()
    order = Order("bob", now)
    token = browser.store.write(lambda c: people.add(c, order, Role.VIEWER))
    ends = all_at_once(browser, lambda c: invitations.accept(c, token, "hash", now))
    assert sum(account is not None for account in ends) == 1


def test_of_ten_thousand_tries_a_day_25_are_looked_at_and_the_person_enters_next_day(
    browser: Browser,
) -> None:
    site = browser.client.app.state.site  # type: ignore[attr-defined]
    looked_at = 0
    for number in range(10_000):
        address = f"198.51.{number // 250 % 250}.{number % 250}"
        looked_at += site.throttle.try_now(password_of("admin"), address) is None
        browser.clock.advance(seconds=8)
    assert looked_at <= 25
    browser.clock.advance(days=1)
    assert browser.log_in() == 303


def test_a_person_enters_where_strangers_try_all_the_time(browser: Browser) -> None:
    assert browser.log_in() == 303
    site = browser.client.app.state.site  # type: ignore[attr-defined]
    for number in range(300):
        site.throttle.try_now(password_of("admin"), f"198.51.100.{number % 250}")
    browser.client.cookies.clear()
    assert browser.log_in() == 303


def log_out(browser: Browser) -> None:
    form = {"form_token": browser.token("/devices")}
    browser.client.post("/logout", data=form, headers=FROM_US)


def disable(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: people.disable(c, Order("admin", now), "left"))


def change_role(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: people.change_role(c, Order("admin", now), Role.VIEWER))


def new_link(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: people.let_in_anew(c, Order("admin", now), factors_too=False))


def remove(browser: Browser) -> None:
    browser.store.write(lambda c: accounts.remove(c, "admin"))


def end_from_elsewhere(browser: Browser) -> None:
    browser.store.write(lambda c: stored.end_all(c, "admin"))


def wait_too_long(browser: Browser) -> None:
    browser.clock.advance(hours=12)


@pytest.mark.parametrize(
    "ended",
    [log_out, disable, change_role, new_link, remove, end_from_elsewhere, wait_too_long],
)
def test_a_cookie_that_was_copied_ends_at_once(
    helpdesk: Browser, ended: Callable[[Browser], None]
) -> None:
    now = helpdesk.clock()
    other = accounts.Account("olga", "hash", now, Role.OWNER)
    helpdesk.store.write(lambda c: accounts.add(c, other))
    copied = {"Cookie": f"{NAME}={helpdesk.client.cookies[NAME]}"}
    ended(helpdesk)
    helpdesk.client.cookies.clear()
    for path in ("/devices", "/account", "/accounts"):
        answer = helpdesk.client.get(path, headers=copied)
        assert answer.headers.get("location") == "/login"


def test_a_cookie_that_somebody_planted_is_never_one_of_a_session(browser: Browser) -> None:
    planted = "a" * 43
    browser.client.cookies.set(NAME, planted, domain="collector.example", path="/")
    assert browser.password() == 303
    now = browser.clock()
    assert browser.store.read(lambda c: sessions.find(c, planted, now)) is None


def test_a_disabled_account_says_no_more_than_a_wrong_password(browser: Browser) -> None:
    answers = []
    for act in (lambda _: None, disable_without_another):
        act(browser)
        wrong = "wrong" if not answers else PASSWORD
        form = {"username": "admin", "password": wrong}
        answer = browser.send("/login", **form)
        answers.append((answer.status_code, "is not right" in answer.text))
    assert answers == [(401, True)] * 2


def disable_without_another(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: accounts.disable(c, "admin", now, "left"))
