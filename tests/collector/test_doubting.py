"""A rule that turns on many devices at once is doubted: unknown, never pass, until decided."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector.doubting import Decision, Doubting, resolve
from collector.incidents.handling import NotPossible
from collector.model import Compliance, Finding, FormFactor, Platform, Status
from collector.policy import Disputes, default_text
from collector.store import Store, devices, disputes, findings, incidents, policies
from collector.store.devices import InventoryRow
from collector.store.disputes import AGENT, RIGHT, SYSTEM, WRONG
from collector.upkeep import rejudge_due
from protos.posture.v1.posture_service_pb2 import Posture
from tests.collector.audit.log import journal
from tests.collector.desk import RULE, Desk, firewall, posture
from tests.fakes import FixedClock

FLEET = 20


@dataclass
class Fleet:
    """Twenty devices of two builds and one version of the agent, whose firewall is on."""

    store: Store
    clock: FixedClock
    doubting: Doubting
    settings: Disputes = field(default_factory=lambda: Disputes(True, 50, 5))
    sequences: dict[str, int] = field(default_factory=dict)

    def report(self, number: int, *, blocked: bool, agent: str = "0.1.0", build: str = "") -> None:
        name = f"lap-{number:02}"
        told = Posture.FromString(posture(firewall(blocked=blocked), hostname=name))
        told.agent_version = agent
        told.inventory.os_build = build or ("one" if number < FLEET // 2 else "two")
        self.sequences[name] = self.sequences.get(name, 0) + 1
        desk = Desk(self.store, self.clock, device_id=name)
        desk.report(self.sequences[name], told.SerializeToString(deterministic=True))

    def turn(self, *numbers: int) -> None:
        for number in numbers:
            self.report(number, blocked=False)

    def tick(self) -> list[disputes.Dispute]:
        opened = self.doubting.tick(self.settings, self.clock())
        self.clock.advance(minutes=1)
        rejudge_due(self.store, self.clock)
        return opened

    def finding(self, number: int) -> Finding:
        held = self.store.read(lambda c: findings.open_of(c, f"lap-{number:02}"))
        return next(each for each in held if each.rule_id == RULE)

    def statuses(self) -> set[Status]:
        return {self.finding(number).status for number in range(FLEET)}

    def incidents(self) -> list[str]:
        found = self.store.read(lambda c: incidents.list_all(c, open_only=True))
        return [each.subject for each in found if each.kind == "check_disputed"]

    def decide(self, state: str, until: str = "", number: int = 1) -> None:
        decision = Decision(state, until, "looked at one", "alice", self.clock())
        self.store.write(lambda c: resolve(c, number, decision))
        self.tick()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    clock = FixedClock()
    store = Store.open(tmp_path / "data", clock=clock)
    store.write(lambda c: policies.add(c, default_text(), clock(), "first start"))
    made = Fleet(store, clock, Doubting(store))
    for number in range(FLEET):
        name = f"lap-{number:02}"
        row = InventoryRow(name, Platform.LINUX, FormFactor.LAPTOP, fingerprint={"board": b"b"})
        store.write(lambda c, n=name, r=row: devices.add(c, n, r, clock()))
        made.report(number, blocked=True)
    clock.advance(days=2)
    yield made
    store.close()


def test_few_devices_open_no_dispute(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3)
    assert fleet.tick() == []
    assert fleet.finding(0).status is Status.FAIL


def test_one_build_that_turns_is_doubted_there_alone(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    (opened,) = fleet.tick()
    assert (opened.place.scope, opened.place.value) == (SYSTEM, "linux one")
    assert (opened.turned, opened.population) == (5, 10)
    assert {fleet.finding(n).status for n in range(10)} == {Status.UNKNOWN}
    assert {fleet.finding(n).status for n in range(10, 20)} == {Status.PASS}
    assert fleet.incidents() == [f"rule:{RULE}"]
    assert fleet.tick() == []


def test_the_earlier_verdict_stays_visible(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    assert "dispute 1" in fleet.finding(0).because
    assert "It said fail: " in fleet.finding(0).because
    assert "It said pass: " in fleet.finding(9).because
    assert fleet.finding(0).cause == "disputed"


def test_a_doubted_device_is_never_compliant_by_it(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    rows = [fleet.store.read(lambda c, n=n: devices.get(c, f"lap-{n:02}")) for n in range(10)]
    assert Compliance.COMPLIANT not in {row.compliance for row in rows if row}


def test_a_new_agent_that_turns_on_all_builds_is_one_dispute(fleet: Fleet) -> None:
    for number in range(FLEET):
        fleet.report(number, blocked=False, agent="0.2.0")
    (opened,) = fleet.tick()
    assert (opened.place.scope, opened.place.value) == (AGENT, "linux 0.2.0")
    assert fleet.statuses() == {Status.UNKNOWN}
    assert fleet.incidents() == [f"rule:{RULE}"]


def test_new_reports_are_judged_as_doubted(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    fleet.report(8, blocked=False)
    fleet.report(0, blocked=True)
    assert fleet.finding(8).status is fleet.finding(0).status is Status.UNKNOWN
    fleet.report(12, blocked=False)
    assert fleet.finding(12).status is Status.FAIL


def test_one_device_that_flaps_counts_once_a_day(fleet: Fleet) -> None:
    for _ in range(20):
        fleet.report(0, blocked=False)
        fleet.clock.advance(minutes=5)
        fleet.report(0, blocked=True)
    assert fleet.tick() == []


def test_what_turns_over_days_is_no_sudden_turn(fleet: Fleet) -> None:
    for number in range(10):
        fleet.turn(number)
        fleet.clock.advance(hours=9)
    assert fleet.tick() == []


def test_another_policy_is_no_sudden_turn(fleet: Fleet) -> None:
    text = default_text() + "\n"
    fleet.store.write(lambda c: policies.add(c, text, fleet.clock(), "alice"))
    rejudge_due(fleet.store, fleet.clock)
    assert fleet.store.read(lambda c: disputes.suspects(c, 1, fleet.clock())) == []


def test_verdicts_that_are_right_count_again_and_open_nothing_again(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    fleet.decide(RIGHT)
    assert {fleet.finding(n).status for n in range(5)} == {Status.FAIL}
    assert {fleet.finding(n).status for n in range(5, 20)} == {Status.PASS}
    assert fleet.tick() == []


def test_a_check_that_is_wrong_is_doubted_until_the_agent_that_mends_it(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    fleet.decide(WRONG, "0.10")
    assert fleet.finding(0).status is Status.UNKNOWN
    fleet.report(0, blocked=True, agent="0.9.9", build="one")
    assert fleet.finding(0).status is Status.UNKNOWN
    fleet.report(0, blocked=True, agent="0.10.0", build="one")
    assert fleet.finding(0).status is Status.PASS
    fleet.report(1, blocked=False, agent="0.10.1", build="one")
    assert fleet.finding(1).status is Status.FAIL


def test_judging_anew_goes_on_after_a_kill(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    found = fleet.store.read(lambda c: disputes.suspects(c, 5, fleet.clock()))
    (of_build,) = [each for each in found if each.place.scope == SYSTEM]
    opened = fleet.store.write(lambda c: disputes.open_one(c, of_build, 10, fleet.clock()))
    assert opened is not None
    fleet.store.write(lambda c: disputes.mark_some(c, opened, fleet.clock(), 4))
    again = fleet.store.read(disputes.unmarked)
    assert again is not None
    assert again.marked_after == "lap-03"
    fleet.doubting = Doubting(fleet.store)
    fleet.tick()
    assert fleet.store.read(disputes.unmarked) is None
    assert {fleet.finding(n).status for n in range(10)} == {Status.UNKNOWN}


def test_a_policy_may_switch_it_off(fleet: Fleet) -> None:
    fleet.settings = Disputes(enabled=False)
    fleet.turn(*range(FLEET))
    assert fleet.tick() == []
    assert fleet.statuses() == {Status.FAIL}


@pytest.mark.parametrize(
    ("state", "until", "said"),
    [("", "", "decision: say"), (WRONG, "", "until: give"), (WRONG, "next", "until: give")],
)
def test_a_decision_that_says_nothing_is_refused(
    fleet: Fleet, state: str, until: str, said: str
) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    with pytest.raises(NotPossible, match=said):
        fleet.decide(state, until)


def test_a_check_gone_blind_that_passes_everywhere_is_doubted_as_well(fleet: Fleet) -> None:
    for number in range(0, FLEET, 2):
        fleet.report(number, blocked=False)
    fleet.decide(RIGHT) if fleet.tick() else None
    fleet.clock.advance(days=2)
    for number in range(0, FLEET, 2):
        fleet.report(number, blocked=True, agent="0.2.0")
    (opened,) = fleet.tick()
    assert (opened.place.scope, opened.place.value, opened.turned) == (AGENT, "linux 0.2.0", 10)
    assert {fleet.finding(n).status for n in range(0, FLEET, 2)} == {Status.UNKNOWN}
    assert "It said pass: " in fleet.finding(0).because


def test_what_is_seen_again_after_it_was_unknown_is_no_turn(fleet: Fleet) -> None:
    fleet.turn(*range(FLEET))
    fleet.tick()
    fleet.clock.advance(days=2)
    fleet.decide(RIGHT)
    for number in range(FLEET):
        fleet.report(number, blocked=True)
    assert fleet.tick() == []


def test_a_decision_that_a_check_is_wrong_can_be_thought_over(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    fleet.decide(WRONG, "99999.0")
    fleet.decide(WRONG, "0.1.0")
    assert fleet.finding(0).status is Status.FAIL
    fleet.decide(RIGHT)
    assert fleet.store.read(disputes.standing) == []


def test_an_agent_that_was_decided_about_hides_no_build_that_turns_later(fleet: Fleet) -> None:
    for number in range(FLEET):
        fleet.report(number, blocked=False, agent="0.2.0")
    fleet.tick()
    fleet.decide(WRONG, "0.3.0")
    for number in range(FLEET):
        fleet.report(number, blocked=True, agent="0.3.0")
    fleet.clock.advance(days=2)
    for number in range(5):
        fleet.report(number, blocked=False, agent="0.3.0")
    (opened,) = fleet.tick()
    assert (opened.place.scope, opened.place.value) == (SYSTEM, "linux one")


def test_a_dispute_is_in_the_audit_log_before_it_is_opened(fleet: Fleet, tmp_path: Path) -> None:
    fleet.doubting.journal = journal(tmp_path / "audit", fleet.clock)
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    files = [path for path in (tmp_path / "audit").rglob("*") if path.is_file()]
    written = "".join(path.read_text(errors="replace") for path in files)
    (line,) = [line for line in written.splitlines() if "dispute.opened" in line]
    assert f'"rule:{RULE}"' in line
    assert '"turned":"5"' in line.replace(" ", "")


def test_a_dispute_starts_no_grace_anew(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    begun_at = fleet.finding(0).since
    fleet.tick()
    fleet.clock.advance(days=3)
    fleet.decide(RIGHT)
    assert fleet.finding(0).failing_from == begun_at


def test_a_population_is_counted_anew_when_the_clock_was_set_back(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3)
    fleet.settings = Disputes(True, 50, 1)
    assert fleet.tick() == []
    fleet.clock.advance(hours=-1)
    for number in range(4, 10):
        fleet.report(number, blocked=True, build="two")
    (opened,) = fleet.tick()
    assert (opened.place.value, opened.population) == ("linux one", 4)


def test_it_is_decided_once(fleet: Fleet) -> None:
    fleet.turn(0, 1, 2, 3, 4)
    fleet.tick()
    fleet.decide(RIGHT)
    with pytest.raises(NotPossible, match="resolved already"):
        fleet.decide(WRONG, "1.0")
    with pytest.raises(NotPossible, match="there is no dispute 7"):
        fleet.decide(RIGHT, number=7)
