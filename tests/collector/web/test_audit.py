"""The audit log is read by week and signed off by a person who looked through all of it."""

import html
import re
from datetime import timedelta

import pytest

from collector.audit.weeks import bounds, overdue, week_of
from collector.store import accounts, audit_reviews
from collector.web.pages.audit import PAGE_SIZE
from tests.collector.audit.log import login
from tests.collector.web.conftest import FROM_US, Browser


@pytest.fixture
def owner(browser: Browser) -> Browser:
    """An owner, a week after three logins of alice and a failed one of bob."""
    journal = browser.keeping.journal
    journal.append(*(login("alice") for _ in range(3)))
    assert browser.password("wrong") == 401
    browser.clock.advance(days=7)
    assert browser.log_in() == 303
    return browser


def last_week(owner: Browser) -> str:
    return week_of(owner.clock() - timedelta(days=7))


def sign(owner: Browser, week: str, seen: list[str], remark: str = "Nothing to follow.") -> int:
    path = f"/audit/review/{week}/sign"
    form = {"form_token": owner.token(path), "seen": seen, "remark": remark}
    return owner.client.post(path, data=form, headers=FROM_US).status_code


def classes(owner: Browser, week: str) -> list[str]:
    return re.findall(r'name="seen" value="(\w+)"', owner.get(f"/audit/review/{week}/sign"))


def test_the_log_of_a_week_is_shown_newest_first(owner: Browser) -> None:
    page = owner.get(f"/audit?week={last_week(owner)}")
    assert page.count(">alice<") + page.count(">alice <") == 3
    assert page.index("failed") < page.index("alice")


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("action=login&actor=alice", 3),
        ("not_done=1", 1),
        ("action=waiver", 0),
        ("actor=mallory", 0),
    ],
)
def test_it_is_narrowed(owner: Browser, query: str, rows: int) -> None:
    page = owner.get(f"/audit?week={last_week(owner)}&{query}")
    assert page.count("<tr>") - (1 if rows else 0) == rows


def test_a_long_week_goes_on_on_the_next_page(owner: Browser) -> None:
    owner.keeping.journal.append(*(login(f"user-{number}") for number in range(PAGE_SIZE + 5)))
    path, names = "/audit?action=login&actor=", set()
    page = owner.get(path)
    while True:
        names |= set(re.findall(r"user-\d+", page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        page = owner.get(html.unescape(following[1]))
    assert len(names) == PAGE_SIZE + 5


@pytest.mark.parametrize("query", ["week=2026-W99", "before=x", "week=../..", "before=" + "9" * 40])
def test_nonsense_in_the_address_is_as_if_it_were_not_there(owner: Browser, query: str) -> None:
    assert "Audit log" in owner.get(f"/audit?{query}")


def test_a_week_is_signed_off_and_stays_so(owner: Browser) -> None:
    week = last_week(owner)
    assert sign(owner, week, classes(owner, week)) == 303
    review = owner.store.read(lambda c: audit_reviews.get(c, week))
    assert review is not None
    assert (review.signed_by, review.remark) == ("admin", "Nothing to follow.")
    assert owner.audited()[-1]["action"] in ("audit.reviewed", "audit.checkpoint", "page.viewed")
    assert "Signed off" in owner.get("/audit/review")
    assert sign(owner, week, classes(owner, week)) == 400


def test_every_class_must_have_been_looked_through(owner: Browser) -> None:
    week = last_week(owner)
    assert len(classes(owner, week)) >= 1
    assert sign(owner, week, []) == 400
    assert owner.store.read(lambda c: audit_reviews.get(c, week)) is None
    assert not [r for r in owner.audited() if r["action"] == "audit.reviewed"]


def test_a_week_that_is_not_over_cannot_be_signed_off(owner: Browser) -> None:
    week = week_of(owner.clock())
    assert sign(owner, week, classes(owner, week)) == 400


def test_a_week_that_cannot_be_signed_says_so_before_anything_is_typed(owner: Browser) -> None:
    page = owner.get(f"/audit/review/{week_of(owner.clock())}/sign")
    assert "This week is not over yet" in page
    assert 'name="remark"' not in page
    week = last_week(owner)
    assert 'name="remark"' in owner.get(f"/audit/review/{week}/sign")
    assert sign(owner, week, classes(owner, week)) == 303
    page = owner.get(f"/audit/review/{week}/sign")
    assert "This week was signed off already" in page
    assert 'name="remark"' not in page


def test_what_was_typed_is_kept_while_the_second_factor_is_shown_again(owner: Browser) -> None:
    week = last_week(owner)
    path, seen = f"/audit/review/{week}/sign", classes(owner, week)
    form = {"form_token": owner.token(path), "seen": seen, "remark": "Bob mistyped <twice>."}
    owner.clock.advance(minutes=6)
    answer = owner.client.post(path, data=form, headers=FROM_US)
    assert answer.status_code == 403
    assert "Bob mistyped &lt;twice&gt;." in answer.text
    assert answer.text.count('name="seen"') == len(seen)
    assert f'href="/account/confirm?next=%2Faudit%2Freview%2F{week}%2Fsign"' in answer.text
    assert owner.store.read(lambda c: audit_reviews.get(c, week)) is None


def test_the_second_factor_must_be_fresh(owner: Browser) -> None:
    owner.clock.advance(minutes=6)
    path = f"/audit/review/{last_week(owner)}/sign"
    answer = owner.client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/confirm?next=%2Faudit%2Freview%2F")


def test_who_may_only_read_cannot_sign(owner: Browser) -> None:
    owner.store.write(lambda c: accounts.set_role(c, "admin", "viewer"))
    if owner.client.get("/audit").status_code != 200:
        assert owner.log_in() == 303
    assert "Sign off" not in owner.get("/audit/review")
    assert owner.client.get(f"/audit/review/{last_week(owner)}/sign").status_code == 404


@pytest.mark.parametrize("week", ["2026-W54", "x", "2026-W1", "%00"])
def test_there_is_no_such_week(owner: Browser, week: str) -> None:
    assert owner.client.get(f"/audit/review/{week}/sign").status_code == 404


def test_a_review_is_overdue_a_week_after_its_week(owner: Browser) -> None:
    folder, week = owner.keeping.journal.folder, last_week(owner)
    limits = bounds(week)
    assert limits is not None
    due_at = limits[1] + timedelta(days=7)
    assert overdue(folder, [], due_at - timedelta(seconds=1)) == []
    assert overdue(folder, [], due_at) == [week]
    assert overdue(folder, [week], due_at) == []
