"""ClamAV: guarding needs marks and a daemon; the age is the daily database's own."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.antivirus import linux
from agent.checks.antivirus.clamav_database import (
    database_folder,
    newest_daily,
    parse_built,
    parse_header,
)
from agent.host import CannotTell, Denied, NoData, Process, Unparsable
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct
from tests.fakes import FakeHost

CLAMD = Process(700, "clamd", "clamav", "/usr/sbin/clamd", ("/usr/sbin/clamd",))
WATCHER = Process(701, "clamonacc", "root", "/usr/sbin/clamonacc", ("/usr/sbin/clamonacc",))
INIT = Process(1, "systemd", "root", "/usr/lib/systemd/systemd", ("/sbin/init",))
MARKS = "pos: 0\nfanotify flags:34 event-flags:8000\nfanotify ino:fe sdev:fe00 mask:8000021\n"
NO_MARKS = "pos: 0\nfanotify flags:34 event-flags:8000\n"
FDINFO = "/proc/701/fdinfo/4"


def header(built: str = "22 Nov 2026 14-19 +0000", version: str = "27000", tail: str = "") -> bytes:
    fields = ("ClamAV-VDB", built, version, "213", "7", "0" * 32, "X", "builder")
    return (":".join(fields) + tail).encode().ljust(512)


def machine(*running: Process, fdinfo: str | CannotTell | None = None, **daily: bytes) -> FakeHost:
    files: dict[str, bytes | str | CannotTell] = {
        f"/var/lib/clamav/{name.replace('_', '.')}": content for name, content in daily.items()
    }
    files["/usr/sbin/clamd"] = b"\x7fELF"
    if fdinfo is not None:
        files[FDINFO] = fdinfo
    commands = {"clamscan --version": "ClamAV 1.4.3/27000/Sun Nov 22 14:19:05 2026\n"}
    return FakeHost(commands=commands, files=files, running=(INIT, *running))


def clamav(host: FakeHost) -> tuple[AntivirusProduct, dict[str, int]]:
    seen = linux.observe(host)
    assert isinstance(seen.value, Antivirus)
    return seen.value.products[0], {gap.field: gap.reason for gap in seen.gaps}


def test_a_watching_clamonacc_with_its_daemon_is_real_time() -> None:
    product, gaps = clamav(machine(CLAMD, WATCHER, fdinfo=MARKS, daily_cvd=header()))
    assert (product.running, product.real_time, product.version) == (True, True, "1.4.3")
    assert product.definitions_at.ToDatetime(UTC) == datetime(2026, 11, 22, 14, 19, tzinfo=UTC)
    assert gaps == {}


@pytest.mark.parametrize(
    ("settings", "guards", "remarks"),
    [
        ("OnAccessIncludePath /home\n", True, []),
        ("OnAccessMountPath /\nOnAccessExcludePath /home/alice/vm\n", True, []),
        ("OnAccessIncludePath /srv/onacc\n", True, ["watches /srv/onacc only"]),
        ("OnAccessIncludePath /home\nOnAccessExcludePath /\n", None, []),
        ("OnAccessExcludePath /\n", None, []),
    ],
)
def test_a_clamonacc_that_leaves_out_all_it_watches_is_not_believed(
    settings: str, guards: bool | None, remarks: list[str]
) -> None:
    host = machine(CLAMD, WATCHER, fdinfo=MARKS, daily_cvd=header())
    conf = {"/etc/clamav/clamd.conf": f"LocalSocket /run/x\n{settings}"}
    told = clamav(FakeHost(host.commands, {**host.files, **conf}, running=host.running))[0]
    assert (told.real_time if told.HasField("real_time") else None) is guards
    assert list(told.remarks) == remarks


def test_a_clamonacc_without_marks_watches_nothing() -> None:
    product, _ = clamav(machine(CLAMD, WATCHER, fdinfo=NO_MARKS))
    assert product.real_time is False


def test_a_daemon_alone_examines_on_demand_only() -> None:
    product, _ = clamav(machine(CLAMD))
    assert (product.running, product.real_time) == (True, False)
    assert list(product.remarks) == ["on-demand only"]


def test_programs_alone_do_not_run() -> None:
    product, _ = clamav(machine())
    assert (product.running, product.real_time) == (False, False)


def test_a_clamonacc_whose_daemon_is_not_here_is_not_told() -> None:
    product, gaps = clamav(machine(WATCHER, fdinfo=MARKS))
    assert not product.HasField("real_time")
    assert gaps["products[ClamAV].real_time"] == NoData.reason


def test_marks_that_may_not_be_read_are_not_told() -> None:
    product, gaps = clamav(machine(CLAMD, WATCHER, fdinfo=Denied(FDINFO)))
    assert not product.HasField("real_time")
    assert gaps["products[ClamAV].real_time"] == Denied.reason


@pytest.mark.parametrize(
    "fake",
    [
        Process(701, "clamonacc", "alice", "/home/alice/clamonacc", ()),
        Process(701, "clamonacc", "alice", None, None),
        Process(701, "clamonacc", "root", "/tmp/clamonacc", ()),
    ],
)
def test_a_namesake_of_clamonacc_is_not_believed(fake: Process) -> None:
    product, _ = clamav(machine(CLAMD, fake, fdinfo=MARKS))
    assert product.real_time is False


def test_a_namesake_of_clamd_is_not_believed() -> None:
    product, _ = clamav(machine(Process(7, "clamd", "alice", "/home/alice/clamd", ())))
    assert product.running is False


def test_a_clamd_whose_executable_is_hidden_counts_by_its_account() -> None:
    product, _ = clamav(machine(Process(7, "clamd", "clamav", None, None)))
    assert product.running is True


def test_a_clamd_of_whom_nothing_is_seen_is_not_told() -> None:
    product, gaps = clamav(machine(Process(7, "clamd", None, None, None)))
    assert not product.HasField("running")
    assert gaps["products[ClamAV].running"] == Denied.reason


def test_hidden_processes_are_not_absent_ones() -> None:
    host = machine()
    own = Process(900, "agent", "muster", "/usr/bin/agent", ())
    mounts = "24 1 0:22 / /proc rw shared:1 - proc proc rw,hidepid=invisible\n"
    hidden = FakeHost(
        commands=host.commands,
        files={**host.files, "/proc/self/mountinfo": mounts},
        running=(own,),
    )
    product, gaps = clamav(hidden)
    assert not product.HasField("running")
    assert not product.HasField("real_time")
    assert gaps["products[ClamAV].real_time"] == Denied.reason


def test_the_newer_of_two_daily_databases_counts_and_main_does_not() -> None:
    host = machine(
        daily_cvd=header("1 Nov 2026 10-00 +0000", "26900"),
        daily_cld=header("20 Nov 2026 10-00 +0000", "26990"),
        main_cvd=header("22 Nov 2026 10-00 +0000", "62"),
    )
    assert newest_daily(host).version == "26990"


def test_without_a_daily_database_there_is_no_date() -> None:
    product, gaps = clamav(machine(main_cvd=header()))
    assert not product.HasField("definitions_at")
    assert gaps["products[ClamAV].definitions_at"] == NoData.reason


def test_the_build_time_is_turned_to_utc_and_taken_to_the_second() -> None:
    parsed = parse_header(header("22 Jun 2021 21-34 -0400", tail=":1624412045"))
    assert parsed.built_at == datetime(2021, 6, 23, 1, 34, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        header()[:200],
        header(built="yesterday"),
        header(built="31 Feb 2026 10-00 +0000"),
        header(version="many"),
        header(tail=":0"),
        header(tail=":soon"),
        b"GIF89a".ljust(512),
    ],
)
def test_a_damaged_header_is_unparsable(content: bytes) -> None:
    with pytest.raises(Unparsable):
        parse_header(content)


def test_the_folder_of_the_settings_is_looked_in() -> None:
    settings = "# DatabaseDirectory /nowhere\nDatabaseDirectory /srv/clamav\n"
    assert (
        database_folder(FakeHost(files={"/etc/clamav/freshclam.conf": settings})) == "/srv/clamav"
    )
    assert database_folder(FakeHost()) == "/var/lib/clamav"


@pytest.mark.parametrize(
    ("scanner", "folder"),
    [
        ("LocalSocket /run/clamd\nDatabaseDirectory /srv/read\n", "/srv/read"),
        ("LocalSocket /run/clamd\n", "/var/lib/clamav"),
    ],
)
def test_the_signatures_that_count_are_those_the_scanner_reads(scanner: str, folder: str) -> None:
    files = {
        "/etc/clamav/clamd.conf": scanner,
        "/etc/clamav/freshclam.conf": "DatabaseDirectory /srv/fetched\n",
    }
    assert database_folder(FakeHost(files=files)) == folder


@given(st.one_of(st.binary(max_size=600), st.binary(max_size=500).map(header()[:11].__add__)))
def test_no_bytes_break_the_header(content: bytes) -> None:
    try:
        assert parse_header(content).version
    except Unparsable:
        assert content != header()


@given(st.text(max_size=40))
def test_no_words_break_the_build_time(words: str) -> None:
    with pytest.raises(Unparsable):
        parse_built(words)
