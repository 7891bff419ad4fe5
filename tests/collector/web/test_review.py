"""The yearly review: every account decided upon, signed with a fresh factor, kept by its digest."""

import hashlib
import json
import re

from httpx2 import Response

from collector.accounts import people, sessions
from collector.accounts.people import Order
from collector.accounts.roles import Role
from collector.store import accounts, authorisations
from collector.web.cookie import NAME
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.test_accounts import add, held

SIGN = "/accounts/review/sign"


def confirm(browser: Browser, username: str, role: str) -> Response:
    return browser.send("/accounts/review", action="confirm", username=username, role=role)


def sign(browser: Browser, digest: str = "") -> Response:
    page = browser.get(SIGN)
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert token
    form = {"form_token": token[1], "digest": digest or (found[1] if found else "")}
    return browser.client.post(SIGN, data=form, headers=FROM_US)


def test_a_review_is_signed_kept_and_written_down(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "viewer")
    add(helpdesk, "olga", "owner")
    assert confirm(helpdesk, "alice", "viewer").status_code == 303
    assert confirm(helpdesk, "olga", "owner").status_code == 303
    now = helpdesk.clock()
    own = authorisations.Confirmed("admin", "owner", now, "olga")
    helpdesk.store.write(lambda c: authorisations.confirm(c, own))
    assert sign(helpdesk).status_code == 303
    review = helpdesk.store.read(authorisations.last)
    assert review
    assert review.signed_by == "admin"
    assert hashlib.sha256(review.content.encode()).hexdigest() == review.digest
    listed = [(row["username"], row["role"]) for row in json.loads(review.content)]
    assert listed == [("admin", "owner"), ("alice", "viewer"), ("olga", "owner")]
    assert review.digest in str(helpdesk.audited()[-1])
    page = helpdesk.get("/accounts/review")
    assert "3 left to decide" in page
    assert review.digest in page
    assert "Due on Monday 22 November 2027" in text_of(page)


def test_nothing_is_signed_while_somebody_is_left(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "viewer")
    confirm(helpdesk, "admin", "owner")
    answer = sign(helpdesk, "0" * 64)
    assert (answer.status_code, "left first: 1." in answer.text) == (400, True)
    assert helpdesk.store.read(authorisations.last) is None
    assert helpdesk.audited()[-1]["outcome"] == "failed"


def test_a_list_that_has_changed_since_it_was_read_is_not_signed(helpdesk: Browser) -> None:
    confirm(helpdesk, "admin", "owner")
    answer = sign(helpdesk, "0" * 64)
    assert (answer.status_code, "has changed meanwhile" in answer.text) == (409, True)


def test_a_role_that_changes_is_to_be_confirmed_again(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "viewer")
    confirm(helpdesk, "alice", "viewer")
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: people.change_role(c, Order("alice", now), Role.ADMIN))
    assert "2 left to decide" in helpdesk.get("/accounts/review")
    assert confirm(helpdesk, "alice", "viewer").status_code == 409


def test_who_is_not_confirmed_is_disabled_and_no_longer_on_the_list(helpdesk: Browser) -> None:
    add(helpdesk, "alice", "viewer")
    seen = people.version(held(helpdesk, "alice"))
    form = {"action": "disable", "username": "alice", "because": "no longer here", "seen": seen}
    assert helpdesk.send("/accounts/review", **form).status_code == 303
    assert held(helpdesk, "alice").disabled_because == "no longer here"
    assert "alice" not in helpdesk.get("/accounts/review")


def test_another_owner_confirms_mine_where_there_is_one(helpdesk: Browser) -> None:
    add(helpdesk, "olga", "owner")
    answer = confirm(helpdesk, "admin", "owner")
    assert (answer.status_code, "Another owner confirms" in answer.text) == (400, True)
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: accounts.disable(c, "olga", now, "left"))
    assert confirm(helpdesk, "admin", "owner").status_code == 303


def test_the_page_says_when_the_review_is_due_and_when_it_was(helpdesk: Browser) -> None:
    assert "is due on Monday 22 November 2027" in text_of(helpdesk.get("/accounts"))
    helpdesk.clock.advance(days=366)
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: accounts.set_password(c, "admin", "hash", now))
    account = held(helpdesk, "admin")
    token = helpdesk.store.write(lambda c: sessions.begin(c, account, now, factor_at=now))
    helpdesk.client.cookies.clear()
    page = helpdesk.client.get("/accounts", headers={"Cookie": f"{NAME}={token}"})
    assert "was due on Monday 22 November" in text_of(page.text)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_two_sentences_of_a_line_stand_apart(helpdesk: Browser) -> None:
    page = re.sub(r"<[^>]+>", "", helpdesk.get("/accounts/review"))
    assert re.search(r"Due on [^.]*\.\s+None was signed yet", page)


def test_nobody_is_disabled_without_a_fresh_second_factor(helpdesk: Browser) -> None:
    """As on the page of the account: a session that was left open shuts nobody out."""
    add(helpdesk, "alice", "viewer")
    page = helpdesk.get("/accounts/review")
    seen = re.search(
        r'name="seen" value="([0-9a-f]+)"(?:(?!</form>).)*value="disable"', page, re.DOTALL
    )
    assert seen
    form = {"action": "disable", "username": "alice", "because": "Left", "seen": seen[1]}
    helpdesk.clock.advance(minutes=6)
    answer = helpdesk.send("/accounts/review", **form)
    assert answer.headers["location"] == "/account/confirm?next=%2Faccounts%2Freview"
    assert held(helpdesk, "alice").disabled_at is None
    helpdesk.client.cookies.clear()
    assert helpdesk.log_in() == 303
    assert helpdesk.send("/accounts/review", **form).headers["location"] == "/accounts/review"
    assert held(helpdesk, "alice").disabled_at is not None
