"""A Windows Installer package made here from a stand-in bundle, and its tables read back.

Needs Debian's wixl and msitools. What Windows does with the tables is not seen here.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RECIPE = Path(__file__).resolve().parents[2] / "build" / "agent" / "windows" / "make_msi.py"

Rows = Callable[[str], list[dict[str, str]]]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("msi")
    inside = folder / "bundle" / "_internal" / "grpc" / "_cython"
    inside.mkdir(parents=True)
    (folder / "bundle" / "muster-agent.exe").write_bytes(b"MZ a stand-in")
    (folder / "bundle" / "_internal" / "base_library.zip").write_bytes(b"PK")
    (inside / "cygrpc.pyd").write_bytes(b"MZ" * 1000)
    out = folder / "muster-agent.msi"
    done = subprocess.run(
        [sys.executable, str(RECIPE), str(folder / "bundle"), "1.2.3", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def rows(package: Path) -> Rows:
    def of(table: str) -> list[dict[str, str]]:
        said = subprocess.run(
            ["msiinfo", "export", str(package), table], capture_output=True, text=True, check=True
        ).stdout
        names, _, _, *lines = said.replace("\r", "").split("\n")
        return [
            dict(zip(names.split("\t"), line.split("\t"), strict=True)) for line in lines if line
        ]

    return of


def sequence(rows: Rows) -> dict[str, int]:
    return {row["Action"]: int(row["Sequence"]) for row in rows("InstallExecuteSequence")}


def test_it_holds_the_bundle_and_the_tasks(package: Path) -> None:
    listed = subprocess.run(
        ["msiextract", "-l", str(package)], capture_output=True, text=True, check=True
    ).stdout.split()

    assert sorted(listed) == [
        "Muster/_internal/base_library.zip",
        "Muster/_internal/grpc/_cython/cygrpc.pyd",
        "Muster/agent-task.xml",
        "Muster/muster-agent.exe",
        "Muster/notify-task.xml",
        "Muster/update-task.xml",
    ]


def test_a_task_is_written_as_it_declares_itself(package: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["msiextract", "-C", str(tmp_path), str(package)], capture_output=True, check=True
    )
    content = (tmp_path / "Muster" / "agent-task.xml").read_bytes()

    assert 'encoding="UTF-16"' in content.decode("utf-16")


def test_another_version_gives_way_and_a_newer_one_too(rows: Rows) -> None:
    (upgrade,) = rows("Upgrade")
    properties = {row["Property"]: row["Value"] for row in rows("Property")}

    assert upgrade["UpgradeCode"] == properties["UpgradeCode"] == upgrade["UpgradeCode"].upper()
    assert (upgrade["VersionMin"], upgrade["VersionMax"]) == ("0.0.0", "")
    assert sequence(rows)["RemoveExistingProducts"] == sequence(rows)["InstallInitialize"] + 1
    assert properties["ProductVersion"] == "1.2.3"
    assert properties["ALLUSERS"] == "1"


def test_the_string_is_hidden_and_reaches_the_private_folder_only(rows: Rows) -> None:
    properties = {row["Property"]: row["Value"] for row in rows("Property")}
    (written,), (copied,) = rows("IniFile"), rows("MoveFile")
    conditions = {row["Component"]: row["Condition"] for row in rows("Component")}

    assert properties["MsiHiddenProperties"] == "ENROLLMENT"
    assert {"ENROLLMENT", "ENROLLMENTFILE", "MODE"} <= set(
        properties["SecureCustomProperties"].split(";")
    )
    assert (written["DirProperty"], written["Value"]) == ("DATADIR", "[ENROLLMENT]")
    assert (copied["SourceFolder"], copied["DestFolder"]) == ("ENROLLMENTFILE", "DATADIR")
    assert conditions["Enrollment"] == "ENROLLMENT"
    assert conditions["EnrollmentFile"] == "ENROLLMENTFILE"


def test_the_folder_is_locked_before_anything_is_written_into_it(rows: Rows) -> None:
    (lock,) = rows("MsiLockPermissionsEx")
    order = sequence(rows)

    assert lock["SDDLText"] == "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
    assert [(row["Directory_"], row["Component_"]) for row in rows("CreateFolder")] == [
        ("DATADIR", "Data")
    ]
    assert order["CreateFolders"] < order["MoveFiles"] < order["WriteIniValues"]
    assert order["WriteIniValues"] < order["StartTask"] < order["InstallFinalize"]


def test_the_service_is_there_and_sleeps_until_the_mode_wakes_it(rows: Rows) -> None:
    (service,), (control,) = rows("ServiceInstall"), rows("ServiceControl")
    acts = {row["Action"]: row["Target"] for row in rows("CustomAction")}
    when = {row["Action"]: row["Condition"] for row in rows("InstallExecuteSequence")}

    assert (service["StartType"], service["Arguments"]) == ("3", "service")
    assert service["StartName"] == ""  # LocalSystem
    assert int(control["Event"]) == 0x2 | 0x20 | 0x80  # stop on both, delete when removed
    assert "start= delayed-auto" in acts["StartLate"]
    assert "restart/60000" in acts["Recover"]
    assert when["StartLate"] == when["StartService"] == 'NOT REMOVE AND MODE="connected"'
    assert when["AddTask"] == 'NOT REMOVE AND MODE<>"connected"'


def test_a_removal_takes_the_tasks_and_the_data_before_the_program(rows: Rows) -> None:
    order = sequence(rows)

    assert order["InstallInitialize"] < order["EndTask"] < order["RemoveTask"]
    assert order["RemoveUpdateTask"] < order["Erase"] < order["RemoveFiles"]


def test_the_mode_is_remembered_where_64_bit_programs_look(rows: Rows) -> None:
    (place,) = rows("RegLocator")
    (value,) = [row for row in rows("Registry") if row["Component_"] == "Mode"]

    assert place["Type"] == "18"
    assert (place["Key"], place["Name"]) == (value["Key"], value["Name"])


def test_what_the_agent_writes_into_the_event_log_has_a_source(rows: Rows) -> None:
    values = {row["Name"]: row for row in rows("Registry") if row["Component_"] == "EventSource"}

    assert {row["Key"].rpartition("\\")[2] for row in values.values()} == {"muster-agent"}
    assert values["EventMessageFile"]["Value"].endswith("EventCreate.exe")
    assert values["TypesSupported"]["Value"] == "#7"
