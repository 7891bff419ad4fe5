"""os_updates on Linux as a whole: whose system it is, its end of support, and what stays unset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.os_updates import apt, bootc, dnf, dnf5, linux, pacman, rpm_ostree, zypper
from agent.checks.os_updates.release import support_ends
from agent.host import CannotTell, NoData, ToolFailed, ToolMissing
from agent.observation import observe
from protos.posture.v1.signals_pb2 import OsUpdates
from tests.agent.checks.os_updates import test_apt, test_dnf, test_others
from tests.fakes import Answer, FakeHost

DEBIAN_CSV = """\
version,codename,series,created,release,eol,eol-lts,eol-elts
12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,2028-06-30,2033-06-30
14,Forky,forky,2025-08-09
"""
UBUNTU_CSV = """\
version,codename,series,created,release,eol,eol-server,eol-esm
22.04 LTS,Jammy Jellyfish,jammy,2021-10-14,2022-04-21,2027-06-01,2027-06-01,2032-04-09
"""


def value_of(host: FakeHost) -> OsUpdates:
    value = linux.observe(host).value
    assert isinstance(value, OsUpdates)
    return value


def test_the_system_of_os_release_is_asked_and_not_the_first_tool_found() -> None:
    host = FakeHost(
        commands={
            test_apt.SIMULATION: test_apt.NOTHING,
            test_dnf.CHECK: test_dnf.PENDING,
            test_dnf.LIST: test_dnf.ADVISORIES,
        },
        files={"/etc/os-release": "ID=fedora\nVERSION_ID=41\nSUPPORT_END=2025-12-15\n"},
    )
    value = value_of(host)
    assert (value.source, value.pending, value.support_ends_on) == ("dnf", 3, "2025-12-15")


def test_an_unknown_distribution_is_not_zero() -> None:
    host = FakeHost(files={"/etc/os-release": "ID=void\nVERSION_ID=25.11\n"})
    with pytest.raises(NoData):
        linux.observe(host)


def test_a_machine_with_nothing_to_ask_is_unknown() -> None:
    with pytest.raises(ToolMissing):
        linux.observe(FakeHost())


def test_what_is_not_set_is_named_as_a_gap() -> None:
    seen = linux.observe(test_apt.machine(test_apt.NOTHING, test_apt.NO_INDEX))
    named = {gap.field for gap in seen.gaps}
    assert {"pending", "pending_security", "index_at", "support_ends_on"} <= named
    assert isinstance(seen.value, OsUpdates)
    assert not seen.value.HasField("pending")


def test_two_looks_at_the_same_machine_give_the_same_bytes() -> None:
    host = test_apt.machine(test_apt.PENDING, tzdata=test_apt.TZDATA)
    first, second = linux.observe(host), linux.observe(host)
    assert first.value.SerializeToString() == second.value.SerializeToString()
    assert first.evidence == second.evidence
    assert first.gaps == second.gaps


@pytest.mark.parametrize(("count", "named"), [(130, 130), (3000, 138)])
def test_many_updates_are_named_as_far_as_they_fit_and_all_are_counted(
    count: int, named: int
) -> None:
    name = "lib-with-a-long-name-as-they-are-{:04}"
    lines = "".join(f"{name.format(n)} 1:1.0.0-1+b1 -> 1:1.0.1-1~bpo12+1\n" for n in range(count))
    host = FakeHost(commands={"pacman -Qu": lines}, files={"/etc/os-release": "ID=arch\n"})
    seen = observe("os_updates", linux.observe, host).os_updates
    assert seen.pending == count
    assert len(seen.updates) == named
    assert seen.updates[0].candidate == "1:1.0.1-1~bpo12+1"
    assert seen.updates[-1].name
    assert seen.ByteSize() < 7_200


@pytest.mark.parametrize(
    ("release", "csv", "expected"),
    [
        (
            'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
            ("debian", DEBIAN_CSV),
            ("2026-07-11", "2028-06-30"),
        ),
        (
            'ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n',
            ("ubuntu", UBUNTU_CSV),
            ("2027-06-01", "2032-04-09"),
        ),
        ("ID=fedora\nVERSION_ID=41\nSUPPORT_END=2025-12-15\n", ("x", ""), ("2025-12-15", None)),
    ],
)
def test_the_end_of_support(
    release: str, csv: tuple[str, str], expected: tuple[str, str | None]
) -> None:
    files = {"/etc/os-release": release, f"/usr/share/distro-info/{csv[0]}.csv": csv[1]}
    assert support_ends(FakeHost(files=files)) == expected


@pytest.mark.parametrize(
    "release",
    [
        "ID=arch\n",
        "ID=debian\nVERSION_ID=14\nVERSION_CODENAME=forky\n",
        "ID=debian\nVERSION_ID=99\n",
        "ID=fedora\nVERSION_ID=41\nSUPPORT_END=soon\n",
        "garbage",
    ],
)
def test_an_end_of_support_that_nobody_names_is_unknown(release: str) -> None:
    files = {"/etc/os-release": release, "/usr/share/distro-info/debian.csv": DEBIAN_CSV}
    with pytest.raises(CannotTell):
        support_ends(FakeHost(files=files))


GOOD = (
    test_apt.PENDING,
    test_dnf.PENDING.text,
    test_dnf.ADVISORIES,
    test_others.stream(test_others.PACKAGE),
)
PRINTED = st.one_of(
    st.text(max_size=300),
    st.sampled_from(GOOD).flatmap(
        lambda text: st.integers(0, len(text) - 1).map(lambda cut: text[:cut])
    ),
)


@given(PRINTED)
def test_no_tool_that_prints_anything_becomes_nothing_pending(printed: str) -> None:
    commands: dict[str, Answer] = {
        test_apt.SIMULATION: printed,
        "apt-cache policy": test_apt.NO_INDEX,
        test_dnf.CHECK: ToolFailed(printed),
        test_dnf.LIST: printed,
        "pacman -Qu": printed,
        "rpm-ostree status --json": printed,
        "bootc status --json": printed,
        f"{test_others.ZYPPER} list-updates": printed,
        "dnf5 -C check-upgrade": ToolFailed(printed),
    }
    host = FakeHost(commands=commands)
    for ask in (apt.ask, dnf.ask, dnf5.ask, zypper.ask, pacman.ask, rpm_ostree.ask, bootc.ask):
        try:
            answer = ask(host)
        except CannotTell:
            continue
        assert answer.pending != 0
        assert answer.pending_security != 0
