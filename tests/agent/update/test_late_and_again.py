"""Updates of devices that sleep, whose clock is wrong, or to which something else was served."""

from datetime import timedelta

import pytest

from agent.update import record
from agent.update.finishing import Finishing
from agent.update.installer import InstallFailed
from agent.update.offer import REFUSED_SECONDS, STUCK_SECONDS
from agent.update.record import Step
from protos.posture.v1 import posture_service_pb2 as wire
from tests.agent.update.one_device import Device, device

__all__ = ["device"]


@pytest.mark.parametrize("jump", [timedelta(hours=9), timedelta(days=-400)])
def test_a_night_in_standby_or_a_clock_set_back_takes_no_version_back(
    device: Device, jump: timedelta
) -> None:
    device.installer.sick.add("1.1.0")
    device.take()

    def sleep(seconds: float) -> None:
        device.clock.sleep(seconds + jump.total_seconds())
        device.installer.sick.clear()

    parts = (device.state, device.releases, device.installer, "macos", device.clock)
    Finishing(*parts, sleep, device.log).run()

    told = device.tell()
    assert told is not None
    assert told.outcome == wire.UPDATE_OUTCOME_INSTALLED


def test_a_release_that_is_ready_waits_for_the_next_check_in_however_late(device: Device) -> None:
    assert device.offer().heard("1.1.0")
    device.tell()
    device.clock.sleep(STUCK_SECONDS + 1)

    assert not device.offer().heard("1.1.0")

    assert device.installer.started == 1
    assert not device.offer().heard("1.1.0")
    assert record.load(device.state).step is Step.INSTALLING


def test_what_somebody_installed_by_hand_meanwhile_is_not_installed_again(device: Device) -> None:
    assert device.offer().heard("1.1.0")
    device.tell()

    assert not device.offer("1.1.0").heard("1.1.0")

    assert device.installer.started == 0
    assert record.load(device.state).step is Step.NONE


def test_a_release_that_was_refused_is_fetched_again_after_a_day(device: Device) -> None:
    """Whoever serves the files for an hour must not keep a version from a device for ever."""
    good = device.published.file("1.1.0").read_bytes()
    device.published.file("1.1.0").write_bytes(b"installer of 6.6.6")
    assert device.offer().heard("1.1.0")
    device.tell()
    device.published.file("1.1.0").write_bytes(good)

    assert not device.offer().heard("1.1.0")
    device.clock.sleep(REFUSED_SECONDS + 1)
    device.take("1.1.0")


def test_a_release_that_cannot_be_kept_costs_no_check_in(device: Device) -> None:
    """Nor what comes after it in a visit: the certificate is renewed all the same."""
    device.releases.folder.write_text("in the way, as a full disk would be")

    assert not device.offer().heard("1.1.0")

    assert device.said == ["a release cannot be taken now"]
    assert device.tell() is None


def test_the_check_in_that_shows_a_version_to_be_sound_tells_so_itself(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that is shut for the weekend right after it would count as lost, and halt all."""
    device.take()
    heard: list[wire.UpdateReport | None] = []

    def checks_in() -> bool:
        heard.append(device.tell())
        return True

    monkeypatch.setattr(device.installer, "checks_in", checks_in)

    assert device.finish() is None

    (told,) = heard
    assert told == wire.UpdateReport(version="1.1.0", outcome=wire.UPDATE_OUTCOME_INSTALLED)
    assert record.load(device.state) == record.Update()


def test_a_version_that_is_taken_back_is_never_told_to_be_installed(device: Device) -> None:
    device.installer.sick.add("1.1.0")
    device.installer.refuses.add("1.0.0")
    device.take()

    with pytest.raises(InstallFailed):
        device.finish()

    assert record.load(device.state).step is Step.RETURNING
    assert device.tell() is None
