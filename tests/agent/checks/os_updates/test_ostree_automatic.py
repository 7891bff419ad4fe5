"""rpm-ostree shows no news both when there is none and when nobody looked: the look is dated."""

import json
from datetime import UTC, datetime

import pytest

from agent.checks.os_updates import rpm_ostree
from agent.checks.os_updates.answer import Answer as Told
from agent.host import NoData, TimedOut, ToolMissing
from tests.agent.checks.os_updates.test_others import NEW, NEWS, OLD
from tests.fakes import Answer, FakeHost

POLICY = "# see man rpm-ostreed.conf\n[Daemon]\nAutomaticUpdatePolicy=check\n#IdleExitTimeout=60\n"
RAN = (
    "Result=success\nExecMainStatus=0\nExecMainExitTimestamp=Sat 2026-11-21 06:03:17 UTC\n"
    "ActiveState=inactive\n"
)
LOOKED_AT = datetime(2026, 11, 21, 6, 3, 17, tzinfo=UTC)
ASKED = " ".join(rpm_ostree.LAST_CHECK)


def ostree(ran: Answer = RAN, policy: str | None = POLICY, news: object = None) -> Told:
    status = json.dumps({"deployments": [OLD], "cached-update": news})
    files = {} if policy is None else {"/etc/rpm-ostreed.conf": policy}
    commands: dict[str, Answer] = {"rpm-ostree status --json": status, ASKED: ran}
    return rpm_ostree.ask(FakeHost(commands, files))


def test_an_automatic_check_that_ended_well_and_found_nothing_is_believed() -> None:
    told = ostree()
    assert (told.pending, told.pending_security, told.index_at) == (0, 0, LOOKED_AT)
    assert told.gaps == []


def test_what_it_found_is_dated_by_it() -> None:
    told = ostree(news=NEWS)
    assert (told.pending, told.pending_security, told.index_at) == (1, 1, LOOKED_AT)


@pytest.mark.parametrize(
    "policy",
    [
        None,
        "",
        "[Daemon]\n",
        POLICY.replace("check", "none"),
        "[Other]\nAutomaticUpdatePolicy=check",
    ],
)
def test_a_check_that_is_not_asked_for_finds_nothing_for_want_of_looking(
    policy: str | None,
) -> None:
    told = ostree(policy=policy)
    assert (told.pending, told.pending_security, told.index_at) == (None, None, None)
    assert {name: type(why) for name, why in told.gaps}["pending"] is NoData


@pytest.mark.parametrize(
    "ran",
    [
        RAN.replace("success", "exit-code"),
        RAN.replace("Status=0", "Status=1"),
        RAN.replace("Sat 2026-11-21 06:03:17 UTC", ""),
        RAN.replace("UTC", "CET"),
        RAN.replace("ActiveState=inactive", "ActiveState=activating"),
        "",
        ToolMissing("systemctl"),
        TimedOut("systemctl"),
    ],
)
def test_a_check_that_failed_or_never_ran_is_no_look(ran: Answer) -> None:
    told = ostree(ran)
    assert (told.pending, told.pending_security, told.index_at) == (None, None, None)


def test_another_image_that_boots_next_stays_pending() -> None:
    status = json.dumps({"deployments": [NEW, OLD], "cached-update": None})
    host = FakeHost(
        {"rpm-ostree status --json": status, ASKED: RAN}, {"/etc/rpm-ostreed.conf": POLICY}
    )
    assert rpm_ostree.ask(host).pending == 1
