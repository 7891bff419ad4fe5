"""A device is changed over the API as on its page: over nothing unseen, and forgotten by name."""

import pytest

from collector.model import Compliance
from collector.store import devices
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.fleet import Seen, device_id

HERE = "/devices/" + device_id("lap-1")


@pytest.fixture
def device(desk: Desk) -> str:
    desk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    return device_id("lap-1")


def test_what_was_changed_meanwhile_is_not_overwritten(owner: Program, device: str) -> None:
    before = owner.get(HERE)["version"]
    assert owner.get("/devices")["items"][0]["version"] == before
    first = {"email": "alice@example.org", "seen": before}
    assert owner.ask("POST", f"{HERE}/owner", first).status_code == 200
    second = {"email": "bob@example.org", "seen": before}
    assert owner.ask("POST", f"{HERE}/owner", second).status_code == 409
    for action in ("retire", "release"):
        assert owner.ask("POST", f"{HERE}/{action}", {"seen": before}).status_code == 409
    assert owner.get(HERE)["owner"] == "alice@example.org"
    assert owner.ask("POST", f"{HERE}/retire").status_code == 200


def test_a_device_is_forgotten_by_its_name_and_with_a_second_factor(
    desk: Desk, owner: Program, device: str
) -> None:
    forget = {"name": "lap-2", "code": desk.codes["owner"][-1]}
    assert owner.ask("POST", f"{HERE}/forget", forget).status_code == 409
    wrong = owner.ask("POST", f"{HERE}/forget", {"name": "lap-1", "code": "000000"})
    assert wrong.status_code in (400, 403)
    assert desk.store.read(lambda c: devices.get(c, device)) is not None
    right = {"name": "lap-1", "code": desk.codes["owner"].pop()}
    assert owner.ask("POST", f"{HERE}/forget", right).json()["hostname"] == "lap-1"
    assert owner.ask("GET", HERE).status_code == 404
