"""An incident takes notes and is closed with a cause and a consequence, by those who may."""

import pytest

from collector.incidents.kinds import alarm
from collector.store import accounts, incidents
from tests.collector.web.conftest import Browser


@pytest.fixture
def owner(browser: Browser) -> Browser:
    at = browser.clock()
    found = alarm("clone", "device:d1", "report 7 comes from another <board>")
    browser.store.write(lambda c: incidents.open_or_count(c, found, at))
    assert browser.log_in() == 303
    return browser


def change(owner: Browser, **form: str) -> int:
    return owner.send("/incidents/1/change", form_at="/incidents/1", **form).status_code


def actions(owner: Browser) -> list[str]:
    return [r["action"] for r in owner.audited() if r["action"].startswith("incident.")]


def test_an_incident_says_what_happened_and_what_to_do_first(owner: Browser) -> None:
    assert "A device may have a copy" in owner.get("/incidents")
    page = owner.get("/incidents/1")
    assert "another &lt;board&gt;" in page
    assert "Find both machines" in page


def test_analysis_is_noted(owner: Browser) -> None:
    assert change(owner, action="note", note="Two laptops, one disk <image>.") == 303
    assert "one disk &lt;image&gt;." in owner.get("/incidents/1")
    assert actions(owner) == ["incident.noted"]


def test_it_is_closed_with_a_cause_and_a_consequence(owner: Browser) -> None:
    assert (
        change(owner, action="close", cause="A cloned image.", consequence="Enrolled anew.") == 303
    )
    closed = owner.store.read(lambda c: incidents.get(c, 1))
    assert closed is not None
    assert (closed.closed_by, closed.cause) == ("admin", "A cloned image.")
    assert "Enrolled anew." in owner.get("/incidents/1")
    assert "No incident is open" in owner.get("/incidents")
    assert change(owner, action="close", cause="again", consequence="again") == 400


@pytest.mark.parametrize(
    "form",
    [
        {"action": "note", "note": "  "},
        {"action": "close", "cause": "typed and kept", "consequence": ""},
        {"action": "note", "note": "x" * 4_001},
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    owner: Browser, form: dict[str, str]
) -> None:
    answer = owner.send("/incidents/1/change", form_at="/incidents/1", **form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert form.get("cause", "") in answer.text
    assert actions(owner) == []


@pytest.mark.parametrize("number", ["2", "0", "x", "-1", "9" * 30])
def test_there_is_no_such_incident(owner: Browser, number: str) -> None:
    assert owner.client.get(f"/incidents/{number}").status_code == 404


@pytest.mark.parametrize(
    ("role", "sees", "changes"), [("viewer", 200, 404), ("helpdesk", 404, 404), ("admin", 200, 303)]
)
def test_who_may_see_and_who_may_change(owner: Browser, role: str, sees: int, changes: int) -> None:
    owner.store.write(lambda c: accounts.set_role(c, "admin", role))
    if owner.client.get("/devices").status_code != 200:
        assert owner.log_in() == 303
    assert owner.client.get("/incidents/1").status_code == sees
    answer = owner.send("/incidents/1/change", form_at="/account", action="note", note="Seen.")
    assert answer.status_code == changes
