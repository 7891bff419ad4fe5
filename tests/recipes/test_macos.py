"""What the macOS recipes say, read here: pkgbuild, launchd and profiles are Apple's alone."""

import plistlib
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

RECIPE = Path(__file__).resolve().parents[2] / "build" / "agent" / "macos"
JOBS = ("org.muster.agent.plist", "org.muster.agent.connected.plist", "org.muster.update.plist")
SCRIPTS = ("make_pkg.sh", "uninstall.sh", "scripts/preinstall", "scripts/postinstall")


def read(name: str) -> dict[str, Any]:
    with (RECIPE / name).open("rb") as file:
        found: dict[str, Any] = plistlib.load(file)
    return found


@pytest.mark.parametrize("name", JOBS)
def test_a_job_runs_in_the_background_and_writes_for_root_alone(name: str) -> None:
    job = read(name)

    assert job["ProcessType"] == "Background"
    assert job["LowPriorityIO"] is True
    assert job["Umask"] == 0o077
    assert name.startswith(job["Label"])


@pytest.mark.parametrize("name", JOBS)
def test_a_job_starts_one_program_by_its_whole_path(name: str) -> None:
    program = read(name)["ProgramArguments"][0]

    assert program.startswith(("/Library/Muster/agent/", "/Library/Muster/runner/"))


def test_the_usual_job_leaves_nothing_resident() -> None:
    job = read("org.muster.agent.plist")

    assert job["ProgramArguments"][1:] == ["run", "--once"]
    assert job["StartInterval"] == 3600
    assert "KeepAlive" not in job


def test_a_connected_agent_that_ends_is_started_again_and_not_at_once() -> None:
    job = read("org.muster.agent.connected.plist")

    assert job["KeepAlive"] is True
    assert job["ThrottleInterval"] >= 60


def test_the_update_job_comes_back_after_a_power_cut() -> None:
    assert read("org.muster.update.plist")["RunAtLoad"] is True


def test_the_profile_enrolls_and_allows_the_jobs_and_gives_no_full_disk_access() -> None:
    profile = read("muster.mobileconfig")
    kinds = {each["PayloadType"]: each for each in profile["PayloadContent"]}
    uuids = [profile["PayloadUUID"], *(each["PayloadUUID"] for each in kinds.values())]

    assert set(kinds) == {"org.muster.agent", "com.apple.servicemanagement"}
    assert kinds["org.muster.agent"]["EnrollmentString"].startswith("muster1_")
    (rule,) = kinds["com.apple.servicemanagement"]["Rules"]
    assert all(read(name)["Label"].startswith(rule["RuleValue"]) for name in JOBS)
    assert len(set(uuids)) == 3


def test_the_distribution_names_the_package_that_is_built() -> None:
    tree = ElementTree.parse(RECIPE / "distribution.xml").getroot()
    script = (RECIPE / "make_pkg.sh").read_text()

    assert [each.text for each in tree.iter("pkg-ref") if each.text] == ["agent.pkg"]
    assert '"$work/agent.pkg"' in script


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_stops_at_its_first_trouble_and_can_be_run(name: str) -> None:
    script = RECIPE / name

    assert script.read_text().startswith("#!/bin/sh\n")
    assert re.search(r"^set -eu$", script.read_text(), re.MULTILINE)
    assert script.stat().st_mode & 0o111


def test_a_removal_takes_away_all_that_the_package_and_the_agent_put_there() -> None:
    removal = (RECIPE / "uninstall.sh").read_text()

    for place in (
        "/Library/LaunchDaemons/$job.plist",
        "/var/lib/muster-agent",
        "/Library/Logs/Muster",
        "/etc/newsyslog.d/muster.conf",
        "/etc/paths.d/muster",
        "/Library/Muster",
    ):
        assert place in removal


def test_notices_are_shown_by_each_persons_session_and_leave_with_the_agent() -> None:
    job = read("org.muster.notify.plist")
    assert job["ProgramArguments"] == ["/Library/Muster/agent/muster-agent", "notify"]
    assert job["LimitLoadToSessionType"] == "Aqua"
    assert job["WatchPaths"] == ["/Library/Application Support/MusterShown/status"]
    assert "KeepAlive" not in job
    assert "/Library/LaunchAgents" in (RECIPE / "make_pkg.sh").read_text()
    removal = (RECIPE / "uninstall.sh").read_text()
    assert "/Library/LaunchAgents/org.muster.notify.plist" in removal
    assert "MusterShown" in removal
