"""An update from the offer to its end: installed, taken back, interrupted, refused."""

import json

import pytest

from agent.update import record
from agent.update.finishing import Finishing
from agent.update.installer import InstallFailed
from agent.update.offer import STUCK_SECONDS
from agent.update.record import Step
from protos.posture.v1 import posture_service_pb2 as wire
from tests.agent.update.fakes import PowerCut
from tests.agent.update.one_device import Device, device

__all__ = ["device"]


def test_a_release_is_installed_when_the_new_version_checks_in(device: Device) -> None:
    device.take()

    told = device.finish()

    assert told is not None
    assert (told.version, told.outcome) == ("1.1.0", wire.UPDATE_OUTCOME_INSTALLED)
    assert device.installer.installed == "1.1.0"
    assert record.load(device.state).step is Step.NONE


def test_a_version_that_does_not_check_in_gives_way_to_the_one_before(device: Device) -> None:
    device.installer.sick.add("1.1.0")
    device.take()

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_ROLLED_BACK
    assert told.because == "it did not check in"
    assert device.installer.done == ["1.1.0", "1.0.0"]


def test_a_version_that_does_not_start_gives_way_as_well(device: Device) -> None:
    device.installer.dead.add("1.1.0")
    device.take()

    told = device.finish()

    assert told is not None
    assert (told.outcome, told.because) == (wire.UPDATE_OUTCOME_ROLLED_BACK, "it did not start")
    assert device.installer.installed == "1.0.0"


def test_what_the_systems_installer_refuses_is_taken_back(device: Device) -> None:
    device.installer.refuses.add("1.1.0")
    device.take()

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_ROLLED_BACK
    assert "1603" in told.because


def test_the_way_back_needs_no_network_and_no_list_that_holds(device: Device) -> None:
    device.installer.sick.add("1.1.0")
    device.take()
    Finishing.run(_until_watching(device))
    for path in device.published.metadata.iterdir():
        path.unlink()

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_ROLLED_BACK


def _until_watching(device: Device) -> Finishing:
    """A runner that is ended while it watches: the power goes when it first waits."""

    def cut(seconds: float) -> None:
        raise PowerCut

    parts = (device.state, device.releases, device.installer, "macos", device.clock)
    whole = Finishing(*parts, cut, device.log)
    with pytest.raises(PowerCut):
        whole.run()
    return Finishing(*parts, device.clock.sleep, device.log)


def test_a_version_that_failed_is_not_tried_again(device: Device) -> None:
    device.installer.sick.add("1.1.0")
    device.take()
    device.finish()

    assert not device.offer().heard("1.1.0")
    assert device.offer().heard("1.2.0")


def test_a_power_cut_during_the_installation_leaves_a_working_version(device: Device) -> None:
    device.installer.cut_at = 1
    device.take()
    with pytest.raises(PowerCut):
        device.finish()
    assert device.installer.installed == "1.0.0"

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_INSTALLED
    assert device.installer.done == ["1.1.0", "1.1.0"]


def test_an_installation_that_is_cut_off_again_and_again_is_taken_back(device: Device) -> None:
    device.take()
    for number in (1, 2):
        device.installer.cut_at = number
        with pytest.raises(PowerCut):
            device.finish()

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_ROLLED_BACK
    assert device.installer.installed == "1.0.0"


def test_a_power_cut_while_the_version_before_comes_back_is_made_good(device: Device) -> None:
    device.installer.sick.add("1.1.0")
    device.installer.cut_at = 2
    device.take()
    with pytest.raises(PowerCut):
        device.finish()

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_ROLLED_BACK
    assert device.installer.installed == "1.0.0"


@pytest.mark.parametrize("offered", ["", "1.0.0", "0.9.9", "0.9", "1.0"])
def test_an_older_version_or_the_same_is_never_taken(device: Device, offered: str) -> None:
    assert not device.offer().heard(offered)
    assert not device.releases.folder.exists()


@pytest.mark.parametrize(
    "offered",
    [
        "../../etc/passwd",
        "1.1.0; rm -rf /",
        "https://example.org/a.pkg",
        "1.1.0 ",
        "\u0661.1.0",
        "v2.0",
    ],
)
def test_what_is_no_version_is_never_turned_into_a_name(device: Device, offered: str) -> None:
    assert not device.offer().heard(offered)
    assert device.said == ["the collector offered what is no version"]
    assert not device.releases.folder.exists()


def test_a_file_that_was_not_signed_is_refused_and_told(device: Device) -> None:
    device.published.file("1.1.0").write_bytes(b"installer of 6.6.6")

    assert device.offer().heard("1.1.0")

    told = device.tell()
    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_REFUSED
    assert device.installer.done == []


def test_a_file_changed_between_the_offer_and_the_installation_is_refused(device: Device) -> None:
    device.take()
    (device.releases.folder / "targets" / "muster-agent-1.1.0-macos.pkg").write_text("other")

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_REFUSED
    assert device.installer.done == []


def test_without_a_way_back_nothing_is_begun(device: Device) -> None:
    assert not device.offer(version="0.9.0").heard("1.1.0")

    assert device.said == ["a release cannot be taken now"]
    assert record.load(device.state).step is Step.NONE


def test_the_way_back_itself_is_weighed_before_it_is_installed(device: Device) -> None:
    device.installer.sick.add("1.1.0")
    device.take()
    (device.releases.folder / "targets" / "muster-agent-1.0.0-macos.pkg").write_text("other")

    with pytest.raises(InstallFailed, match="by hand"):
        device.finish()
    assert device.installer.done == ["1.1.0"]


def test_a_list_that_ran_out_stops_the_installation_and_not_the_agent(device: Device) -> None:
    device.take()
    for path in device.published.metadata.glob("*timestamp*"):
        path.unlink()

    told = device.finish()

    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_FAILED
    assert device.installer.done == []
    assert device.offer().heard("1.1.0") is False  # not now; not for ever
    assert "1.1.0" not in record.load(device.state).failed


def test_a_release_taken_back_before_it_began_is_left_alone(device: Device) -> None:
    """The collector halts it between the word that it begins and the installation."""
    assert device.offer().heard("1.1.0")
    device.tell()

    assert not device.offer().heard("")

    assert device.installer.started == 0
    assert record.load(device.state).step is Step.NONE


def test_nothing_is_installed_before_the_collector_has_heard_of_it(device: Device) -> None:
    assert device.offer().heard("1.1.0")

    assert not device.offer().heard("1.1.0")

    assert device.installer.started == 0


def test_the_runner_is_a_copy_of_the_program_and_nothing_else(device: Device) -> None:
    runner = device.program.with_name("runner")
    runner.mkdir()
    (runner / "planted").write_text("by somebody")

    device.take()

    assert [each.name for each in runner.iterdir()] == ["muster-agent"]
    assert (runner / "muster-agent").read_text() == "the old program"
    assert device.state.folder.stat().st_mode & 0o777 == 0o700


def test_a_scheduler_that_cannot_start_the_runner_ends_the_update(device: Device) -> None:
    device.installer.cannot_start = True
    assert device.offer().heard("1.1.0")
    device.tell()

    assert not device.offer().heard("1.1.0")

    told = device.tell()
    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_FAILED


@pytest.mark.parametrize(
    ("own", "outcome"),
    [("1.1.0", wire.UPDATE_OUTCOME_INSTALLED), ("1.0.0", wire.UPDATE_OUTCOME_FAILED)],
)
def test_what_was_left_half_way_is_settled_by_whoever_checks_in(
    device: Device, own: str, outcome: wire.UpdateOutcome.ValueType
) -> None:
    device.take()
    device.clock.sleep(STUCK_SECONDS + 1)

    device.offer(own).heard("")

    told = device.tell()
    assert told is not None
    assert told.outcome == outcome


def test_two_installers_are_kept(device: Device) -> None:
    device.take("1.1.0")
    device.finish()
    device.installer.started = 0
    device.take("1.2.0")
    device.finish()

    kept = sorted(each.name for each in (device.releases.folder / "targets").iterdir())

    assert kept == ["muster-agent-1.1.0-macos.pkg", "muster-agent-1.2.0-macos.pkg"]


def test_without_an_update_under_way_the_runner_ends_at_once(device: Device) -> None:
    assert device.finish() is None
    assert device.installer.done == []


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"step": "other"}', b'{"begun_at": "x"}', b'{"more": 1}']
)
def test_a_damaged_record_is_taken_for_none(device: Device, content: bytes) -> None:
    device.state.write(record.FILE, content)

    assert record.load(device.state) == record.Update()


def test_what_is_told_stays_until_exactly_that_was_heard(device: Device) -> None:
    device.take()
    device.finish()
    done = record.load(device.state).saying(wire.UPDATE_OUTCOME_INSTALLED, "1.1.0", "x" * 300)
    record.save(device.state, done)

    told = record.load(device.state).told()
    assert told is not None
    assert len(told.because) == 200
    record.heard(device.state, wire.UpdateReport(version="1.1.0"))
    assert record.load(device.state).told() == told
    record.heard(device.state, told)
    assert record.load(device.state).told() is None
    assert json.loads(device.state.read(record.FILE) or b"")["outcome"] == 0
