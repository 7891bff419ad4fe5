"""macOS tells its version in several places, and lies in one of them."""

import plistlib

import pytest

from agent.host import ToolMissing
from agent.macos.version import FILE, MacVersion, mac_version, parse_sw_vers, version_from
from tests.fakes import FakeHost


def test_values_follow_tabs_or_spaces() -> None:
    tabs = "ProductName:\t\tmacOS\nProductVersion:\t\t14.8.7\nBuildVersion:\t\t23J520\n"
    assert parse_sw_vers(tabs) == MacVersion("14.8.7", "", "23J520")
    assert parse_sw_vers(tabs.replace("\t\t", " ")) == MacVersion("14.8.7", "", "23J520")


def test_a_rapid_security_response_is_kept_apart_from_the_version() -> None:
    text = "ProductVersion:\t13.3.1\nProductVersionExtra:\t(a)\nBuildVersion:\t22E772610a\n"
    found = parse_sw_vers(text)
    assert found == MacVersion("13.3.1", "(a)", "22E772610a")
    assert found.full == "13.3.1 (a)"


def test_10_16_is_a_disguise_that_the_build_sees_through() -> None:
    assert version_from("10.16", "20G1443") == MacVersion("11", "", "20G1443")
    assert version_from("10.16", "25F71") == MacVersion("26", "", "25F71")
    assert version_from("10.16", "26A100") == MacVersion("27", "", "26A100")
    assert version_from("16.1", "25B78") == MacVersion("26", "", "25B78")
    assert version_from("16.1") is None
    assert version_from("15.7.2") == MacVersion("15.7.2")
    assert version_from("10.16") is None


def test_26_is_newer_than_15() -> None:
    assert MacVersion("26.0").numbers > MacVersion("15.7.7").numbers


@pytest.mark.parametrize(
    ("commands", "files"),
    [
        ({"sw_vers -productVersion": "26.5\n", "sw_vers -buildVersion": "25F71\n"}, {}),
        ({}, {FILE: plistlib.dumps({"ProductVersion": "26.5", "ProductBuildVersion": "25F71"})}),
        (
            {
                "system_profiler -json SPSoftwareDataType": '{"SPSoftwareDataType": '
                '[{"os_version": "macOS 26.5 (25F71)"}]}'
            },
            {},
        ),
        ({"system_profiler SPSoftwareDataType": "  System Version: macOS 26.5 (25F71)\n"}, {}),
    ],
)
def test_every_source_tells_the_same(commands: dict[str, str], files: dict[str, bytes]) -> None:
    host = FakeHost(os="macos", commands=commands, files=files)
    assert mac_version(host) == MacVersion("26.5", "", "25F71")


def test_a_mac_that_tells_nowhere_is_unknown_for_its_first_reason() -> None:
    with pytest.raises(ToolMissing, match="sw_vers"):
        mac_version(FakeHost(os="macos"))
