"""A doubted check stands on a page, and who may handle incidents decides about it, once."""

import pytest

from collector.store import accounts, disputes
from collector.store.disputes import SYSTEM, Dispute, Place, Turned
from tests.collector.desk import RULE
from tests.collector.web.conftest import Browser


@pytest.fixture
def owner(browser: Browser) -> Browser:
    found = Turned(RULE, Place(SYSTEM, "linux <b>6.8</b>"), 12)
    browser.store.write(lambda c: disputes.open_one(c, found, 30, browser.clock()))
    assert browser.log_in() == 303
    return browser


def one(owner: Browser) -> Dispute:
    found = owner.store.read(lambda c: disputes.get(c, 1))
    assert found is not None
    return found


def decide(owner: Browser, **form: str) -> tuple[int, str]:
    answer = owner.send("/disputes/resolve", form_at="/disputes", **form)
    return answer.status_code, answer.text


def test_it_says_where_and_on_what_grounds(owner: Browser) -> None:
    page = owner.get("/disputes")
    assert "Linux &lt;b&gt;6.8&lt;/b&gt;" in page
    assert "The check turned on 12 of 30 devices within a day." in page


def test_a_decision_is_kept_and_written_down(owner: Browser) -> None:
    form = {"number": "1", "decision": "wrong", "until": " 0.4.0 ", "reason": "A <bug>"}
    assert decide(owner, **form)[0] == 303
    found = one(owner)
    assert (found.state, found.until_version, found.resolved_by) == ("wrong", "0.4.0", "admin")
    assert "A &lt;bug&gt;" in owner.get("/disputes")
    assert "dispute.resolved" in [r["action"] for r in owner.audited()]


@pytest.mark.parametrize(
    "form",
    [
        {"number": "1", "decision": "right", "reason": " "},
        {"number": "1", "decision": "wrong", "until": "soon", "reason": "typed and kept"},
        {"number": "1", "reason": "typed and kept"},
        {"number": "9", "decision": "right", "reason": "x"},
        {"number": "x", "decision": "right", "reason": "x"},
    ],
)
def test_what_is_missing_is_said_and_kept_and_not_written_down(
    owner: Browser, form: dict[str, str]
) -> None:
    status, page = decide(owner, **form)
    assert status == 400
    assert 'role="alert"' in page
    assert (form["reason"] in page) or form["number"] != "1"
    assert one(owner).state == "open"
    assert "dispute.resolved" not in [r["action"] for r in owner.audited()]


def test_two_people_at_once_decide_once(owner: Browser) -> None:
    first = {"number": "1", "decision": "right", "reason": "one"}
    assert decide(owner, **first)[0] == 303
    status, page = decide(owner, **first | {"decision": "wrong", "until": "1"})
    assert status == 400
    assert "resolved already" in page
    assert one(owner).state == "right"


def test_a_check_that_is_wrong_can_be_decided_about_again_over_what_was_seen(
    owner: Browser,
) -> None:
    first = {"number": "1", "decision": "wrong", "until": "9.0", "reason": "A bug."}
    assert decide(owner, **first)[0] == 303
    assert "The check is wrong until 9.0" in owner.get("/disputes")
    status, page = decide(owner, **first | {"until": "8.0"})
    assert (status, "somebody decided meanwhile" in page) == (409, True)
    seen = one(owner).version
    again = {"number": "1", "decision": "right", "reason": "It was right.", "seen": seen}
    assert decide(owner, **again)[0] == 303
    assert one(owner).state == "right"


@pytest.mark.parametrize(("role", "sees"), [("viewer", 200), ("helpdesk", 404), ("admin", 200)])
def test_who_may_see_it(owner: Browser, role: str, sees: int) -> None:
    owner.store.write(lambda c: accounts.set_role(c, "admin", role))
    if owner.client.get("/devices").status_code != 200:
        assert owner.log_in() == 303
    answer = owner.client.get("/disputes")
    assert answer.status_code == sees
    assert ("<form" in answer.text.partition("<main")[2].partition("</main")[0]) == (
        role == "admin"
    )
