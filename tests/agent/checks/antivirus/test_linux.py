"""antivirus on Linux as a whole: none found, found, and found but not readable."""

import json

import pytest

from agent.checks.antivirus import linux
from agent.checks.antivirus.traces import parse_running_units, parse_unit_files
from agent.host import CannotTell, Denied, NotRecorded, Process, TimedOut, Unparsable
from protos.posture.v1.signals_pb2 import Antivirus
from tests.fakes import FakeHost

INIT = Process(1, "systemd", "root", "/usr/lib/systemd/systemd", ("/sbin/init",))
UNIT_FILES = "systemctl list-unit-files --output=json"
UNITS = "systemctl list-units --all --type=service --output=json"
KASPERSKY = "Kaspersky Endpoint Security"


def unit_files(*names: str) -> str:
    return json.dumps([{"unit_file": name, "state": "enabled"} for name in ("x.service", *names)])


def units(*names: str, sub: str = "running") -> str:
    rows = [{"unit": name, "load": "loaded", "active": "active", "sub": sub} for name in names]
    return json.dumps([{"unit": "x.service", "active": "inactive", "sub": "dead"}, *rows])


def observed(host: FakeHost) -> tuple[Antivirus, dict[str, int]]:
    seen = linux.observe(host)
    assert isinstance(seen.value, Antivirus)
    return seen.value, {gap.field: gap.reason for gap in seen.gaps}


class Blind(FakeHost):
    """Nothing of files and processes was recorded."""

    def head(self, path: str, size: int) -> bytes:
        raise NotRecorded(f"{path} was not recorded")

    def processes(self) -> tuple[Process, ...]:
        raise NotRecorded("the list of processes was not recorded")


def test_none_found_is_a_value_that_says_where_was_looked() -> None:
    seen = linux.observe(FakeHost(running=(INIT,)))
    assert seen.value == Antivirus()
    assert seen.gaps == []
    assert seen.evidence[0].said.startswith("none of ClamAV, Microsoft Defender")


def test_units_that_are_not_listed_in_time_hide_no_product_that_shows_itself() -> None:
    silent = {UNIT_FILES: TimedOut("slow"), UNITS: TimedOut("slow")}
    clamav = Process(7, "clamd", "clamav", "/usr/sbin/clamd", ("clamd",))
    value, gaps = observed(FakeHost(silent, files={"/usr/sbin/clamd": ""}, running=(INIT, clamav)))
    assert [(product.name, product.running) for product in value.products] == [("ClamAV", True)]
    assert gaps["products"] == TimedOut.reason


def test_units_that_are_not_listed_in_time_are_no_proof_that_nothing_is_there() -> None:
    with pytest.raises(TimedOut):
        observed(FakeHost({UNIT_FILES: TimedOut("slow")}, running=(INIT,)))


def test_where_nothing_could_be_looked_at_none_found_is_not_said() -> None:
    with pytest.raises(NotRecorded):
        linux.observe(Blind())


def test_the_list_of_units_shows_that_nothing_is_installed() -> None:
    value, gaps = observed(Blind(commands={UNIT_FILES: unit_files(), UNITS: units()}))
    assert not value.products
    assert gaps == {}


def test_a_product_without_a_known_tool_is_installed_and_running() -> None:
    program = "/opt/kaspersky/kesl/bin/kesl-control"
    worker = Process(50, "kesl", "root", "/opt/kaspersky/kesl/libexec/kesl", ())
    value, gaps = observed(FakeHost(files={program: b"x"}, running=(INIT, worker)))
    assert [(p.name, p.running) for p in value.products] == [(KASPERSKY, True)]
    assert not value.products[0].HasField("real_time")
    assert {f"products[{KASPERSKY}].{f}" for f in ("real_time", "definitions_at")} <= set(gaps)


def test_what_was_left_over_does_not_run() -> None:
    program = "/opt/kaspersky/kesl/bin/kesl-control"
    value, _ = observed(FakeHost(files={program: b"x"}, running=(INIT,)))
    assert [p.running for p in value.products] == [False]


def test_a_running_unit_is_a_witness() -> None:
    commands = {UNIT_FILES: unit_files("kesl.service"), UNITS: units("kesl.service")}
    value, _ = observed(Blind(commands=commands))
    assert [(p.name, p.running) for p in value.products] == [(KASPERSKY, True)]


def test_a_unit_that_has_ended_does_not_run() -> None:
    commands = {UNIT_FILES: unit_files("kesl.service"), UNITS: units("kesl.service", sub="exited")}
    value, _ = observed(Blind(commands=commands))
    assert [p.running for p in value.products] == [False]


def test_a_product_whose_tool_hangs_is_installed_and_the_rest_is_a_gap() -> None:
    sensor = Process(60, "wdavdaemon", "root", "/opt/microsoft/mdatp/sbin/wdavdaemon", ())
    host = FakeHost(
        commands={"mdatp health --output json": TimedOut("mdatp health")},
        files={"/usr/bin/mdatp": b"x"},
        running=(INIT, sensor),
    )
    value, gaps = observed(host)
    assert value.products[0].running is True
    assert not value.products[0].HasField("real_time")
    assert gaps["products[Microsoft Defender].real_time"] == TimedOut.reason


def test_a_folder_that_may_not_be_read_does_not_hide_that_something_may_be_there() -> None:
    host = FakeHost(files={"/opt/CrowdStrike/falconctl": Denied("denied")}, running=(INIT,))
    with pytest.raises(Denied):
        linux.observe(host)


def test_wazuh_is_not_antivirus() -> None:
    host = FakeHost(
        files={"/var/ossec/bin/wazuh-control": b"x"},
        running=(INIT, Process(9, "wazuh-agentd", "wazuh", "/var/ossec/bin/wazuh-agentd", ())),
    )
    assert not observed(host)[0].products


@pytest.mark.parametrize("printed", ["", "[]", "{}", "[1]", '[{"name": "x"}]', "UNIT FILE STATE"])
def test_units_in_another_form_are_unparsable(printed: str) -> None:
    for parse in (parse_unit_files, parse_running_units):
        with pytest.raises(CannotTell) as raised:
            parse(printed)
        assert raised.type is Unparsable


def test_two_looks_at_the_same_machine_give_the_same_bytes() -> None:
    sensor = "/opt/kaspersky/kesl/libexec/kesl"
    hosts = [
        FakeHost(
            files={"/opt/kaspersky/kesl/bin/kesl-control": b"x"},
            running=(INIT, Process(pid, "kesl", "root", sensor, ())),
        )
        for pid in (50, 51)
    ]
    first, second = (linux.observe(host) for host in hosts)
    assert first.value.SerializeToString() == second.value.SerializeToString()
    assert (first.evidence, first.gaps) == (second.evidence, second.gaps)
