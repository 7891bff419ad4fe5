"""What a profile manages outranks what a person chose, and absence is not "off"."""

import plistlib

import pytest

from agent.host import Denied, NotRecorded, Output, ToolFailed
from agent.macos import preferences
from agent.macos.console import Person
from tests.fakes import FakeHost

ALICE = Person(501, "alice", "/Users/alice")
DOMAIN = "com.apple.screensaver"
BY_HOST = (
    f"/Users/alice/Library/Preferences/ByHost/{DOMAIN}.50DCC3EF-6AD8-5EAA-AC56-451AD340113C.plist"
)
ASK = f"defaults -currentHost read {DOMAIN} idleTime"


def plist(**fields: object) -> bytes:
    return plistlib.dumps(fields)


def test_a_profile_for_the_person_outranks_one_for_the_computer() -> None:
    files = {
        f"/Library/Managed Preferences/{DOMAIN}.plist": plist(idleTime=600),
        f"/Library/Managed Preferences/alice/{DOMAIN}.plist": plist(idleTime=300),
    }
    host = FakeHost(os="macos", files=files)
    found = preferences.managed(host, DOMAIN, "idleTime", ALICE)
    assert found is not None
    assert found.value == 300
    nobody = preferences.managed(host, DOMAIN, "idleTime")
    assert nobody is not None
    assert nobody.value == 600


def test_a_profile_outranks_the_preferences_of_the_computer() -> None:
    files = {
        "/Library/Managed Preferences/x.plist": plist(a=1),
        "/Library/Preferences/x.plist": plist(a=0, b=2),
    }
    host = FakeHost(os="macos", files=files)
    assert preferences.computer(host, "x", "a") == preferences.Setting(
        1, "/Library/Managed Preferences/x.plist", managed=True
    )
    assert preferences.computer(host, "x", "b") == preferences.Setting(
        2, "/Library/Preferences/x.plist", managed=False
    )
    assert preferences.computer(host, "x", "c") is None


def test_a_profile_that_may_not_be_read_is_not_the_same_as_none() -> None:
    host = FakeHost(os="macos", files={"/Library/Managed Preferences/x.plist": Denied("no")})
    with pytest.raises(Denied):
        preferences.computer(host, "x", "a")


def test_a_setting_for_this_mac_lies_in_by_host() -> None:
    found = preferences.this_host(
        FakeHost(os="macos", files={BY_HOST: plist(idleTime=300)}), ALICE, DOMAIN, "idleTime"
    )
    assert found is not None
    assert found.value == 300


def test_a_home_that_was_migrated_from_another_mac_is_asked_in_its_session() -> None:
    other = BY_HOST.replace("50DCC3EF", "00000000")
    files = {BY_HOST: plist(idleTime=300), other: plist(idleTime=0)}
    host = FakeHost(os="macos", files=files, sessions={501: {ASK: "1200\n"}})
    found = preferences.this_host(host, ALICE, DOMAIN, "idleTime")
    assert found is not None
    assert found.value == "1200"


def test_privacy_protection_is_asked_around_in_the_persons_session() -> None:
    host = FakeHost(os="macos", files={BY_HOST: Denied("no")}, sessions={501: {ASK: "300\n"}})
    found = preferences.this_host(host, ALICE, DOMAIN, "idleTime")
    assert found is not None
    assert found.value == "300"


def test_a_key_that_does_not_exist_is_not_set() -> None:
    said = "The domain/default pair of (com.apple.screensaver, idleTime) does not exist\n"
    host = FakeHost(os="macos", sessions={501: {ASK: Output("", said, 1)}})
    assert preferences.this_host(host, ALICE, DOMAIN, "idleTime") is None


def test_any_other_failure_is_not_an_absent_key() -> None:
    host = FakeHost(os="macos", sessions={501: {ASK: Output("", "Could not connect", 1)}})
    with pytest.raises(ToolFailed):
        preferences.this_host(host, ALICE, DOMAIN, "idleTime")


def test_what_was_not_recorded_stays_unknown() -> None:
    host = FakeHost(os="macos", files={"/Library/Preferences/x.plist": NotRecorded("no")})
    with pytest.raises(NotRecorded):
        preferences.computer(host, "x", "a")
