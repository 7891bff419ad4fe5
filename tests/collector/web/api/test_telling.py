"""Doubted checks and the delivery log by the API, decided as strictly as on their pages."""

import pytest

from collector.store import disputes, notifications
from collector.store.disputes import SYSTEM, Place, Turned
from collector.store.notifications import Message, New
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.fleet import FIREWALL


@pytest.fixture
def doubted(desk: Desk) -> Desk:
    found = Turned(FIREWALL, Place(SYSTEM, "linux 6.8"), 12)
    desk.store.write(lambda c: disputes.open_one(c, found, 30, desk.clock()))
    return desk


def test_a_decision_says_what_it_saw(doubted: Desk, owner: Program) -> None:
    (shown,) = owner.get("/disputes")["items"]
    assert (shown["where"], shown["turned"], shown["devices"]) == ("linux 6.8", 12, 30)
    wrong = {"decision": "wrong", "until": "0.4.0", "reason": "A bug."}
    decided = owner.ask("POST", "/disputes/1/resolve", wrong)
    assert (decided.status_code, decided.json()["state"]) == (200, "wrong")
    late = owner.ask("POST", "/disputes/1/resolve", wrong | {"until": "9.0"})
    assert late.status_code == 409
    again = wrong | {"until": "0.5.0", "seen": decided.json()["seen"]}
    assert owner.ask("POST", "/disputes/1/resolve", again).json()["until_version"] == "0.5.0"
    assert [r["action"] for r in doubted.audited()].count("dispute.resolved") == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"decision": "wrong", "reason": "A bug."}, 409),
        ({"decision": "hide", "reason": "A bug."}, 400),
        ({"decision": "right", "reason": ""}, 400),
        ({"decision": "right"}, 400),
    ],
)
def test_a_decision_that_says_nothing_changes_nothing(
    doubted: Desk, owner: Program, body: dict[str, object], status: int
) -> None:
    assert owner.ask("POST", "/disputes/1/resolve", body).status_code == status
    (held,) = doubted.store.read(disputes.standing)
    assert held.state == "open"
    assert "dispute.resolved" not in [r["action"] for r in doubted.audited()]


def test_a_test_goes_to_names_of_the_settings_alone(desk: Desk, owner: Program) -> None:
    assert owner.ask("POST", "/notifications/test", {"subscriber": "it"}).json()["messages"] == 1
    for unknown in ("eve@example.org", "http://169.254.169.254/", "owners"):
        refused = owner.ask("POST", "/notifications/test", {"subscriber": unknown})
        assert refused.status_code == 400
    assert len(desk.store.read(notifications.newest)) == 1


def test_the_log_comes_in_pages_and_says_why_something_was_given_up(
    desk: Desk, owner: Program
) -> None:
    now = desk.clock()
    new = [New(f"key-{n}", "failures", "it", Message("Two fail"), "") for n in range(3)]
    desk.store.write(lambda c: notifications.add(c, new, now, now))
    desk.store.write(lambda c: notifications.refused(c, 2, now, "550 no", None))
    first = owner.get("/notifications?limit=2")
    rest = owner.get(f"/notifications?limit=2&cursor={first['next']}")
    assert [each["number"] for each in first["items"] + rest["items"]] == [3, 2, 1]
    (failed,) = owner.get("/notifications?only=failed")["items"]
    assert (failed["number"], failed["trouble"]) == (2, "550 no")
    assert owner.ask("POST", "/notifications/2/retry", {}).json()["failed_at"] is None
    desk.store.write(lambda c: notifications.taken(c, 1, now))
    assert owner.ask("POST", "/notifications/1/retry", {}).status_code == 409
