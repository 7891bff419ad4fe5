"""The way in: a link that works once, a password nobody can guess, an app, and codes on paper."""

import os
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from collector.accounts import invitations, recovery, totp
from collector.accounts.roles import Role
from collector.store import accounts, factors
from collector.web.application import Reach, application
from collector.web.cookie import NAME
from tests.collector.web.conftest import FROM_US, HOST, PASSWORD, SECRET, Browser

WORDS = "bramble quartz lantern osprey thimble gusset"


def invite(browser: Browser, username: str = "bob", role: Role = Role.VIEWER) -> str:
    """A new account; the path of its link."""
    now = browser.clock()
    account = accounts.Account(username, "", now, role)
    browser.store.write(lambda c: accounts.add(c, account))
    return "/setup/" + browser.store.write(lambda c: invitations.invite(c, username, now))


def code_now(browser: Browser, secret: bytes = SECRET) -> str:
    return totp.code_at(secret, int(browser.clock().timestamp()) // 30)


def app_secret(page: str) -> bytes:
    import base64

    typed = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert typed
    return base64.b32decode(typed[1].replace(" ", ""))


def test_the_link_leads_to_a_password_an_app_and_the_devices(browser: Browser) -> None:
    path = invite(browser)
    answer = browser.send(path, password=WORDS, again=WORDS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/factor")
    assert browser.client.get("/login/factor").headers["location"] == "/login/app"
    page = browser.get("/login/app")
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    code = code_now(browser, app_secret(page))
    shown = browser.send("/login/app", sealed=sealed[1], code=code)
    codes = re.findall(r"<li><code>([a-z2-7-]+)</code>", shown.text)
    assert len(codes) == recovery.HOW_MANY
    assert "Devices" in browser.get("/devices")
    actions = [(record["action"], record["name"]) for record in browser.audited()]
    assert ("account.password_changed", "bob") in actions
    assert ("login", "bob") in actions


def test_the_link_works_once(browser: Browser) -> None:
    path = invite(browser)
    browser.send(path, password=WORDS, again=WORDS)
    page = browser.client.get(path)
    assert page.status_code == 404
    assert "was used already" in page.text


def test_a_newer_link_ends_the_older_one(browser: Browser) -> None:
    path, now = invite(browser), browser.clock()
    browser.store.write(lambda c: invitations.invite(c, "bob", now))
    assert browser.client.get(path).status_code == 404


def test_the_link_ends_after_a_day(browser: Browser) -> None:
    path = invite(browser)
    browser.clock.advance(hours=24)
    assert browser.client.get(path).status_code == 404


def test_the_link_of_a_disabled_account_opens_nothing(browser: Browser) -> None:
    path, now = invite(browser), browser.clock()
    browser.store.write(lambda c: accounts.disable(c, "bob", now, "left"))
    assert browser.client.get(path).status_code == 404


def test_a_weak_password_is_refused_with_what_to_do_and_the_link_stays(browser: Browser) -> None:
    path = invite(browser)
    for password, words in (("short", "at least 14"), ("bobbobbobbobbobbob", "too easy to guess")):
        answer = browser.send(path, password=password, again=password)
        assert answer.status_code == 400
        assert words in answer.text
        assert password not in answer.text.replace("bob</strong>", "")
    assert "not the same" in browser.send(path, password=WORDS, again="other").text
    assert browser.client.get(path).status_code == 200


def test_the_right_password_alone_shows_nothing(browser: Browser) -> None:
    assert browser.password() == 303
    for path in ("/devices", "/", "/devices/x"):
        assert browser.client.get(path).headers["location"] == "/login/factor"


def test_the_second_step_gives_a_new_session_and_ends_the_half_one(browser: Browser) -> None:
    browser.password()
    half = browser.client.cookies[NAME]
    assert browser.send("/login/factor", code=code_now(browser)).status_code == 303
    assert browser.client.cookies[NAME] != half
    browser.client.cookies.clear()
    answer = browser.client.get("/devices", headers={"Cookie": f"{NAME}={half}"})
    assert answer.headers["location"] == "/login"


def test_a_half_session_ends_after_ten_minutes(browser: Browser) -> None:
    browser.password()
    browser.clock.advance(minutes=11)
    assert browser.client.get("/login/factor").headers["location"] == "/login"


def test_a_code_of_the_app_is_taken_once(browser: Browser) -> None:
    code = code_now(browser)
    browser.password()
    assert browser.send("/login/factor", code=code).status_code == 303
    browser.client.cookies.clear()
    browser.password()
    answer = browser.send("/login/factor", code=code)
    assert answer.status_code == 401
    assert "used already" in answer.text


def test_a_recovery_code_is_taken_once(browser: Browser) -> None:
    code = recovery.new_codes()[0]
    browser.store.write(lambda c: factors.set_codes(c, "admin", [recovery.hash_of(code)]))
    browser.password()
    assert browser.send("/login/factor", code=code.upper()).status_code == 303
    browser.client.cookies.clear()
    browser.password()
    assert browser.send("/login/factor", code=code).status_code == 401


def test_the_code_of_another_person_opens_nothing(browser: Browser) -> None:
    now = browser.clock()
    other = browser.keeping.seal.close(b"another secret of 20", "bob")
    browser.store.write(
        lambda c: accounts.add(c, accounts.Account("bob", "", now, "viewer", totp_sealed=other))
    )
    browser.password()
    code = code_now(browser, b"another secret of 20")
    assert browser.send("/login/factor", code=code).status_code == 401


def test_guessing_codes_is_slowed_down(browser: Browser) -> None:
    browser.password()
    statuses = [browser.send("/login/factor", code="000000").status_code for _ in range(6)]
    assert statuses[-1] == 429
    assert statuses[:4] == [401] * 4


def test_whoever_has_a_factor_cannot_put_another_in_its_place_with_the_password_alone(
    browser: Browser,
) -> None:
    browser.password()
    assert browser.client.get("/login/app").headers["location"] == "/login/factor"
    token = re.search(r'value="([0-9a-f]{64})"', browser.get("/login/factor"))
    assert token
    form = {"form_token": token[1], "sealed": "x", "code": "123456"}
    answer = browser.client.post("/login/app", data=form, headers=FROM_US)
    assert answer.headers["location"] == "/login/factor"
    held = browser.store.read(lambda c: accounts.get(c, "admin"))
    assert held is not None
    assert held.totp_sealed is not None


def test_the_secret_of_another_person_cannot_be_connected(browser: Browser) -> None:
    browser.send(invite(browser), password=WORDS, again=WORDS)
    theirs = browser.keeping.seal.close(SECRET, "not yet connected: eve")
    import base64

    sealed = base64.b64encode(theirs).decode()
    answer = browser.send("/login/app", sealed=sealed, code=code_now(browser))
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/app")


def test_a_disabled_account_does_not_enter_with_the_right_password(browser: Browser) -> None:
    now = browser.clock()
    browser.store.write(lambda c: accounts.disable(c, "admin", now, "left"))
    assert browser.password() == 401


def test_an_account_without_a_password_cannot_be_entered(browser: Browser) -> None:
    invite(browser)
    for password in ("", "None", " "):
        assert browser.password(password, "bob") == 401


def test_what_was_typed_as_a_name_is_not_written_down_unless_it_is_one(browser: Browser) -> None:
    browser.password("wrong", "my secret password typed here")
    browser.password("wrong", "admin")
    failed = [record for record in browser.audited() if record["action"] == "login"]
    assert [record["on"] for record in failed] == ["account:(unknown)", "account:admin"]
    assert {record["outcome"] for record in failed} == {"failed"}
    assert {record["actor"] for record in failed} == {"nobody"}


def test_every_look_is_written_down_with_who_and_without_what_was_searched(
    helpdesk: Browser,
) -> None:
    helpdesk.get("/devices?q=alice")
    last = helpdesk.audited()[-1]
    assert (last["action"], last["name"], last["on"]) == ("page.viewed", "admin", "page:/devices")
    assert "alice" not in str(helpdesk.audited())


def break_by_file(browser: Browser) -> None:
    folder = browser.keeping.journal.folder
    folder.rename(folder.with_name("gone"))
    folder.write_text("in the way")


def break_by_shortening(browser: Browser) -> None:
    path = max(browser.keeping.journal.folder.glob("*.log"))
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("broken", [break_by_file, break_by_shortening])
def test_what_cannot_be_written_down_is_not_done(
    helpdesk: Browser, broken: Callable[[Browser], None]
) -> None:
    path = invite(helpdesk)
    broken(helpdesk)
    assert helpdesk.client.get("/devices").status_code == 503
    answer = helpdesk.send(path, password=WORDS, again=WORDS)
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text
    held = helpdesk.store.read(lambda c: accounts.get(c, "bob"))
    assert held is not None
    assert held.password_hash == ""


def test_no_secret_reaches_the_audit_log(browser: Browser) -> None:
    path = invite(browser)
    browser.send(path, password=WORDS, again=WORDS)
    browser.client.cookies.clear()
    browser.password()
    code = code_now(browser)
    browser.send("/login/factor", code=code)
    log = str(browser.audited())
    for secret in (path.rpartition("/")[2], WORDS, PASSWORD, browser.client.cookies[NAME]):
        assert secret not in log


def test_a_wrong_first_code_is_written_down_as_no_change(browser: Browser) -> None:
    browser.send(invite(browser), password=WORDS, again=WORDS)
    page = browser.get("/login/app")
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    assert browser.send("/login/app", sealed=sealed[1], code="000000").status_code == 401
    last = [r for r in browser.audited() if r["action"].endswith("factor_changed")][-1]
    assert last["outcome"] == "failed"


def test_before_the_second_factor_no_page_is_offered(browser: Browser) -> None:
    assert browser.password() == 303
    page = browser.get("/login/factor")
    assert re.findall(r'href="(/(?!static|login)[^"]+)"', page) == []


def test_the_companys_name_carries_no_password(browser: Browser) -> None:
    named = replace(browser.keeping, name="Zywolfrax Quorvemi")
    app = application(browser.store, browser.clock, named, Reach(["collector.example"]))
    with TestClient(app, HOST, follow_redirects=False) as client:
        other = replace(browser, client=client)
        weak = "Zywolfrax Quorvemi 26"
        answer = other.send(invite(other), password=weak, again=weak)
    assert answer.status_code == 400
    assert "too easy to guess" in answer.text
