"""Releases on the page: how they fare, and what an administrator does with them."""

import pytest

from collector import releasing
from collector.store import releases
from collector.store.releases import Update, UpdateOutcome
from tests.collector.web.conftest import Browser


@pytest.fixture
def owner(browser: Browser) -> Browser:
    assert browser.log_in() == 303
    return browser


def change(owner: Browser, **form: str) -> tuple[int, str]:
    answer = owner.send("/releases/change", form_at="/releases", **form)
    return answer.status_code, answer.text


def test_there_is_none_at_first(owner: Browser) -> None:
    assert "There is no release yet." in owner.get("/releases")


def test_a_release_is_added_promoted_and_halted_and_each_is_written_down(owner: Browser) -> None:
    assert change(owner, to="add", version="1.2.0")[0] == 303
    assert "1 of 100 devices may take it" in owner.get("/releases")
    assert change(owner, to="promote", version="1.2.0", seen="open 1")[0] == 303
    assert "10 of 100 devices may take it" in owner.get("/releases")
    assert change(owner, to="halt", version="1.2.0", reason="A <bug>", seen="open 10")[0] == 303

    assert "A &lt;bug&gt;" in owner.get("/releases")
    actions = [each["action"] for each in owner.audited()]
    assert [a for a in actions if a.startswith("release.")] == [
        "release.added",
        "release.promoted",
        "release.halted",
    ]


@pytest.mark.parametrize(
    "form",
    [
        {"to": "add", "version": "soon"},
        {"to": "promote", "version": "9.9.9"},
        {"to": "halt", "version": "1.2.0", "reason": " ", "seen": "open 1"},
        {"to": "install", "version": "1.2.0"},
        {},
    ],
)
def test_what_cannot_be_done_is_said_and_not_written_down(
    owner: Browser, form: dict[str, str]
) -> None:
    change(owner, to="add", version="1.2.0")
    before = len(owner.audited())

    status, page = change(owner, **form)

    assert status == 400
    assert 'role="alert"' in page
    assert len([each for each in owner.audited()[before:] if "release" in each["action"]]) == 0


def test_devices_that_fell_back_are_named_with_what_they_said(owner: Browser) -> None:
    now = owner.clock()
    owner.store.write(lambda c: releasing.add(c, "1.2.0", "admin", now))
    for outcome in (UpdateOutcome.BEGUN, UpdateOutcome.ROLLED_BACK):
        told = Update("d-1", "1.2.0", outcome, now, "it did not <start>")
        owner.store.write(lambda c, told=told: releasing.take(c, told))  # type: ignore[misc]

    page = owner.get("/releases")

    assert "Halted" in page
    assert "1 of 1 devices that began did not come back with it" in page
    assert owner.store.read(lambda c: releases.get(c, "1.2.0")).failing == 1  # type: ignore[union-attr]
