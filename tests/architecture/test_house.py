"""The house keeps its shape: complete lists, honest names, small rooms, fields with presence."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grpc
import grpc_tools
import pytest
from google.protobuf.descriptor import Descriptor

from agent.checks import CHECKS, TABLES
from agent.host import Os
from protos.posture.v1 import device_pb2, posture_service_pb2, signals_pb2

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("agent", "collector", "protos", "tests", "build")
CONTRACTS = (signals_pb2, device_pb2, posture_service_pb2)
FORBIDDEN = re.compile(
    r"^(utils?|helpers?|common|shared|misc|base|core|managers?|handlers?|types)$"
)
VERDICTS = re.compile(
    r"\b(compliant|violation|insecure|too old|too long|outdated)\b", re.IGNORECASE
)


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        for file in sorted((ROOT / room).rglob("*.py")):
            if "_pb2" not in file.name:
                yield file


def place(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_every_check_is_listed_and_every_listed_check_is_there() -> None:
    folders = {f.parent.name for f in (ROOT / "agent/checks").glob("*/__init__.py")}
    assert folders == set(CHECKS)
    for signal, by_os in CHECKS.items():
        modules = {
            system
            for system in ("linux", "macos", "windows")
            if (ROOT / f"agent/checks/{signal}/{system}.py").exists()
        }
        assert modules == set(by_os), signal


@pytest.mark.parametrize("system", TABLES)
def test_every_systems_table_names_every_signal_in_its_order(system: Os) -> None:
    assert list(TABLES[system]()) == list(CHECKS)
    for signal, check in TABLES[system]().items():
        assert check.__module__ == f"agent.checks.{signal}.{system}"


@pytest.mark.parametrize("system", TABLES)
def test_a_device_loads_the_checks_of_its_own_system_only(system: Os) -> None:
    look = "import sys, agent.checks as c; "
    look += "c.TABLES[sys.argv[1]](); "
    look += "print(*sorted(m for m in sys.modules if m.startswith('agent.checks.')))"
    answer = subprocess.run(
        [sys.executable, "-c", look, system], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = answer.stdout.split()
    others = {one for one in TABLES if one != system}
    assert {f"agent.checks.{signal}.{system}" for signal in CHECKS} <= set(loaded)
    assert not {name for name in loaded if name.rpartition(".")[2] in others}


def test_every_check_is_named_after_its_field_in_the_contract() -> None:
    outcome = signals_pb2.Observation.DESCRIPTOR.oneofs_by_name["outcome"]
    fields = {field.name for field in outcome.fields} - {"unknown", "not_applicable"}
    assert fields == set(CHECKS)


def messages() -> Iterator[Descriptor]:
    for module in CONTRACTS:
        yield from module.DESCRIPTOR.message_types_by_name.values()


@pytest.mark.parametrize("message", list(messages()), ids=lambda message: message.name)
def test_every_scalar_of_the_contract_has_presence(message: Descriptor) -> None:
    without = [f.name for f in message.fields if not f.is_repeated and not f.has_presence]
    assert without == []


@pytest.mark.parametrize("file", list(sources(*ROOMS)), ids=place)
def test_no_room_becomes_an_attic(file: Path) -> None:
    assert not FORBIDDEN.match(file.stem)
    assert not FORBIDDEN.match(file.parent.name)
    assert len(file.read_text().splitlines()) <= 400


@pytest.mark.parametrize(
    "file", list(sources("agent/checks")), ids=lambda f: f"{f.parent.name}-{f.name}"
)
def test_a_check_observes_and_does_not_judge(file: Path) -> None:
    assert not VERDICTS.search(file.read_text())


@pytest.mark.parametrize("file", list(sources("agent", "collector", "protos")), ids=place)
def test_every_module_says_what_it_is_for(file: Path) -> None:
    text = file.read_text()
    assert not text.strip() or text.lstrip().startswith(('"""', 'r"""'))


def test_the_runtime_is_at_least_as_new_as_what_generated_the_code() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    floors = [d for d in project["dependencies"] if d.startswith("grpcio>=")]
    tools = [d for d in project["optional-dependencies"]["dev"] if d.startswith("grpcio-tools==")]
    assert floors[0].removeprefix("grpcio>=") == tools[0].removeprefix("grpcio-tools==")
    assert grpc.__version__ == tools[0].removeprefix("grpcio-tools==")
    assert grpc_tools.__name__ == "grpc_tools"


def test_locks_hold_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_packaging_is_no_package_and_nothing_hides_it() -> None:
    assert not list((ROOT / "build").rglob("__init__.py"))
    assert "build" not in (ROOT / ".gitignore").read_text().split()
