"""How long a release is supported: by the collector's table, by edition, by the device's word."""

from datetime import datetime

import pytest

from collector.model import Platform, Status
from protos.posture.v1.signals_pb2 import OsUpdates
from tests.collector.policy.postures import inventory, observed, verdict_of


@pytest.mark.parametrize(
    ("os_id", "version", "at", "status"),
    [
        ("debian", "10", "2026-11-22", Status.FAIL),
        ("debian", "11", "2026-08-31", Status.PASS),
        ("debian", "11", "2026-09-01", Status.FAIL),
        ("debian", "12", "2026-11-22", Status.PASS),
        ("ubuntu", "24.04", "2026-11-22", Status.PASS),
        ("ubuntu", "20.04", "2026-11-22", Status.FAIL),
        ("almalinux", "9.4", "2026-11-22", Status.PASS),
        ("arch", "", "2026-11-22", Status.PASS),
        ("windows", "10.0.19045", "2025-10-14", Status.PASS),
        ("windows", "10.0.19045", "2025-10-15", Status.FAIL),
        ("windows", "10.0.26100.4061", "2026-11-22", Status.UNKNOWN),
        ("macos", "26.1", "2026-11-22", Status.PASS),
        ("macos", "27.0", "2026-11-22", Status.PASS),
        ("macos", "14.5", "2026-11-22", Status.UNKNOWN),
        ("plan9", "4", "2026-11-22", Status.UNKNOWN),
        ("debian", "", "2026-11-22", Status.UNKNOWN),
        ("", "12", "2026-11-22", Status.UNKNOWN),
    ],
)
def test_a_release_is_supported_to_the_end_of_its_last_day(
    os_id: str, version: str, at: str, status: Status
) -> None:
    about = inventory(os_id=os_id, os_version=version)
    now = datetime.fromisoformat(f"{at}T23:59:59+00:00")
    verdict = verdict_of("os_supported", observed(OsUpdates()), about=about, now=now)
    assert verdict.status is status


@pytest.mark.parametrize(
    ("version", "edition", "status"),
    [
        ("10.0.26100", "Professional", Status.FAIL),
        ("10.0.26100.4061", "core", Status.FAIL),
        ("10.0.26100", "Enterprise", Status.PASS),
        ("10.0.26100", "Education", Status.PASS),
        ("10.0.26100", "EnterpriseS", Status.PASS),
        ("10.0.26100", "SomethingNew", Status.UNKNOWN),
        ("10.0.22631", "Professional", Status.FAIL),
        ("10.0.22631", "Enterprise", Status.FAIL),
        ("10.0.19044", "Enterprise", Status.FAIL),
        ("10.0.19044", "EnterpriseS", Status.PASS),
        ("10.0.19045", "Enterprise", Status.FAIL),
        ("10.0.17763", "EnterpriseS", Status.PASS),
        ("10.0.17763", "Professional", Status.FAIL),
        ("10.0.26200", "", Status.PASS),
        ("10.0.25267", "Professional", Status.UNKNOWN),
        ("6.1.7601", "Professional", Status.FAIL),
        ("6.3.9600", "Core", Status.FAIL),
        ("10.0.10586", "Professional", Status.FAIL),
        ("10.0.15063", "", Status.FAIL),
        ("10.0.16299", "Core", Status.FAIL),
        ("10.0.17134", "Enterprise", Status.FAIL),
    ],
)
def test_windows_is_supported_by_its_edition(version: str, edition: str, status: Status) -> None:
    about = inventory(Platform.WINDOWS, os_id="windows", os_version=version, os_edition=edition)
    assert verdict_of("os_supported", observed(OsUpdates()), about=about).status is status


def test_a_windows_server_shares_builds_with_windows_and_not_their_ends() -> None:
    for version, status in [
        ("10.0.26100", Status.PASS),
        ("10.0.17763", Status.PASS),
        ("10.0.18363", Status.FAIL),
        ("10.0.20348.2", Status.PASS),
    ]:
        about = inventory(Platform.WINDOWS, os_id="windows-server", os_version=version)
        assert verdict_of("os_supported", observed(OsUpdates()), about=about).status is status


def test_a_release_of_windows_is_called_what_people_call_it() -> None:
    about = inventory(
        Platform.WINDOWS, os_id="windows", os_version="10.0.22631", os_edition="Professional"
    )
    verdict = verdict_of("os_supported", observed(OsUpdates()), about=about)
    assert verdict.because == "Support of Windows 11 23H2 (10.0.22631) ended on 2025-11-11."


def test_a_release_that_our_table_lacks_is_judged_by_the_devices_own_word() -> None:
    about = inventory(os_id="fedora", os_version="44")
    for word, status in [
        ("2027-06-02", Status.PASS),
        ("2026-11-22", Status.PASS),
        ("2026-11-21", Status.FAIL),
        ("next year", Status.UNKNOWN),
    ]:
        value = observed(OsUpdates(support_ends_on=word, extended_support_ends_on="2030-01-01"))
        assert verdict_of("os_supported", value, about=about).status is status
