"""Rings, the automatic halt, and what a check-in is answered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector import releasing
from collector.model import Platform
from collector.releasing import NotPossible, Offers, place_of
from collector.store import Connection, Store, incidents, releases
from collector.store.releases import Release, ReleaseState, Update, UpdateOutcome
from tests.fakes import FixedClock

WINDOWS = Platform.WINDOWS


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path)
    yield opened
    opened.close()


def made(store: Store, clock: FixedClock, version: str = "1.1.0", percent: int = 1) -> None:
    store.write(lambda c: releasing.add(c, version, "admin", clock()))
    store.write(lambda c: releases.widen(c, version, percent))


def one(store: Store, version: str = "1.1.0") -> Release:
    found = store.read(lambda c: releases.get(c, version))
    assert found is not None
    return found


def tell(
    store: Store, clock: FixedClock, device: int, outcome: UpdateOutcome, version: str = "1.1.0"
) -> bool:
    said = Update(f"d-{device}", version, outcome, clock(), "why")
    return store.write(lambda c: releasing.take(c, said))


def offered(store: Store, clock: FixedClock, device_id: str, platform: Platform = WINDOWS) -> str:
    return store.read(lambda c: Offers().version_for(c, device_id, platform, clock()))


def test_a_ring_is_that_share_of_the_fleet_and_holds_the_ring_before() -> None:
    places = [place_of(f"device-{n}") for n in range(20_000)]
    shares = [sum(place < ring * 100 for place in places) / len(places) for ring in (1, 10, 100)]

    assert shares[0] == pytest.approx(0.01, abs=0.003)
    assert shares[1] == pytest.approx(0.1, abs=0.01)
    assert shares[2] == 1.0


def test_a_release_begins_with_the_first_ring_and_goes_on_by_a_person(
    store: Store, clock: FixedClock
) -> None:
    made(store, clock)
    inside = next(f"x-{n}" for n in range(10_000) if place_of(f"x-{n}") < 100)
    outside = next(f"x-{n}" for n in range(10_000) if place_of(f"x-{n}") >= 1000)

    assert (offered(store, clock, inside), offered(store, clock, outside)) == ("1.1.0", "")
    assert store.write(lambda c: releasing.promote(c, "1.1.0")) == 10
    assert store.write(lambda c: releasing.promote(c, "1.1.0")) == 100
    assert offered(store, clock, outside) == "1.1.0"
    with pytest.raises(NotPossible, match="already"):
        store.write(lambda c: releasing.promote(c, "1.1.0"))


@pytest.mark.parametrize("platform", [Platform.LINUX, None])
def test_where_a_package_manager_owns_the_files_nothing_is_offered(
    store: Store, clock: FixedClock, platform: Platform | None
) -> None:
    made(store, clock, percent=100)

    assert store.read(lambda c: Offers().version_for(c, "d-1", platform, clock())) == ""


def test_outside_the_ring_of_the_newest_the_one_before_is_offered(
    store: Store, clock: FixedClock
) -> None:
    made(store, clock, "1.9.0", 100)
    made(store, clock, "1.10.0", 1)
    inside = next(f"x-{n}" for n in range(10_000) if place_of(f"x-{n}") < 100)
    outside = next(f"x-{n}" for n in range(10_000) if place_of(f"x-{n}") >= 100)

    assert (offered(store, clock, inside), offered(store, clock, outside)) == ("1.10.0", "1.9.0")


def test_two_of_a_hundred_failing_halt_it_and_open_one_incident(
    store: Store, clock: FixedClock
) -> None:
    made(store, clock, percent=100)
    for device in range(100):
        assert not tell(store, clock, device, UpdateOutcome.BEGUN)
    assert not tell(store, clock, 0, UpdateOutcome.ROLLED_BACK)

    assert tell(store, clock, 1, UpdateOutcome.REFUSED)

    found = one(store)
    assert (found.state, found.begun, found.failing) == (ReleaseState.HALTED, 100, 2)
    assert offered(store, clock, "d-77") == ""
    assert not tell(store, clock, 2, UpdateOutcome.FAILED)
    (incident,) = store.read(lambda c: incidents.list_all(c, open_only=True))
    assert (incident.kind, incident.subject) == ("release_halted", "release:1.1.0")


def test_a_single_failure_halts_a_small_ring(store: Store, clock: FixedClock) -> None:
    made(store, clock)
    tell(store, clock, 1, UpdateOutcome.BEGUN)

    assert tell(store, clock, 1, UpdateOutcome.ROLLED_BACK)


def test_an_update_that_does_not_come_back_within_a_day_is_failing(
    store: Store, clock: FixedClock
) -> None:
    made(store, clock)
    tell(store, clock, 1, UpdateOutcome.BEGUN)
    clock.advance(hours=24)
    assert store.write(lambda c: releasing.watch(c, clock())) == 0

    clock.advance(minutes=1)

    assert store.write(lambda c: releasing.watch(c, clock())) == 1
    assert one(store).state is ReleaseState.HALTED
    assert store.write(lambda c: releasing.watch(c, clock())) == 0


def test_a_device_that_comes_back_late_is_no_failure_any_more(
    store: Store, clock: FixedClock
) -> None:
    made(store, clock)
    for outcome in (UpdateOutcome.BEGUN, UpdateOutcome.LOST, UpdateOutcome.INSTALLED):
        tell(store, clock, 1, outcome)

    found = one(store)

    assert (found.begun, found.back, found.failing) == (1, 1, 0)


def test_the_same_word_again_is_counted_once(store: Store, clock: FixedClock) -> None:
    made(store, clock)
    for _ in range(3):
        tell(store, clock, 1, UpdateOutcome.BEGUN)
        tell(store, clock, 2, UpdateOutcome.INSTALLED)

    found = one(store)

    assert (found.begun, found.back) == (2, 1)


def test_a_device_cannot_make_a_release_by_telling_of_one(store: Store, clock: FixedClock) -> None:
    tell(store, clock, 1, UpdateOutcome.ROLLED_BACK, version="6.6.6")

    assert store.read(releases.newest) == []
    assert store.read(lambda c: releases.failing(c, "6.6.6")) == []


@pytest.mark.parametrize(
    "version", ["", "1", "v1.2", "1.2.0; rm", "../1.2", "https://x/1.2", "\u0661.2"]
)
def test_what_is_no_version_is_no_release(store: Store, clock: FixedClock, version: str) -> None:
    with pytest.raises(NotPossible):
        store.write(lambda c: releasing.add(c, version, "admin", clock()))


def test_one_that_is_halted_stays_so(store: Store, clock: FixedClock) -> None:
    made(store, clock)
    store.write(lambda c: releasing.halt(c, "1.1.0", "admin", "  it hangs  ", clock()))

    assert one(store).halted_because == "it hangs"
    for change in (_promote, _halt):
        with pytest.raises(NotPossible, match="higher version"):
            store.write(change)
    with pytest.raises(NotPossible, match="already"):
        store.write(lambda c: releasing.add(c, "1.1.0", "admin", clock()))


def _promote(c: Connection) -> int:
    return releasing.promote(c, "1.1.0")


def _halt(c: Connection) -> str:
    return releasing.haltable(c, "1.1.0", "again")


def test_a_look_that_is_out_of_date_changes_nothing(store: Store, clock: FixedClock) -> None:
    made(store, clock)
    seen = one(store).seen
    store.write(lambda c: releasing.promote(c, "1.1.0", seen))

    with pytest.raises(NotPossible, match="meanwhile"):
        store.write(lambda c: releasing.promote(c, "1.1.0", seen))


def test_what_is_offered_is_read_anew_after_seconds_and_after_a_halt_at_once(
    store: Store, clock: FixedClock
) -> None:
    made(store, clock, percent=100)
    offers = Offers()

    def asked(c: Connection) -> str:
        return offers.version_for(c, "d-1", WINDOWS, clock())

    assert store.read(asked) == "1.1.0"
    store.write(lambda c: releases.halt(c, "1.1.0", "admin", "x", clock()))
    assert store.read(asked) == "1.1.0"
    offers.forget()
    assert store.read(asked) == ""
    made(store, clock, "1.2.0", 100)
    clock.now += timedelta(seconds=11)
    assert store.read(asked) == "1.2.0"
