"""A group is filled, emptied, described and taken away over the API as on its page."""

import pytest

from collector.accounts.roles import Role
from collector.model import Compliance
from collector.store import devices, groups
from collector.store.groups import Group
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.fleet import Seen, device_id

HERE = "/groups/sales"


@pytest.fixture
def fleet(desk: Desk) -> list[str]:
    names = [f"lap-{number}" for number in range(5)]
    desk.enrol(*(Seen(name, Compliance.COMPLIANT) for name in names))
    desk.store.write(lambda c: groups.add(c, Group("sales", "", "", desk.clock())))
    return [device_id(name) for name in names]


def post(program: Program, action: str, **body: str) -> dict[str, object]:
    answer = program.ask("POST", f"{HERE}/{action}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_devices_come_in_and_go_out_and_are_listed_a_page_at_a_time(
    desk: Desk, fleet: list[str]
) -> None:
    helpdesk = desk.programs[Role.HELPDESK]
    added = post(helpdesk, "add", devices=" ".join([*fleet, fleet[0]]))
    assert added == {"name": "sales", "changed": 5, "devices": 5}
    assert post(helpdesk, "add", devices=fleet[0])["changed"] == 0
    dropped = post(helpdesk, "drop", devices=f"{fleet[1]} id-never")
    assert dropped == {"name": "sales", "changed": 1, "devices": 4}
    listed, cursor = [], ""
    while cursor is not None:
        page = helpdesk.get(f"{HERE}/devices?limit=3&cursor={cursor}")
        listed += [each["device_id"] for each in page["items"]]
        cursor = page["next"]
    assert listed == sorted(set(fleet) - {fleet[1]})
    assert helpdesk.get(HERE)["devices"] == 4
    last = desk.programs[Role.OWNER].get("/audit/records?action=group")["items"][-1]
    assert (last["on"], last["detail"]) == ("group:sales", {"to": "out", "devices": "2"})


def test_one_device_that_is_not_in_service_keeps_all_out(
    desk: Desk, owner: Program, fleet: list[str]
) -> None:
    desk.store.write(lambda c: devices.retire(c, fleet[0], desk.clock()))
    for odd in ("id-never", fleet[0]):
        answer = owner.ask("POST", f"{HERE}/add", {"devices": f"{fleet[1]} {odd}"})
        assert answer.status_code == 400
        assert odd in answer.json()["errors"][0]["detail"]
    assert owner.get(HERE)["devices"] == 0


def test_words_that_somebody_changed_meanwhile_are_not_overwritten(
    owner: Program, fleet: list[str]
) -> None:
    before = str(owner.get(HERE)["version"])
    post(owner, "describe", description="All of sales", seen=before)
    late = {"description": "Mine", "contact": "", "seen": before}
    assert owner.ask("POST", f"{HERE}/describe", late).status_code == 409
    assert owner.get(HERE)["description"] == "All of sales"


def test_a_group_is_taken_away_by_its_name_and_by_nobody_but_an_admin(
    desk: Desk, owner: Program, fleet: list[str]
) -> None:
    assert owner.ask("POST", f"{HERE}/remove", {"name": "sale"}).status_code == 409
    helpdesk = desk.programs[Role.HELPDESK]
    assert helpdesk.ask("POST", f"{HERE}/remove", {"name": "sales"}).status_code == 404
    post(desk.programs[Role.ADMIN], "remove", name="sales")
    assert owner.ask("GET", HERE).status_code == 404
    assert owner.get(f"/devices/{fleet[0]}")["groups"] == []
