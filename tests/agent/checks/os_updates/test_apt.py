"""apt: counts are believed only when a package index, and a security archive, stand behind them."""

from datetime import UTC, datetime

import pytest

from agent.checks.os_updates import apt
from agent.checks.os_updates.answer import Answer as Told
from agent.checks.os_updates.apt_archive import parse_date
from agent.checks.os_updates.apt_versions import parse_version_tables
from agent.host import NoData, NotRecorded, TimedOut, ToolFailed, Unparsable
from tests.fakes import Answer, FakeHost

SIMULATION = " ".join(apt.SIMULATION)
NOTHING = (
    "Reading package lists...\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
)
PENDING = """\
The following packages will be upgraded:
  libssl3 tzdata linux-image-amd64
3 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.
Inst libssl3 [3.0.20-1] (3.0.22-1 Debian-Security:12/oldstable-security [amd64]) []
Inst linux-image-6.1.0-50-amd64 (6.1.180-1 Debian-Security:12/oldstable-security [amd64])
Inst linux-image-amd64 [6.1.170-1] (6.1.180-1 Debian-Security:12/oldstable-security [amd64])
Inst tzdata [2026a-0] (2026f-0 Debian:12-updates/oldstable-updates [all])
Conf libssl3 (3.0.22-1 Debian-Security:12/oldstable-security [amd64])
"""
POLICY = """\
Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 http://deb.example.org/debian-security bookworm-security/main amd64 Packages
     release v=12,o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64
     origin deb.example.org
 500 http://deb.example.org/debian bookworm/main amd64 Packages
     release v=12.15,o=Debian,a=oldstable,n=bookworm,l=Debian,c=main,b=amd64
Pinned packages:
"""
NO_INDEX = "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\nPinned packages:\n"
WITHOUT_SECURITY = "\n".join(line for line in POLICY.splitlines() if "security" not in line)
TZDATA = """\
tzdata:
  Installed: 2026a-0
  Candidate: 2026f-0
  Version table:
     2026f-0 500
        500 http://deb.example.org/debian bookworm-updates/main amd64 Packages
     2026e-0 500
        500 http://deb.example.org/debian-security bookworm-security/main amd64 Packages
 *** 2026a-0 100
        100 /var/lib/dpkg/status
"""
RELEASE = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Debian
Label: Debian-Security
Suite: oldstable-security
Codename: bookworm-security
Date: Sat, 21 Nov 2026 00:53:02 UTC
"""
LISTS = "/var/lib/apt/lists"


def machine(simulated: Answer, policy: Answer = POLICY, tzdata: Answer | None = None) -> FakeHost:
    unheld = NotRecorded("not recorded")
    return FakeHost(
        commands={
            SIMULATION: simulated,
            "apt-cache policy": policy,
            "apt-cache policy tzdata": unheld if tzdata is None else tzdata,
        },
        files={"/etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n"},
    )


def gaps(answer: Told) -> dict[str, type[Exception]]:
    return {name: type(trouble) for name, trouble in answer.gaps}


def test_upgrades_are_counted_and_new_packages_are_not() -> None:
    answer = apt.ask(machine(PENDING))
    assert (answer.pending, answer.pending_security) == (3, 2)
    assert [u.name for u in answer.updates] == ["libssl3", "linux-image-amd64", "tzdata"]
    assert answer.updates[0].installed == "3.0.20-1"


VENDOR = """\
 500 https://dl.example.com/deb stable/main amd64 Packages
     release v=1.0,o=Example LLC,a=stable,n=stable,l=Example LLC,c=main,b=amd64
     origin dl.example.com
Pinned packages:
"""


def test_an_update_of_an_archive_without_a_security_archive_is_not_called_harmless() -> None:
    vendor = "Inst browser [1.0] (1.1 Example LLC:1.0/stable [amd64])\n"
    simulated = PENDING.replace("3 upgraded", "4 upgraded") + vendor
    host = machine(simulated, POLICY.replace("Pinned packages:\n", VENDOR))
    unheld = {"apt-cache policy browser tzdata": NotRecorded("not recorded")}
    answer = apt.ask(FakeHost({**host.commands, **unheld}, host.files))
    marks = {u.name: u.security if u.HasField("security") else None for u in answer.updates}
    assert marks == {"libssl3": True, "linux-image-amd64": True, "tzdata": False, "browser": None}
    assert (answer.pending, answer.pending_security) == (4, 2)


def test_no_upgrades_with_an_index_is_zero() -> None:
    answer = apt.ask(machine(NOTHING))
    assert (answer.pending, answer.pending_security) == (0, 0)


def test_no_upgrades_without_an_index_is_not_zero() -> None:
    answer = apt.ask(machine(NOTHING, NO_INDEX))
    assert (answer.pending, answer.pending_security) == (None, None)
    assert gaps(answer)["pending"] is NoData
    assert gaps(answer)["pending_security"] is NoData


def test_without_a_security_archive_the_security_count_is_unknown() -> None:
    answer = apt.ask(machine(NOTHING, WITHOUT_SECURITY))
    assert (answer.pending, answer.pending_security) == (0, None)
    assert gaps(answer)["pending_security"] is NoData


def test_the_security_archive_of_another_release_does_not_count() -> None:
    answer = apt.ask(machine(NOTHING, POLICY.replace("bookworm-security", "bullseye-security")))
    assert answer.pending_security is None


def test_a_security_version_below_an_ordinary_one_is_found() -> None:
    answer = apt.ask(machine(PENDING, tzdata=TZDATA))
    assert (answer.pending, answer.pending_security) == (3, 3)


def test_when_the_versions_cannot_be_read_the_security_count_is_unknown() -> None:
    answer = apt.ask(machine(PENDING, tzdata=TimedOut("apt-cache")))
    assert (answer.pending, answer.pending_security) == (3, None)


def test_a_security_update_that_is_on_hold_is_pending() -> None:
    kept = NOTHING.replace(
        "0 upgraded", "The following packages have been kept back:\n  tzdata\n0 upgraded"
    ).replace("and 0 not", "and 1 not")
    answer = apt.ask(machine(kept, tzdata=TZDATA))
    assert (answer.pending, answer.pending_security) == (1, 1)


PHASED = (
    "Not upgrading yet due to phasing:\n  systemd  udev\n\n"
    "Summary:\n  Upgrading: 0, Installing: 0, Removing: 0, Not Upgrading: 2\n"
)


def test_phased_updates_are_not_pending_and_show_that_there_is_an_index() -> None:
    answer = apt.ask(machine(PHASED, NotRecorded("apt-cache policy")))
    assert (answer.pending, answer.pending_security) == (0, 0)


@pytest.mark.parametrize("change", [("Upgrading: 2", "Upgrading: 3"), ("phasing", "conflicts")])
def test_updates_that_wait_for_another_reason_leave_the_security_count_unknown(
    change: tuple[str, str],
) -> None:
    answer = apt.ask(machine(PHASED.replace(*change), NotRecorded("apt-cache policy")))
    assert answer.pending_security is None
    assert gaps(answer)["pending_security"] is NotRecorded


@pytest.mark.parametrize("printed", ["", "garbage", PENDING[: PENDING.index("Inst tzdata")]])
def test_a_broken_simulation_is_not_zero(printed: str) -> None:
    answer = apt.ask(machine(printed))
    assert answer.pending is None
    assert gaps(answer)["pending"] is Unparsable


def test_a_policy_that_fails_leaves_the_counts_unknown() -> None:
    answer = apt.ask(machine(NOTHING, ToolFailed("apt-cache policy")))
    assert answer.pending is None


@pytest.mark.parametrize(
    ("origins", "security"),
    [
        ("Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security", True),
        ("UbuntuESM:22.04/jammy-infra-security", True),
        ("Ubuntu:22.04/jammy-updates", False),
    ],
)
def test_security_is_told_by_any_of_the_origins(origins: str, security: bool) -> None:
    summary = "1 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
    line = f"Inst cups [1] (2 {origins} [amd64])"
    assert [u.security for u in apt.parse_simulation(summary + line)] == [security]


def test_the_index_is_dated_by_the_security_archive_itself() -> None:
    host = FakeHost(
        commands={SIMULATION: NOTHING, "apt-cache policy": POLICY},
        files={
            f"{LISTS}/deb.example.org_dists_bookworm-security_InRelease": RELEASE,
            f"{LISTS}/deb.example.org_dists_bookworm_InRelease": RELEASE.replace("-security", "")
            .replace("Label: Debian-Security", "Label: Debian")
            .replace("2026", "2027"),
        },
    )
    assert apt.ask(host).index_at == datetime(2026, 11, 21, 0, 53, 2, tzinfo=UTC)


def test_a_fresh_archive_of_a_vendor_does_not_hide_a_stale_one_of_the_release() -> None:
    host = machine(NOTHING)
    stale = RELEASE.replace("21 Nov", "21 May")
    vendor = RELEASE.replace("stable-security", "apps-security").replace("bookworm-", "apps-")
    files = {f"{LISTS}/a_InRelease": stale, f"{LISTS}/b_InRelease": vendor}
    release = {"/etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n"}
    answer = apt.ask(FakeHost(host.commands, {**host.files, **files, **release}))
    assert answer.index_at == datetime(2026, 5, 21, 0, 53, 2, tzinfo=UTC)
    release = {"/etc/os-release": "ID=derived\nVERSION_CODENAME=other\n"}
    answer = apt.ask(FakeHost(host.commands, {**host.files, **files, **release}))
    assert answer.index_at == datetime(2026, 11, 21, 0, 53, 2, tzinfo=UTC)


def test_without_a_release_file_the_index_has_no_date() -> None:
    answer = apt.ask(machine(NOTHING))
    assert answer.index_at is None
    assert "index_at" in gaps(answer)


def test_a_date_that_is_none_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        parse_date("yesterday")


def test_versions_below_the_installed_one_are_not_asked_for() -> None:
    table = TZDATA.replace(" *** 2026a-0 100\n        100 /var/lib/dpkg/status\n", "")
    below = table.replace("     2026e-0", " *** 2026e-1 100\n        100 /x\n     2026e-0")
    assert parse_version_tables(below) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" 500 http://deb.example.org/debian-sec", "  -1 http://deb.example.org/debian-sec"),
        (
            " 500 http://deb.example.org/debian bookworm/",
            " 990 http://deb.example.org/debian bookworm/",
        ),
    ],
    ids=["pinned below zero", "APT::Default-Release"],
)
@pytest.mark.parametrize("simulated", [NOTHING, PENDING])
def test_a_security_archive_that_apt_puts_last_leaves_security_unknown(
    before: str, after: str, simulated: str
) -> None:
    assert before in POLICY
    answer = apt.ask(machine(simulated, POLICY.replace(before, after)))
    assert answer.pending_security is None
    assert "pending_security" in dict(answer.gaps)


def test_a_pinned_package_is_asked_for_what_its_pin_hides() -> None:
    policy = (
        POLICY + "     tzdata -> 2026a-0 with priority 1001\n     absent -> 1 with priority 9\n"
    )
    host = machine(NOTHING, policy)
    tables = TZDATA + "absent:\n  Installed: (none)\n  Version table:\n     2 500\n"
    tables += "        500 http://deb.example.org/debian-security bookworm-security/main amd64 x\n"
    host.commands = {**host.commands, "apt-cache policy absent tzdata": tables}
    answer = apt.ask(host)
    assert (answer.pending, answer.pending_security) == (1, 1)
    assert [update.name for update in answer.updates] == ["tzdata"]


def test_any_number_of_packages_is_asked_for() -> None:
    lines = [f"Inst p{n} [1] (2 Debian:12/oldstable [all])\n" for n in range(500)]
    summary = "500 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
    names = sorted(f"p{n}" for n in range(500))
    host = machine(summary + "".join(lines))
    host.commands = {
        **host.commands,
        "apt-cache policy " + " ".join(names[:400]): "",
        "apt-cache policy " + " ".join(names[400:]): TZDATA.replace("tzdata", names[-1]),
    }
    assert apt.ask(host).pending_security == 1


def test_another_makers_archive_may_come_first() -> None:
    """Linux Mint puts its own packages before Ubuntu's."""
    other = " 700 http://m.example.org wilma/main amd64 Packages\n     release o=mint,n=bookworm\n"
    policy = POLICY.replace("Pinned packages:", other + "Pinned packages:")
    assert apt.ask(machine(NOTHING, policy)).pending_security == 0
