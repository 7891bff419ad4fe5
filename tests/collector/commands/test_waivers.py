"""An exception needs two people, a reason and an end, and moves the device's state at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from collector.store import groups, waivers
from collector.store.groups import Group
from collector.upkeep import rejudge_due
from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, RULE, Desk, posture

ASK = ("waiver", "request", "alpha", RULE)
UNTIL = ("--until", "2026-12-01", "--reason", "in repair")


@pytest.fixture
def bob(console: Console) -> Console:
    """Somebody else at the same collector."""
    return replace(console, who="bob")


def register(desk: Desk) -> list[waivers.Entry]:
    return desk.store.read(lambda c: waivers.every(c, 10**6, 100))


def finding(console: Console) -> dict[str, object]:
    shown = console.reads("device", "show", "alpha")
    found: dict[str, object] = next(f for f in shown["findings"] if f["rule_id"] == RULE)
    return found


def test_a_request_waives_nothing_until_somebody_else_approves_it(
    desk: Desk, console: Console, bob: Console
) -> None:
    desk.report(1, BAD)
    said = console.says(*ASK, *UNTIL)
    assert said.startswith("Number 1 waits: somebody other than alice approves it with")
    assert finding(console)["counts"] is True
    said = bob.says("waiver", "approve", "1")
    assert said == f"{RULE} is waived on d1 until 2026-12-01 23:59 UTC.\n"
    (entry,) = register(desk)
    assert entry.asked.ends_at == datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)
    assert (entry.asked.reason, entry.asked.requested_by) == ("in repair", "alice")
    assert (entry.decision, entry.decided_by) == ("approved", "bob")
    assert console.reads("devices")["devices"][0]["compliance"] == "unknown"
    found = finding(console)
    assert (found["status"], found["counts"]) == ("fail", False)
    assert found["waiver"] == {"until": "2026-12-01T23:59:59Z", "reason": "in repair"}
    assert sorted(desk.events()) == ["waiver granted", "waiver requested"]


@pytest.mark.parametrize("who", ["alice", "Alice", "alice (as root)"])
def test_whoever_asked_cannot_approve_under_any_spelling(
    who: str, desk: Desk, console: Console
) -> None:
    desk.report(1, BAD)
    console.says(*ASK, *UNTIL)
    said = replace(console, who=who).refuses("waiver", "approve", "1")
    assert said == f"{who} asked for waiver 1: somebody else has to approve it"
    assert register(desk)[0].decision == ""
    assert finding(console)["counts"] is True


def test_ending_a_waiver_makes_the_finding_count_again(
    desk: Desk, console: Console, bob: Console
) -> None:
    desk.report(1, BAD)
    console.says(*ASK, *UNTIL)
    bob.says("waiver", "approve", "1")
    desk.clock.advance(hours=1)
    assert console.says("waiver", "end", "1") == f"{RULE} counts again on d1.\n"
    assert console.reads("devices")["devices"][0]["compliance"] == "non_compliant"
    assert finding(console)["counts"] is True
    assert "is not in force any more, it is ended" in console.refuses("waiver", "end", "1")
    assert console.reads("waiver", "list")["waivers"] == []
    (over,) = console.reads("waiver", "list", "--all")["waivers"]
    assert (over["in_force"], over["state"], over["ended_by"]) == (False, "ended", "alice")


def test_a_waiver_ends_by_itself(desk: Desk, console: Console, bob: Console) -> None:
    desk.report(1, BAD)
    console.says(*ASK, *UNTIL)
    bob.says("waiver", "approve", "1")
    desk.clock.advance(days=10)
    rejudge_due(desk.store, desk.clock)
    assert finding(console)["counts"] is True
    assert console.reads("waiver", "list")["waivers"] == []


def test_an_unknown_that_is_waived_says_until_when(
    desk: Desk, console: Console, bob: Console
) -> None:
    desk.report(1, posture())
    console.says(*ASK, *UNTIL)
    bob.says("waiver", "approve", "1")
    assert finding(console)["status"] == "unknown"
    said = console.says("device", "show", "alpha")
    assert "waived        until Tuesday 1 December: in repair (granted by bob)" in said


def test_more_time_is_another_request_and_replaces_the_first(
    desk: Desk, console: Console, bob: Console
) -> None:
    desk.report(1, BAD)
    console.says(*ASK, *UNTIL)
    again = (*ASK, "--until", "2026-12-09", "--reason", "still in repair")
    assert "the same waits for a decision already: see number 1" in console.refuses(*again)
    bob.says("waiver", "approve", "1")
    desk.clock.advance(hours=1)
    bob.says(*again)
    assert finding(console)["waiver"] == {"until": "2026-12-01T23:59:59Z", "reason": "in repair"}
    console.says("waiver", "approve", "2")
    newer, older = register(desk)
    assert (older.ended_by, older.ended_at) == ("alice", desk.clock())
    (in_force,) = desk.store.read(lambda c: waivers.active_for(c, "d1", desk.clock()))
    assert in_force.number == newer.number


def test_a_refused_request_says_who_and_why(desk: Desk, console: Console, bob: Console) -> None:
    console.says(*ASK, *UNTIL)
    said = bob.says("waiver", "refuse", "1", "--reason", "mend it")
    assert said == f"Number 1 is refused: {RULE} on d1.\n"
    (entry,) = register(desk)
    assert (entry.decision, entry.decided_by, entry.remark) == ("refused", "bob", "mend it")
    assert "not waiting for a decision any more" in bob.refuses("waiver", "approve", "1")
    console.says(*ASK, *UNTIL)
    assert "is taken back" in console.says("waiver", "refuse", "2")
    assert register(desk)[0].decision == "withdrawn"


def test_a_waiver_of_a_group_covers_who_is_in_it_from_that_moment(
    desk: Desk, console: Console, bob: Console
) -> None:
    desk.report(1, BAD)
    write, at = desk.store.write, desk.clock()
    write(partial(groups.add, group=Group("lab", "", "", at)))
    console.says("waiver", "request", "lab", RULE, "--group", *UNTIL)
    bob.says("waiver", "approve", "1")
    assert finding(console)["counts"] is True
    write(lambda c: groups.add_members(c, "lab", ["d1"], at))
    rejudge_due(desk.store, desk.clock)
    assert console.reads("devices")["devices"][0]["compliance"] == "unknown"
    assert finding(console)["counts"] is False
    desk.clock.advance(minutes=5)
    write(lambda c: groups.remove_members(c, "lab", ["d1"], desk.clock()))
    rejudge_due(desk.store, desk.clock)
    assert console.reads("devices")["devices"][0]["compliance"] == "non_compliant"


def test_members_are_judged_again_when_their_groups_waiver_begins_and_ends(
    desk: Desk, console: Console, bob: Console
) -> None:
    desk.report(1, BAD)
    write, at = desk.store.write, desk.clock()
    write(partial(groups.add, group=Group("lab", "", "", at)))
    write(lambda c: groups.add_members(c, "lab", ["d1"], at))
    console.says("waiver", "request", "lab", RULE, "--group", *UNTIL)
    bob.says("waiver", "approve", "1")
    assert console.reads("devices")["devices"][0]["compliance"] == "unknown"
    desk.clock.advance(minutes=5)
    assert "counts again on the group lab" in bob.says("waiver", "end", "1")
    assert console.reads("devices")["devices"][0]["compliance"] == "non_compliant"


def test_the_list_says_where_until_when_and_why(console: Console) -> None:
    assert console.says("waiver", "list") == "No waiver waits or is in force.\n"
    reason = "waits for a part " * 20
    console.says(*ASK, "--until", "2026-11-22", "--reason", reason)
    said = console.says("waiver", "list").splitlines()
    assert said[1].split() == ["1", "alpha", RULE, "2026-11-22"]
    assert said[2].startswith("    waiting: waits for a part waits")
    (listed,) = console.reads("waiver", "list")["waivers"]
    assert (listed["hostname"], listed["device_id"]) == ("alpha", "d1")
    assert (listed["ends_at"], listed["in_force"]) == ("2026-11-22T23:59:59Z", False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alpha", "firewall", "--until", "2026-12-01"), "no rule 'firewall'; there are "),
        (("beta", RULE, "--until", "2026-12-01"), "no device 'beta': give its host name"),
        (("lab", RULE, "--group", "--until", "2026-12-01"), "there is no group 'lab'"),
        (("alpha", RULE, "--until", "soon"), "--until: 'soon' is not a day: write it as"),
        (("alpha", RULE, "--until", "2026-02-30"), "--until: '2026-02-30' is not a day"),
        (("alpha", RULE, "--until", "2026-11-21"), "--until: 2026-11-21 is over"),
        (("alpha", RULE, "--until", "2027-02-21"), "--until: a waiver lasts 90 days at most"),
    ],
)
def test_what_cannot_be_waived_is_refused(
    words: tuple[str, ...], said: str, desk: Desk, console: Console
) -> None:
    assert console.refuses("waiver", "request", *words, "--reason", "r").startswith(said)
    assert register(desk) == []


def test_the_last_day_that_the_policy_allows_is_taken(console: Console) -> None:
    last = f"{console.clock() + timedelta(days=90):%Y-%m-%d}"
    console.says(*ASK, "--until", last, "--reason", "r")


@pytest.mark.parametrize("reason", ["", "  ", "a\x1b[2J", "x" * 501])
def test_a_waiver_needs_a_reason_in_words(reason: str, desk: Desk, console: Console) -> None:
    said = console.refuses(*ASK, "--until", "2026-12-01", "--reason", reason)
    assert said.startswith("--reason: say why in 1 to 500 printable characters")
    assert register(desk) == []


def test_a_waiver_lacks_nothing_it_is_asked_for(console: Console) -> None:
    assert console.refuses(*ASK, "--reason", "r").startswith("Missing option '--until'")
    assert console.refuses(*ASK, "--until", "2026-12-01").startswith("Missing option '--reason'")
    assert console.refuses("waiver", "approve", "7") == "there is no waiver 7"
