"""The audit log cannot be written: what must be written down is refused, or the standby takes it.

T59: an input/output error, a full disk and a stuck lock; login, role change, lock and export.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import Response

from collector.accounts import recovery
from collector.audit.alone import leading
from collector.audit.journal import Journal
from collector.audit.reading import newest
from collector.model import Compliance
from collector.store import commands, exports, factors, sessions
from tests.collector.audit.failing import Failing, full, input_output_error, locked
from tests.collector.audit.log import SIGNER, verified
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.fleet import Seen, device_id
from tests.collector.web.test_accounts import add, held

LOCK = f"/devices/{device_id('lap-1')}/lock"
ROLE = "/accounts/account/alice"
FAILING: tuple[Failing, ...] = (input_output_error, full, locked)


@dataclass(frozen=True)
class Doing:
    """A privileged thing: its form's page, what is typed, and whether it was done."""

    path: str
    typed: dict[str, str]
    action: str
    done: Callable[[Browser], bool]


def has_new_session(browser: Browser) -> bool:
    found = browser.store.read(lambda c: sessions.of_person(c, "admin", browser.clock()))
    return sum(each.factor_at is not None for each in found) > 1


def has_new_role(browser: Browser) -> bool:
    return held(browser, "alice").role == "helpdesk"


def has_command(browser: Browser) -> bool:
    return bool(browser.store.read(lambda c: commands.of_device(c, device_id("lap-1"))))


def has_export(browser: Browser) -> bool:
    return browser.store.read(lambda c: exports.get(c, 1)) is not None


DOINGS = {
    "login": Doing("/login/factor", {"code": "filled in below"}, "login", has_new_session),
    "role": Doing(ROLE, {"action": "role", "role": "helpdesk"}, "account.changed", has_new_role),
    "lock": Doing(LOCK, {"reason": "stolen"}, "command.given", has_command),
    "export": Doing("/exports", {"variant": "owners"}, "export.written", has_export),
}


def begun(browser: Browser, standby: Path | None, doing: Doing) -> Callable[[], Response]:
    """Everything up to the last click."""
    folder = browser.store.path.parent / "audit"
    journal = Journal(folder, SIGNER, browser.clock, standby)
    object.__setattr__(browser.keeping, "journal", journal)
    browser.enrol(Seen("lap-1", Compliance.COMPLIANT))
    add(browser, "alice", "viewer")
    assert browser.log_in() == 303
    typed = dict(doing.typed)
    if "code" in typed:
        browser.client.cookies.clear()
        assert browser.password() == 303
        code = browser.codes.pop()
        browser.store.write(lambda c: factors.set_codes(c, "admin", [recovery.hash_of(code)]))
        typed["code"] = code
    page = browser.get(doing.path)
    for name in ("form_token", "seen"):
        if found := re.search(rf'name="{name}" value="([0-9a-f]+)"', page):
            typed[name] = found[1]
    return lambda: browser.client.post(doing.path, data=typed, headers=FROM_US)


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("what", DOINGS)
def test_with_one_folder_it_is_refused_and_nothing_is_changed(
    browser: Browser, what: str, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    doing = DOINGS[what]
    click = begun(browser, None, doing)
    with failing(browser.keeping.journal.folder, monkeypatch):
        answer = click()
        assert answer.status_code == 503
        assert "Nothing was changed" in answer.text
    assert not doing.done(browser)
    again = click()
    assert again.status_code == 303, again.text
    assert doing.done(browser)


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("what", DOINGS)
def test_with_a_standby_it_is_done_and_written_down_there(
    browser: Browser,
    tmp_path: Path,
    what: str,
    failing: Failing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doing, standby = DOINGS[what], tmp_path / "second"
    standby.mkdir()
    click = begun(browser, standby, doing)
    first = browser.keeping.journal.folder
    before = len(newest(first, 999, doing.action))
    with failing(first, monkeypatch):
        answer = click()
        assert answer.status_code == 303, answer.text
        assert doing.done(browser)
        assert leading(first) == standby
        assert len(newest(standby, 999, doing.action)) > before
        assert len(newest(first, 999, doing.action)) == before
        browser.get("/audit")  # people read on, and that is written down as well
    browser.get("/devices")
    assert leading(first) == first
    assert len(newest(first, 999, doing.action)) > before
    assert verified(first).problems == verified(standby).problems == []


@pytest.mark.parametrize("failing", FAILING)
def test_with_both_failing_it_is_refused(
    browser: Browser, tmp_path: Path, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby = tmp_path / "second"
    standby.mkdir()
    doing = DOINGS["role"]
    click = begun(browser, standby, doing)
    with (
        failing(browser.keeping.journal.folder, monkeypatch),
        failing(standby, monkeypatch),
    ):
        assert click().status_code == 503
    assert not doing.done(browser)


@pytest.mark.parametrize("failing", FAILING)
def test_a_second_factor_that_is_shown_again_counts_once_it_is_written_down(
    browser: Browser, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser.log_in() == 303
    browser.clock.advance(minutes=6)
    code = browser.codes.pop()
    browser.store.write(lambda c: factors.set_codes(c, "admin", [recovery.hash_of(code)]))
    path, review = "/account/confirm", "/accounts/review/sign"
    form = {"form_token": browser.token(path), "code": code, "next": review}
    with failing(browser.keeping.journal.folder, monkeypatch):
        assert browser.client.post(path, data=form, headers=FROM_US).status_code == 503
    asked = browser.client.get(review)
    assert asked.headers["location"].startswith(path)
    assert browser.client.post(path, data=form, headers=FROM_US).status_code == 303
    assert browser.client.get(review).status_code != 303
