"""A person makes and ends the own tokens for the API, having just shown the second factor."""

import re
from datetime import timedelta

from httpx2 import Response

from collector.accounts import access_tokens
from collector.accounts.access_tokens import Wish
from collector.accounts.roles import Role
from collector.store import accounts, personal_tokens
from collector.store.accounts import Account
from collector.web.cookie import NAME
from tests.collector.web.conftest import Browser

PAGE = "/account/tokens"


def make(browser: Browser, **typed: str) -> Response:
    form = {"label": "weekly report", "role": "viewer", "days": "30", **typed}
    return browser.send(PAGE, **form)


def secret_in(answer: Response) -> str:
    found = re.search(r"<code>(muster_pat_[\w-]{43})</code>", answer.text)
    assert found
    return found[1]


def status(browser: Browser, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return browser.client.get("/api/v1/status", headers=headers).status_code


def test_a_token_is_shown_once_and_opens_the_api(helpdesk: Browser) -> None:
    token = secret_in(make(helpdesk))
    again = helpdesk.get(PAGE)
    assert token not in again
    assert "weekly report" in again
    assert status(helpdesk, token) == 200
    last = [each for each in helpdesk.audited() if each["action"] == "token.created"][-1]
    assert (last["name"], last["on"]) == ("admin", "personal:admin")
    assert last["detail"] == {"label": "weekly report", "role": "viewer", "ends": "2026-12-22"}
    assert token not in str(helpdesk.audited())


def test_a_token_ends_when_its_owner_says_so(helpdesk: Browser) -> None:
    token = secret_in(make(helpdesk))
    (kept,) = helpdesk.store.read(lambda c: personal_tokens.of_person(c, "admin"))
    assert helpdesk.send(PAGE, remove=kept.token_id).status_code == 303
    assert helpdesk.audited()[-1]["action"] == "token.revoked"
    assert status(helpdesk, token) == 401


def test_anothers_token_is_not_there(helpdesk: Browser) -> None:
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: accounts.add(c, Account("bob", "hash", now)))
    wish = Wish("x", Role.VIEWER, now + timedelta(days=1))
    made = helpdesk.store.write(lambda c: access_tokens.make(c, "bob", wish, now))
    assert helpdesk.send(PAGE, remove=made.token_id).status_code == 404
    assert status(helpdesk, made.secret) == 200
    assert made.token_id not in helpdesk.get(PAGE)


def test_the_second_factor_is_asked_for_again_after_five_minutes(helpdesk: Browser) -> None:
    form_token = helpdesk.token(PAGE)
    helpdesk.clock.advance(minutes=6)
    confirm = "/account/confirm?next=%2Faccount%2Ftokens"
    assert helpdesk.client.get(PAGE).headers["location"] == confirm
    answer = helpdesk.client.post(
        PAGE,
        data={"form_token": form_token, "label": "x", "role": "viewer", "days": "7"},
        headers={"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    )
    assert answer.status_code == 403
    assert confirm in answer.text
    assert helpdesk.store.read(lambda c: personal_tokens.of_person(c, "admin")) == []


def test_what_cannot_be_made_is_said_and_what_was_typed_is_kept(helpdesk: Browser) -> None:
    for typed, said in (
        ({"label": ""}, "Label: say what it is for"),
        ({"role": "king"}, "Choose a role"),
        ({"days": "366"}, "Choose a role and how long"),
        ({"days": "x"}, "Choose a role and how long"),
    ):
        answer = make(helpdesk, **typed)
        assert answer.status_code == 400
        assert said in answer.text
        if "label" not in typed:
            assert 'value="weekly report"' in answer.text
    assert helpdesk.store.read(lambda c: personal_tokens.of_person(c, "admin")) == []


def test_nobody_is_offered_a_role_above_the_own(helpdesk: Browser) -> None:
    helpdesk.store.write(lambda c: accounts.set_role(c, "admin", "helpdesk"))
    page = helpdesk.get(PAGE)
    assert re.findall(r'<option value="([a-z]+)"', page) == ["viewer", "helpdesk"]
    answer = make(helpdesk, role="owner")
    assert answer.status_code == 400
    assert "choose viewer, helpdesk" in answer.text


def test_a_label_is_shown_as_typed(helpdesk: Browser) -> None:
    make(helpdesk, label="<b>{{7*7}}</b>")
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in helpdesk.get(PAGE)


def test_no_token_is_made_that_cannot_be_written_down(helpdesk: Browser) -> None:
    form_token = helpdesk.token(PAGE)
    folder = helpdesk.keeping.journal.folder
    folder.rename(folder.with_name("aside"))
    folder.write_text("no folder")
    form = {"form_token": form_token, "label": "x", "role": "viewer", "days": "7"}
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    answer = helpdesk.client.post(PAGE, data=form, headers=headers)
    assert answer.status_code == 503
    assert helpdesk.store.read(lambda c: personal_tokens.of_person(c, "admin")) == []
    assert NAME in helpdesk.client.cookies
