"""What the Windows recipes say, read here: they are built on Linux and run on Windows alone."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

RECIPE = Path(__file__).resolve().parents[2] / "build" / "agent" / "windows"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
WIX = "{http://schemas.microsoft.com/wix/2006/wi}"
TASKS = ("agent-task.xml", "update-task.xml")


@pytest.fixture(scope="module")
def make_msi() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_msi", RECIPE / "make_msi.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def task(name: str) -> ElementTree.Element:
    return ElementTree.fromstring((RECIPE / name).read_text().partition("?>")[2])


def word(tree: ElementTree.Element, path: str) -> str:
    found = tree.find("/".join(f"{TASK}{part}" for part in path.split("/")))
    assert found is not None, path
    return found.text or ""


@pytest.mark.parametrize("name", TASKS)
def test_a_task_runs_as_the_system_on_mains_and_battery_and_never_twice(name: str) -> None:
    tree = task(name)

    assert word(tree, "Principals/Principal/UserId") == "S-1-5-18"
    assert word(tree, "Settings/DisallowStartIfOnBatteries") == "false"
    assert word(tree, "Settings/StopIfGoingOnBatteries") == "false"
    assert word(tree, "Settings/StartWhenAvailable") == "true"
    assert word(tree, "Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert word(tree, "Settings/WakeToRun") == "false"


def test_the_agents_task_comes_hourly_and_spread() -> None:
    tree = task("agent-task.xml")

    assert word(tree, "Triggers/TimeTrigger/Repetition/Interval") == "PT1H"
    assert word(tree, "Triggers/TimeTrigger/RandomDelay") == "PT10M"
    assert word(tree, "Actions/Exec/Arguments") == "run --once"


@pytest.mark.parametrize("name", TASKS)
def test_a_task_starts_one_program_by_its_whole_path(name: str) -> None:
    command = word(task(name), "Actions/Exec/Command")

    assert re.fullmatch(r'"%ProgramFiles%\\Muster( Update)?\\muster-agent\.exe"', command)


def test_no_task_starts_what_anybody_could_have_put_there_before_the_installation() -> None:
    for path in RECIPE.glob("*-task.xml"):
        assert "ProgramData" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TASKS)
def test_settings_of_a_task_are_those_of_the_schema_and_none_stands_twice(name: str) -> None:
    found = task(name).find(f"{TASK}Settings")
    assert found is not None
    order = [each.tag.removeprefix(TASK) for each in found]
    known = {
        *("AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy", "Enabled"),
        *("DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "AllowHardTerminate"),
        *("StartWhenAvailable", "RunOnlyIfNetworkAvailable", "WakeToRun", "Hidden"),
        *("IdleSettings", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle"),
    }

    assert set(order) <= known
    assert len(order) == len(set(order))


def test_the_package_says_what_replaces_it() -> None:
    tree = ElementTree.parse(RECIPE / "muster-agent.wxs").getroot()
    product = tree.find(f"{WIX}Product")
    assert product is not None
    upgrade = product.find(f"{WIX}Upgrade")
    assert upgrade is not None

    assert product.get("UpgradeCode") == upgrade.get("Id")
    assert product.find(f"{WIX}Package").get("InstallScope") == "perMachine"  # type: ignore[union-attr]


def test_each_component_has_an_identity_of_its_own(make_msi: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "_internal").mkdir()
    (tmp_path / "muster-agent.exe").write_text("a")
    (tmp_path / "_internal" / "b&c.dll").write_text("b")
    whole = (RECIPE / "muster-agent.wxs").read_text() + make_msi.fragment(tmp_path)
    guids = [each.upper() for each in re.findall(r'Guid="([^"]+)"', whole)]

    assert len(guids) == len(set(guids)) == 8
    assert make_msi.fragment(tmp_path) == make_msi.fragment(tmp_path)
    ElementTree.fromstring(make_msi.fragment(tmp_path).encode())


def test_the_installer_starts_only_what_is_the_systems_or_ours(make_msi: ModuleType) -> None:
    starts = [act for act in make_msi.ACTS if act.kind & 0x3F != make_msi.SET_PROPERTY]
    programs = {act.target.split()[0] for act in starts if act.source == "INSTALLDIR"}

    assert programs == {'"[System64Folder]sc.exe"', '"[System64Folder]schtasks.exe"'}
    assert [act.target for act in starts if act.source == "Agent"] == ["erase --yes"]


def test_no_command_line_of_the_installer_holds_the_enrollment_string(
    make_msi: ModuleType,
) -> None:
    assert not any("[ENROLLMENT]" in act.target for act in make_msi.ACTS)


def test_an_update_keeps_what_is_known_and_a_removal_erases_it(make_msi: ModuleType) -> None:
    erasing = next(act for act in make_msi.ACTS if act.name == "Erase")

    assert erasing.when == 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE'


def test_the_data_folder_is_the_systems_and_the_administrators(make_msi: ModuleType) -> None:
    _, _, _, rows = make_msi.access_list()

    assert rows == [
        ("DataFolder", "DATADIR", "CreateFolder", "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", "")
    ]


@pytest.mark.parametrize("words", [[], ["bundle", "1.2", "out.msi"], ["nowhere", "1.2.3", "o.msi"]])
def test_what_cannot_be_made_is_one_line(
    make_msi: ModuleType, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_msi.main(words) in (1, 2)
    assert capsys.readouterr().err.count("\n") == 1


def test_notices_are_shown_with_no_more_rights_than_the_person_has() -> None:
    task = (RECIPE / "notify-task.xml").read_text(encoding="utf-8")
    assert "<GroupId>S-1-5-32-545</GroupId>" in task
    assert "<RunLevel>LeastPrivilege</RunLevel>" in task
    assert "<Arguments>notify</Arguments>" in task
    made = (RECIPE / "make_msi.py").read_text(encoding="utf-8")
    assert all(f'"{each}NotifyTask"' in made for each in ("Add", "Remove"))
