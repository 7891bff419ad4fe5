"""The policy in the browser: what measures each clause, what a change would do, and who made it."""

import re

import pytest

from collector.model import Compliance, Status
from collector.policy import default_text
from collector.store import accounts, policies
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, Seen, device_id

EDIT = "/policy/edit"
SHORTER = default_text().replace("stale_after_days = 7", "stale_after_days = 1")


@pytest.fixture
def owner(helpdesk: Browser) -> Browser:
    helpdesk.store.write(lambda c: policies.add(c, default_text(), helpdesk.clock(), "first start"))
    bad = {DISKS: (Status.FAIL, "/ is plain.")}
    helpdesk.enrol(Seen("zeta", Compliance.NON_COMPLIANT, bad), Seen("eta", Compliance.COMPLIANT))
    return helpdesk


def versions(browser: Browser) -> list[tuple[int, str, str]]:
    known = browser.store.read(policies.history)
    return [(each.version, each.applied_by, each.note) for each in known]


def sends(browser: Browser, action: str, text: str, seen: int = 1, note: str = "why") -> str:
    """What is answered; "" for a change that was made."""
    form = {"action": action, "text": text, "seen": str(seen), "note": note}
    answer = browser.send(EDIT, form_at=EDIT, **form)
    assert answer.status_code in (200, 303, 400, 409), answer.text
    return answer.text if answer.status_code != 303 else ""


def test_each_clause_shows_its_rules_with_counts_and_what_nothing_measures(owner: Browser) -> None:
    page = owner.get("/policy")
    assert page.count("Not measured") == 3
    row = re.search(rf"<code>{DISKS}</code>.*?</tr>", page, re.DOTALL)
    assert row
    assert re.findall(r"<td[^>]*>(?:<a[^>]*>)?(\d+)", row[0]) == ["1", "1", "0"]


def test_a_clause_of_the_company_whose_rule_is_off_says_so(owner: Browser) -> None:
    text = f'[clauses.a]\ntitle = "Ours"\nrules = ["{DISKS}"]\n[rules.{DISKS}]\nenabled = false\n'
    owner.store.write(lambda c: policies.add(c, text, owner.clock(), "carol", "ours"))
    page = owner.get("/policy")
    assert "Ours" in page
    assert "Not asked" in page
    assert page.count("No clause names this rule") == 8
    assert "carol" in page


def test_an_edit_is_tried_before_it_is_applied_and_says_who_would_change(owner: Browser) -> None:
    text = default_text().replace("[rules.disk_encrypted]\nenabled = true",
                                  "[rules.disk_encrypted]\nenabled = false")  # fmt: skip
    page = sends(owner, "try", text)
    assert "rules.disk_encrypted.enabled" in page
    assert "Looked at all 2 devices." in page
    assert f"/devices/{device_id('zeta')}" in page
    assert 'value="apply"' in page
    assert len(versions(owner)) == 1


def test_what_is_applied_has_a_name_a_note_and_a_line_in_the_log(owner: Browser) -> None:
    assert sends(owner, "apply", SHORTER, note="a day is enough") == ""
    assert versions(owner)[0] == (2, "admin", "a day is enough")
    (record,) = [each for each in owner.audited() if each["action"] == "policy.applied"]
    assert record["outcome"] == "done"
    page = owner.get("/policy/versions/2")
    assert "stale_after_days" in page
    assert re.search(r'<td class="words">7</td><td class="words">1</td>', page)
    assert "a day is enough" in owner.get("/policy")


def test_two_editors_do_not_overwrite_each_other(owner: Browser) -> None:
    owner.store.write(lambda c: policies.add(c, default_text() + "\n", owner.clock(), "carol"))
    page = sends(owner, "apply", SHORTER, seen=1)
    assert "Version 2 was applied since you began with version 1." in page
    assert "stale_after_days = 1" in page
    assert [each[0] for each in versions(owner)] == [2, 1]
    assert "says exactly this" in sends(owner, "apply", default_text() + "\n", seen=2)
    assert [each for each in owner.audited() if each["action"] == "policy.applied"] == []


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 20])
def test_a_form_that_does_not_say_what_it_has_seen_overwrites_nothing(
    owner: Browser, seen: str
) -> None:
    form = {"action": "apply", "text": SHORTER, "seen": seen, "note": "why"}
    assert owner.send(EDIT, form_at=EDIT, **form).status_code == 409
    assert len(versions(owner)) == 1


def test_an_unsound_text_is_refused_to_the_line_and_kept(owner: Browser) -> None:
    page = sends(owner, "apply", "name = 'x'\nstale_after_days = 0\n[rules.typo]\n")
    assert "Line 2" in page
    assert "<code>stale_after_days</code>: 0 is not a whole number from 1 to 120" in page
    assert "there is no such rule" in page
    assert "stale_after_days = 0" in page
    assert len(versions(owner)) == 1


@pytest.mark.parametrize("note", ["", "x" * 501, "a\x1b[2J"])
def test_a_change_needs_a_note(owner: Browser, note: str) -> None:
    assert "Note: say why in 1 to 500" in sends(owner, "apply", SHORTER, note=note)
    assert len(versions(owner)) == 1


def test_going_back_is_the_older_text_as_a_new_version(owner: Browser) -> None:
    sends(owner, "apply", SHORTER)
    assert "Go back to this version" in owner.get("/policy/versions/1")
    assert "Go back to this version" not in owner.get("/policy/versions/2")
    form = owner.get(f"{EDIT}?from=1")
    assert "stale_after_days = 7" in form
    assert 'name="seen" value="2"' in form
    assert 'value="Back to version 1"' in form
    assert sends(owner, "apply", default_text(), seen=2, note="Back to version 1") == ""
    assert owner.store.read(lambda c: policies.text_of(c, 3)) == default_text()


def test_the_limits_say_who_changed_them_and_from_what(owner: Browser) -> None:
    sends(owner, "apply", SHORTER)
    page = owner.get("/policy")
    row = re.search(r"<code>stale_after_days</code>.*?</tr>", page, re.DOTALL)
    assert row
    assert "admin, " in row[0]
    assert row[0].count("from 7") == 1


@pytest.mark.parametrize("version", ["2", "0", "x", "-1", "9" * 30])
def test_there_is_no_such_version(owner: Browser, version: str) -> None:
    assert owner.client.get(f"/policy/versions/{version}").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "helpdesk"])
def test_who_may_not_change_it_sees_it(owner: Browser, role: str) -> None:
    owner.store.write(lambda c: accounts.set_role(c, "admin", role))
    if owner.client.get("/devices").status_code != 200:
        assert owner.log_in() == 303
    page = owner.client.get("/policy")
    assert page.status_code == 200
    assert "/policy/edit" not in page.text
    assert owner.client.get(EDIT).status_code == 404
    assert owner.client.get("/policy/versions/1").status_code == 200
