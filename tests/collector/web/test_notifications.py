"""The delivery log shows what was sent and what was not; tests and new tries leave a trace."""

import pytest

from collector.store import accounts, notifications
from collector.store.notifications import Message, New, Notification
from collector.subscriptions import Kind, Subscriber, Subscriptions, Topic
from tests.collector.web.conftest import Browser


@pytest.fixture
def owner(browser: Browser) -> Browser:
    assert browser.log_in() == 303
    return browser


def put(owner: Browser, count: int = 1, *, failed: bool = False) -> None:
    now = owner.clock()
    new = [
        New(f"k{n}", Topic.FAILURES, "it", Message(f"{n} <b>new</b>"), "bob@example.org")
        for n in range(1, count + 1)
    ]
    owner.store.write(lambda c: notifications.add(c, new, now, now))
    if failed:
        owner.store.write(lambda c: notifications.refused(c, 1, now, "550 <no>", None))


def one(owner: Browser) -> Notification:
    found = owner.store.read(lambda c: notifications.get(c, 1))
    assert found is not None
    return found


def change(owner: Browser, **form: str) -> int:
    sent = owner.send("/notifications/change", form_at="/notifications", **form)
    return sent.status_code


def test_an_empty_log_says_what_to_do_next(owner: Browser) -> None:
    page = owner.get("/notifications")
    assert "docs/notifications.md" in page
    assert "Nothing was sent yet" in page


def test_what_was_given_up_says_why_and_is_tried_again(owner: Browser) -> None:
    put(owner, failed=True)
    page = owner.get("/notifications?only=failed")
    assert "1 &lt;b&gt;new&lt;/b&gt;" in page
    assert "550 &lt;no&gt;" in page
    assert change(owner, number="1") == 303
    assert (one(owner).failed_at, one(owner).attempts) == (None, 0)
    assert "notification.retried" in [r["action"] for r in owner.audited()]
    assert "Nothing was given up" in owner.get("/notifications?only=failed")


def test_the_log_goes_on_below(owner: Browser) -> None:
    put(owner, 60)
    first = owner.get("/notifications")
    assert "60 &lt;b&gt;" in first
    assert "10 &lt;b&gt;" not in first
    assert 'href="/notifications?before=11"' in first
    assert "10 &lt;b&gt;" in owner.get("/notifications?before=11")


@pytest.mark.parametrize("query", ["before=x", "before=-1", f"before={'9' * 40}", "only=<x>"])
def test_an_odd_address_is_no_error(owner: Browser, query: str) -> None:
    put(owner)
    assert "1 &lt;b&gt;" in owner.get(f"/notifications?{query}")


@pytest.mark.parametrize(
    "form", [{"number": "7"}, {"number": "x"}, {"number": ""}, {"target": "nobody"}]
)
def test_what_is_not_there_is_said(owner: Browser, form: dict[str, str]) -> None:
    assert change(owner, **form) == 400
    assert not [r for r in owner.audited() if r["action"].startswith("notification.")]


def test_a_test_message_is_put_out_and_written_down(owner: Browser) -> None:
    told = Subscriptions(
        None, (Subscriber("it", Kind.MAIL, frozenset({Topic.DIGEST}), ("it@example.org",)),)
    )
    keeping = owner.client.app.state.site.keeping  # type: ignore[attr-defined]
    object.__setattr__(keeping, "told", told)
    assert "it@example.org" in owner.get("/notifications")
    assert change(owner, target="it") == 303
    assert (one(owner).address, one(owner).target) == ("it@example.org", "it")
    assert "notification.tested" in [r["action"] for r in owner.audited()]


@pytest.mark.parametrize(("role", "status"), [("viewer", 404), ("helpdesk", 404), ("admin", 200)])
def test_who_may_see_it(owner: Browser, role: str, status: int) -> None:
    owner.store.write(lambda c: accounts.set_role(c, "admin", role))
    if owner.client.get("/devices").status_code != 200:
        assert owner.log_in() == 303
    assert owner.client.get("/notifications").status_code == status
