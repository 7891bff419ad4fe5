"""An answer of the provider counts once, in the browser that asked, within minutes."""

import pytest

from collector.accounts.sso.journeys import Journeys
from collector.accounts.sso.refusals import Reason, Refused
from tests.fakes import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def reason(journeys: Journeys, kept: str, state: str) -> Reason:
    with pytest.raises(Refused) as caught:
        journeys.end(kept, state)
    return caught.value.reason


def test_a_journey_ends_once(clock: FixedClock) -> None:
    journeys = Journeys(clock)
    journey, kept = journeys.begin("alice", "ab")
    clock.advance(minutes=9)
    assert journeys.end(kept, journey.state) == journey
    assert reason(journeys, kept, journey.state) is Reason.AGAIN


def test_a_used_state_stays_used_for_as_long_as_it_could_be(clock: FixedClock) -> None:
    journeys = Journeys(clock)
    journey, kept = journeys.begin()
    journeys.end(kept, journey.state)
    clock.advance(minutes=10)
    assert reason(journeys, kept, journey.state) is Reason.AGAIN
    clock.advance(minutes=1)
    assert reason(journeys, kept, journey.state) is Reason.OLD


def test_the_state_of_another_browser_is_refused(clock: FixedClock) -> None:
    journeys = Journeys(clock)
    (mine, _), (_, theirs) = journeys.begin(), journeys.begin()
    assert reason(journeys, theirs, mine.state) is Reason.STATE
    for state in ("", "é", "x" * 5000):
        assert reason(journeys, theirs, state) is Reason.STATE


def test_a_cookie_that_was_changed_or_is_none_is_refused(clock: FixedClock) -> None:
    journeys = Journeys(clock)
    journey, kept = journeys.begin()
    for changed in ("", "x", kept[:-4], kept[:40] + "AAAA" + kept[44:], "A" * 5000, "é"):
        assert reason(journeys, changed, journey.state) is Reason.STATE


def test_a_cookie_of_another_start_of_the_collector_is_refused(clock: FixedClock) -> None:
    journey, kept = Journeys(clock).begin()
    assert reason(Journeys(clock), kept, journey.state) is Reason.STATE


def test_a_journey_ends_within_ten_minutes_and_not_before_it_began(clock: FixedClock) -> None:
    journeys = Journeys(clock)
    journey, kept = journeys.begin()
    clock.advance(minutes=10, seconds=1)
    assert reason(journeys, kept, journey.state) is Reason.OLD
    clock.advance(minutes=-11)
    assert reason(journeys, kept, journey.state) is Reason.OLD


def test_what_travels_in_the_browser_tells_nothing(clock: FixedClock) -> None:
    journey, kept = Journeys(clock).begin("alice")
    assert len(kept) < 1024
    for secret in (journey.verifier, journey.nonce, journey.state, "alice"):
        assert secret not in kept
