"""apt-check stands in for the simulation, and its zeros are believed from an index only."""

import pytest

from agent.checks.os_updates import apt
from agent.checks.os_updates.apt_check import parse_counts
from agent.host import NotRecorded, Output, TimedOut, Unparsable
from tests.agent.checks.os_updates.test_apt import NO_INDEX
from tests.fakes import Answer, FakeHost

SIMULATION = " ".join(apt.SIMULATION)
POLICY = """\
Package files:
 500 http://archive.example.org/ubuntu noble-security/main amd64 Packages
     release v=24.04,o=Ubuntu,a=noble-security,n=noble,l=Ubuntu,c=main,b=amd64
"""
UBUNTU = "ID=ubuntu\nVERSION_CODENAME=noble\n"


def machine(counts: str, policy: Answer = POLICY, release: str = UBUNTU) -> FakeHost:
    return FakeHost(
        commands={
            SIMULATION: TimedOut("apt-get took too long"),
            "apt-check": Output("", counts, 0),
            "apt-cache policy": policy,
        },
        files={"/etc/os-release": release},
    )


@pytest.mark.parametrize(
    ("counts", "policy", "pending", "security"),
    [
        ("178;122", NotRecorded("apt-cache"), 178, 122),
        ("3;0", POLICY, 3, 0),
        ("3;0", NO_INDEX, 3, None),
        ("3;0", NotRecorded("apt-cache"), 3, None),
        ("0;0", POLICY, 0, 0),
    ],
)
def test_counts_are_taken_as_far_as_an_index_stands_behind_them(
    counts: str, policy: Answer, pending: int, security: int | None
) -> None:
    answer = apt.ask(machine(counts, policy))
    assert (answer.pending, answer.pending_security) == (pending, security)


def test_another_distribution_s_security_archive_is_not_known_to_it() -> None:
    answer = apt.ask(machine("5;2", release="ID=linuxmint\nID_LIKE=ubuntu\n"))
    assert (answer.pending, answer.pending_security) == (5, None)


@pytest.mark.parametrize("policy", [NO_INDEX, NotRecorded("apt-cache"), TimedOut("apt-cache")])
def test_zeros_without_an_index_leave_the_simulation_s_trouble(policy: Answer) -> None:
    with pytest.raises(TimedOut, match="apt-get"):
        apt.ask(machine("0;0", policy))


@pytest.mark.parametrize("printed", ["", "E: Error: Opening the cache", "1;2", "3;", "3;1\n4;1"])
def test_what_is_not_two_counts_is_refused(printed: str) -> None:
    with pytest.raises(Unparsable):
        parse_counts(printed)
