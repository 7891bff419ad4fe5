"""The bundles hold all that they use, and every command of them runs without a Python."""

import json
import ssl
import subprocess
import urllib.request
import zipfile
from pathlib import Path

import click
import pytest

from agent.cli import commands
from collector.cli import program
from tests.packages.installed.built import BUNDLES, ROOT, Serving, bundled, run

AGENT = "muster-agent"
COLLECTOR = "muster-collector"
ELSEWHERE = {"protos.generate"}
"""Modules that only make other modules."""


def leaves(group: click.Group, *before: str) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append((*before, name))
        if isinstance(command, click.Group):
            found += leaves(command, *before, name)
    return found


def modules(*rooms: str) -> set[str]:
    """Ours by name, as they are in the source."""
    files = (file for room in rooms for file in (ROOT / room).rglob("*.py"))
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return {name.removesuffix(".__init__") for name in names} - ELSEWHERE


def collected(name: str) -> set[str]:
    viewer = BUNDLES / "venv/bin/pyi-archive_viewer"
    asked = [str(viewer), "--list", "--brief", "--recursive", str(bundled(name))]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return {line.strip(" ',") for line in said.splitlines()}


@pytest.mark.parametrize(
    ("name", "rooms"), [(AGENT, ("agent", "protos")), (COLLECTOR, ("collector", "protos"))]
)
def test_every_module_of_ours_is_in_the_bundle(name: str, rooms: tuple[str, ...]) -> None:
    entry = {f"{room}.__main__" for room in rooms}  # the agent's is the program itself
    migrations = {m for m in modules(*rooms) if m.startswith("collector.store.migrations.")}
    assert modules(*rooms) - entry - migrations - collected(name) == set()
    for module in migrations - {"collector.store.migrations.versions"}:
        assert (bundled(name).parent / "_internal" / f"{module.replace('.', '/')}.py").exists()


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.NAME)
def test_every_command_of_the_agent_explains_itself(command: object) -> None:
    said = run(bundled(AGENT), command.NAME, "--help")  # type: ignore[attr-defined]
    assert (said.status, said.errors) == (0, "")


def test_every_command_of_the_collector_explains_itself() -> None:
    for words in leaves(program):
        said = run(bundled(COLLECTOR), *words, "--help")
        assert (said.status, said.errors) == (0, ""), words


def test_the_agent_observes_records_and_looks_at_itself(state: Path, tmp_path: Path) -> None:
    seen = run(bundled(AGENT), "check")
    assert (seen.status, seen.errors) == (0, "")
    assert "disk_encryption" in seen.out
    recorded = run(bundled(AGENT), "record", tmp_path / "recording", "--redact")
    assert recorded.status == 0, recorded.errors
    again = run(bundled(AGENT), "check", "--recording", tmp_path / "recording")
    assert again.status == 0, again.errors
    doctor = run(bundled(AGENT), "doctor", "--state", state)
    assert doctor.status == 1
    assert "not enrolled" in doctor.out + doctor.errors


def test_a_bundled_agent_enrolls_reports_and_is_answered(collector: Serving, state: Path) -> None:
    agent = bundled(AGENT)
    for words, given in (
        (("enroll",), collector.token()),
        (("report",), ""),
        (("run", "--once"), ""),
        (("status",), ""),
        (("receipt",), ""),
        (("check", "--report"), ""),
    ):
        said = run(agent, *words, "--state", state, given=given)
        assert said.status == 0, (words, said.errors)
        assert "Traceback" not in said.errors
    devices = json.loads(collector.run("devices", "--json").out)
    assert len(devices["devices"] if isinstance(devices, dict) else devices) == 1


def test_a_bundled_collector_serves_its_pages_and_their_files(collector: Serving) -> None:
    trusted = ssl.create_default_context(cafile=str(collector.data / "authority.pem"))
    for path, holds in (("/login", b"Muster"), ("/static/muster.css", b"{")):
        url = f"{collector.addresses['web']}{path}"
        with urllib.request.urlopen(url, context=trusted, timeout=20) as answer:
            assert answer.status == 200
            assert holds in answer.read()


def test_a_bundled_collector_seals_a_whole_pack(collector: Serving, tmp_path: Path) -> None:
    """In processes of its own, with PDF, workbook, page, database and translations."""
    made = collector.run("export", "--out", tmp_path)
    assert made.status == 0, made.errors
    (pack,) = tmp_path.glob("*.zip")
    names = {Path(name).suffix for name in zipfile.ZipFile(pack).namelist()}
    assert {".pdf", ".xlsx", ".html", ".csv", ".json"} <= names
    assert collector.run("export", "verify", pack).status == 0


def test_a_bundled_collector_reads_its_policy_and_its_words_in_french(collector: Serving) -> None:
    assert "disk_encrypted" in collector.run("policy", "show").out
    assert collector.run("audit", "verify").status == 0
    listed = json.loads(collector.run("devices", "--json").out)
    devices = listed["devices"] if isinstance(listed, dict) else listed
    if devices:
        said = collector.run("device", "show", devices[0]["device_id"], "--language", "fr")
        assert said.status == 0, said.errors


def test_a_bundled_collector_has_the_sqlite_that_keeps_its_log_whole(collector: Serving) -> None:
    said = collector.run("devices", "--json")
    assert "rollback journal" not in said.errors
