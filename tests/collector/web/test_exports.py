"""Packs are asked for, watched, verified and fetched; who may not see people gets pseudonyms."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.accounts.roles import Role
from collector.export.desk import Desk
from collector.export.making import Making
from collector.export_settings import DirectoryTarget, ExportSettings, Target
from collector.model import Compliance
from collector.store import Connection, accounts, deliveries, devices, exports, groups, policies
from collector.store.exports import Phase, Run
from tests.collector.audit.log import SIGNER
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import Seen
from tests.fakes import runs_ahead

SETTINGS = ExportSettings(targets=(Target("share", DirectoryTarget(Path("/srv/packs"))),))


@dataclass
class Packs:
    browser: Browser

    @property
    def folder(self) -> Path:
        return self.browser.store.path.parent

    def run(self, number: int = 1) -> Run:
        found = self.browser.store.read(lambda c: exports.get(c, number))
        assert found is not None
        return found

    def make(self, number: int = 1) -> None:
        desk = Desk(self.browser.store, self.folder, SIGNER, "test")
        making = Making(desk, SETTINGS, self.browser.clock)
        making.make(number, lambda phase, told: None)
        assert self.run(number).phase is Phase.DONE, self.run(number).trouble

    def ask(self, **form: str) -> int:
        return self.browser.send("/exports", **form).status_code

    def actions(self) -> list[str]:
        return [r["action"] for r in self.browser.audited()]


@pytest.fixture
def packs(browser: Browser) -> Packs:
    """An owner who is logged in; one device; a policy since two weeks."""
    keeping = browser.client.app.state.site.keeping  # type: ignore[attr-defined]
    object.__setattr__(keeping, "exports", SETTINGS)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    browser.store.write(lambda c: policies.add(c, "", began, "alice"))
    browser.enrol(Seen("lap-1", Compliance.COMPLIANT))
    assert browser.log_in() == 303
    return Packs(browser)


def role(packs: Packs, role: Role) -> None:
    packs.browser.store.write(lambda c: accounts.set_role(c, "admin", role))
    if packs.browser.client.get("/devices").status_code != 200:
        assert packs.browser.log_in() == 303


def test_without_packs_the_page_says_when_the_first_comes(packs: Packs) -> None:
    page = packs.browser.get("/exports")
    assert "No pack was made yet" in page
    assert "Sundays at 23:59, UTC" in page
    assert "directory: /srv/packs" in page


def test_one_is_asked_for_watched_verified_and_fetched(packs: Packs) -> None:
    assert packs.ask() == 303
    assert "Waits for its turn" in packs.browser.get("/exports/1")
    packs.browser.store.write(lambda c: exports.advance(c, 1, "devices", 4000))
    assert "4,000" in packs.browser.get("/exports/1")
    packs.make()
    assert "Valid: complete, unchanged and signed" in packs.browser.get("/exports/1?check=now")
    answer = packs.browser.client.get("/exports/1/file")
    there = packs.folder / "packs" / packs.run().name
    assert answer.content == there.read_bytes()
    assert answer.headers["content-disposition"] == f'attachment; filename="{there.name}"'
    assert answer.headers["cache-control"] == "no-store"
    assert {"export.written", "export.fetched"} <= set(packs.actions())


def test_a_pack_that_was_changed_is_not_valid(packs: Packs) -> None:
    packs.ask()
    packs.make()
    path = packs.folder / "packs" / packs.run().name
    path.write_bytes(path.read_bytes()[:-100])
    page = packs.browser.get("/exports/1?check=now")
    assert "It is not valid:" in page
    assert str(packs.folder) not in page


def test_a_role_that_sees_no_people_has_pseudonyms_alone(packs: Packs) -> None:
    packs.ask()
    packs.make()
    role(packs, Role.VIEWER)
    for path in ("/exports/1", "/exports/1/file", "/exports/1/events"):
        assert packs.browser.client.get(path).status_code == 404
    assert "/exports/1" not in packs.browser.get("/exports")
    assert packs.ask(pseudonyms="") == 303
    assert packs.run(2).variant == "all+pseudonyms"
    packs.make(2)
    assert packs.browser.client.get("/exports/2/file").status_code == 200


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"day": "2999-01-01"}, "That day is not over yet"),
        ({"day": "1999-01-01"}, "did not exist yet on that day"),
        ({"day": "soon"}, "Write the day as"),
        ({"day": "0001-01-01"}, "did not exist yet on that day"),
        ({"group": "../etc"}, "There is no such group"),
    ],
)
def test_what_cannot_be_made_is_said_and_stays_typed(
    packs: Packs, form: dict[str, str], said: str
) -> None:
    answer = packs.browser.send("/exports", **form)
    assert answer.status_code == 400
    assert said in answer.text
    assert packs.browser.store.read(exports.newest) == []
    if "day" in form:
        assert f'value="{form["day"]}"' in answer.text


def test_only_so_many_wait(packs: Packs) -> None:
    for _ in range(5):
        packs.browser.clock.advance(seconds=1)
        assert packs.ask() == 303
    packs.browser.clock.advance(seconds=1)
    assert packs.ask() == 400


def change(packs: Packs, action: str, number: int = 1) -> int:
    at = f"/exports/{number}"
    return packs.browser.send(f"{at}/change", form_at=at, action=action).status_code


def test_one_that_is_under_way_is_stopped(packs: Packs) -> None:
    packs.ask()
    assert change(packs, "stop") == 303
    assert packs.run().stopped
    assert "export.stopped" in packs.actions()
    assert change(packs, "nothing") == 400
    packs.browser.store.write(lambda c: exports.stopped(c, 1, packs.browser.clock()))
    assert change(packs, "stop") == 409


def test_the_schedules_own_is_not_stopped(packs: Packs) -> None:
    now = packs.browser.clock()
    packs.browser.store.write(lambda c: exports.ask(c, "all", now, "", now))
    assert change(packs, "stop") == 409
    assert not packs.run().stopped


def test_one_is_taken_again_and_the_log_of_it_is_shown(packs: Packs) -> None:
    packs.ask()
    assert change(packs, "deliver") == 409
    packs.make()
    assert change(packs, "deliver") == 303
    now = packs.browser.clock()
    packs.browser.store.write(lambda c: deliveries.refused(c, 1, now, "<b>no</b>", None))
    page = packs.browser.get("/exports/1")
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "Given up" in page
    assert "0 of 1" in packs.browser.get("/exports")


@pytest.mark.parametrize("name", ["..", "../../x", "1/../2", "%2e%2e%2fcollector.sqlite3", "01x"])
def test_no_address_leads_out_of_the_folder(packs: Packs, name: str) -> None:
    packs.ask()
    packs.make()
    answer = packs.browser.client.get(f"/exports/{name}/file")
    assert answer.status_code in (303, 404)
    assert not answer.headers.get("content-disposition")


def test_a_file_that_is_gone_is_not_found(packs: Packs) -> None:
    packs.ask()
    packs.make()
    (packs.folder / "packs" / packs.run().name).unlink()
    assert packs.browser.client.get("/exports/1/file").status_code == 404
    assert "Download" not in packs.browser.get("/exports/1").replace("Downloads", "")


def test_the_log_goes_on_below(packs: Packs) -> None:
    now = packs.browser.clock()
    for number in range(60):
        variant = f"group:g{number}"
        packs.browser.store.write(lambda c, v=variant: exports.ask(c, v, now, "", now))
    page = packs.browser.get("/exports")
    assert 'href="/exports?before=11"' in page
    assert "g9<" in packs.browser.get("/exports?before=11")
    for odd in ("x", "-1", "9" * 40):
        assert "g59<" in packs.browser.get(f"/exports?before={odd}")


def test_a_clock_that_is_ahead_is_said_on_the_page(packs: Packs) -> None:
    assert "is ahead by" not in packs.browser.get("/exports")
    runs_ahead(packs.folder, timedelta(days=3))
    assert "is ahead by 3 days of the time that has passed" in packs.browser.get("/exports")


def test_a_day_may_be_told_of_a_group_that_was_removed_since(packs: Packs) -> None:
    now = packs.browser.clock()

    def come_and_go(c: Connection) -> None:
        (device_id,), _ = devices.first_by_id(c, 9)
        groups.add(c, groups.Group("lab", "", "", now))
        groups.add_members(c, "lab", [device_id], now)
        groups.remove(c, "lab", now + timedelta(seconds=1))

    packs.browser.store.write(come_and_go)
    assert packs.ask(group="lab") == 400
    assert packs.ask(group="lab", day="2026-11-01") == 303
    assert packs.run().variant == "group:lab"
