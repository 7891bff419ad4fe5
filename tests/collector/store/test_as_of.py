"""A past moment is told later as it was told then, whatever has happened in between."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from collector.store import devices, groups, ownership
from collector.store.as_of import Then, fleet_as_of
from collector.store.past import DESCRIBED
from tests.collector.desk import BAD, GOOD, RULE, Desk, firewall, one_device, posture

GROUPS = ("finance", "lab", "ward")
POSTURES = (
    GOOD,
    BAD,
    posture(firewall(blocked=True, said="policy drop;")),
    posture(firewall(blocked=True), hostname="beta"),
    posture(firewall(blocked=False, said="policy accept"), hostname="beta"),
    posture(),
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from one_device(tmp_path)


def told(desk: Desk, at: datetime) -> list[Then]:
    return desk.store.read(lambda c: list(fleet_as_of(c, at, 1)))


def plain(then: Then) -> object:
    """What must not depend on when one asks."""
    described = [getattr(then.device, n) for n in DESCRIBED if n != "os_build"]
    return (
        described,
        then.device.owner,
        then.findings,
        then.groups,
        then.silent_since,
        then.reported,
    )


@pytest.mark.parametrize("seed", range(12))
def test_what_was_told_then_is_told_again_later(desk: Desk, seed: int) -> None:
    chance, sent, before = Random(seed), GOOD, {}
    for name in GROUPS:
        made = groups.Group(name, "", "", desk.clock())
        desk.store.write(lambda c, g=made: groups.add(c, g))
    for sequence in range(1, 25):
        hours = chance.choice((1, 5, 23, 24, 25, 90))
        desk.clock.advance(hours=hours)
        if chance.random() < 0.5:
            sent = chance.choice(POSTURES)
            desk.report(sequence, sent)
        else:
            desk.unchanged(sequence, sent)
        if chance.random() < 0.1:
            desk.store.write(
                lambda c: devices.quarantine(c, "d1", "two machines, one key", desk.clock())
            )
            desk.clock.advance(minutes=1)
        elif chance.random() < 0.2:
            desk.store.write(lambda c: devices.release(c, "d1", desk.clock()))
        elif chance.random() < 0.4:
            within = chance.sample(GROUPS, chance.randrange(3))
            desk.store.write(lambda c, n=within: groups.set_groups(c, "d1", n, desk.clock()))
            owner = chance.choice(("alice@example.org", "", "bob@example.org"))
            desk.store.write(
                lambda c, o=owner: ownership.set_owners(c, {"d1": o}, desk.clock(), "alice")
            )
        desk.clock.advance(hours=chance.choice((0, 1, 30)))
        at = desk.clock()
        before[at] = [plain(each) for each in told(desk, at)]
        desk.clock.advance(minutes=1)
    assert {at: [plain(each) for each in told(desk, at)] for at in before} == before


def test_words_that_have_changed_are_told_as_they_were(desk: Desk) -> None:
    desk.report(1, GOOD)
    at = desk.clock()
    desk.clock.advance(hours=1)
    desk.report(2, posture(firewall(blocked=True, said="policy drop; counter")))
    (then,) = told(desk, at)
    (now,) = told(desk, desk.clock())
    said = {f.rule_id: f.evidence[0].said for t in (then, now) for f in t.findings if f.evidence}
    assert said[RULE] == "policy drop; counter"
    (finding,) = (f for f in then.findings if f.rule_id == RULE)
    assert finding.evidence[0].said == "policy drop"


def test_a_device_that_was_renamed_has_its_old_name_before(desk: Desk) -> None:
    desk.report(1, GOOD)
    at = desk.clock()
    desk.clock.advance(hours=1)
    desk.report(2, posture(firewall(blocked=True), hostname="beta"))
    assert [t.device.hostname for t in told(desk, at)] == ["alpha"]
    assert [t.device.hostname for t in told(desk, desk.clock())] == ["beta"]


def test_a_day_without_a_check_in_is_remembered_after_the_next_one(desk: Desk) -> None:
    desk.report(1, GOOD)
    last_seen_at = desk.clock()
    desk.clock.advance(hours=24)
    at = desk.clock()
    desk.clock.advance(hours=1)
    desk.unchanged(2, GOOD)
    assert [t.silent_since for t in told(desk, at)] == [last_seen_at]
    assert [t.silent_since for t in told(desk, desk.clock())] == [None]


def test_a_device_that_had_not_reported_by_then_says_so(desk: Desk) -> None:
    at = desk.clock()
    desk.clock.advance(minutes=1)
    desk.report(1, GOOD)
    assert [(t.reported, t.findings) for t in told(desk, at)] == [(False, ())]
    assert [t.reported for t in told(desk, desk.clock())] == [True]
