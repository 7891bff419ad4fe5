"""An exception has a reason, a person and an end, and moves the device's state at once."""

from datetime import UTC, datetime

import pytest

from collector.store import waivers
from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, RULE, Desk, posture

ADD = ("waiver", "add", "alpha", RULE)


def finding(console: Console) -> dict[str, object]:
    shown = console.reads("device", "show", "alpha")
    found: dict[str, object] = next(f for f in shown["findings"] if f["rule_id"] == RULE)
    return found


def test_a_waiver_covers_its_last_day_and_counts_at_once(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    said = console.says(*ADD, "--until", "2026-12-01", "--reason", "in repair")
    assert said == f"{RULE} is waived on alpha (d1) until 2026-12-01 23:59 UTC.\n"
    (granted,) = desk.store.read(waivers.list_all)
    assert granted.ends_at == datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)
    assert (granted.reason, granted.requested_by) == ("in repair", "alice")
    assert console.reads("devices")["devices"][0]["compliance"] == "unknown"
    found = finding(console)
    assert (found["status"], found["counts"]) == ("fail", False)
    assert found["waiver"] == {"until": "2026-12-01T23:59:59Z", "reason": "in repair"}
    said = console.says("device", "show", "alpha")
    assert "waived        until Tuesday 1 December: in repair (granted by alice)" in said
    assert desk.events() == ["waiver granted"]


def test_ending_a_waiver_makes_the_finding_count_again(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    console.says(*ADD, "--until", "2026-12-01", "--reason", "in repair")
    desk.clock.advance(hours=1)
    assert console.says("waiver", "end", "alpha", RULE) == f"{RULE} counts again on alpha (d1).\n"
    assert console.reads("devices")["devices"][0]["compliance"] == "non_compliant"
    assert finding(console)["counts"] is True
    assert console.refuses("waiver", "end", "alpha", RULE).startswith(f"{RULE} is not waived on")
    assert console.reads("waiver", "list")["waivers"] == []
    (over,) = console.reads("waiver", "list", "--all")["waivers"]
    assert over["in_force"] is False


def test_an_unknown_that_is_waived_says_until_when(desk: Desk, console: Console) -> None:
    desk.report(1, posture())
    console.says(*ADD, "--until", "2026-12-01", "--reason", "in repair")
    assert finding(console)["status"] == "unknown"
    said = console.says("device", "show", "alpha")
    assert "waived        until Tuesday 1 December: in repair (granted by alice)" in said


def test_a_second_waiver_is_refused_while_one_is_in_force(desk: Desk, console: Console) -> None:
    console.says(*ADD, "--until", "2026-12-01", "--reason", "in repair")
    desk.clock.advance(hours=1)
    again = (*ADD, "--until", "2026-12-09", "--reason", "still in repair")
    assert console.refuses(*again) == (
        f"{RULE} is waived on alpha already, until 2026-12-01 23:59 UTC: "
        f"end that first with muster-collector waiver end d1 {RULE}"
    )
    console.says("waiver", "add", "alpha", "disk_encrypted", *again[4:])
    console.says("waiver", "end", "d1", RULE)
    desk.clock.advance(hours=1)
    console.says(*again)
    assert len(desk.store.read(waivers.list_all)) == 3


def test_the_list_says_where_until_when_and_why(console: Console) -> None:
    assert console.says("waiver", "list") == "No waiver is in force.\n"
    console.says(*ADD, "--until", "2026-11-22", "--reason", "waits for a part " * 20)
    said = console.says("waiver", "list").splitlines()
    assert said[1].split() == ["alpha", RULE, "2026-11-22"]
    assert said[2].startswith("    waits for a part waits")
    (listed,) = console.reads("waiver", "list")["waivers"]
    assert (listed["hostname"], listed["device_id"]) == ("alpha", "d1")
    assert (listed["ends_at"], listed["in_force"]) == ("2026-11-22T23:59:59Z", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alpha", "firewall", "--until", "2026-12-01"), "no rule 'firewall'; there are "),
        (("beta", RULE, "--until", "2026-12-01"), "no device 'beta': give its host name"),
        (("alpha", RULE, "--until", "soon"), "--until: 'soon' is not a day: write it as"),
        (("alpha", RULE, "--until", "2026-02-30"), "--until: '2026-02-30' is not a day"),
        (("alpha", RULE, "--until", "2026-11-21"), "--until: 2026-11-21 is over"),
        (("alpha", RULE, "--until", "9999-12-31"), "--until: 9999-12-31 is more than a year"),
    ],
)
def test_what_cannot_be_waived_is_refused(
    words: tuple[str, ...], said: str, desk: Desk, console: Console
) -> None:
    assert console.refuses("waiver", "add", *words, "--reason", "r").startswith(said)
    assert desk.store.read(waivers.list_all) == []


@pytest.mark.parametrize("reason", ["", "  ", "a\x1b[2J", "x" * 501])
def test_a_waiver_needs_a_reason_in_words(reason: str, desk: Desk, console: Console) -> None:
    said = console.refuses(*ADD, "--until", "2026-12-01", "--reason", reason)
    assert said.startswith("--reason: say why in 1 to 500 printable characters")
    assert desk.store.read(waivers.list_all) == []


def test_a_waiver_lacks_nothing_it_is_asked_for(console: Console) -> None:
    assert console.refuses(*ADD, "--reason", "r").startswith("Missing option '--until'")
    assert console.refuses(*ADD, "--until", "2026-12-01").startswith("Missing option '--reason'")
