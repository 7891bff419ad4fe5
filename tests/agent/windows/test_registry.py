"""The live registry's errors and values, as the checks know them."""

import sys

import pytest

from agent.host import Denied, FileMissing, ToolFailed, ToolMissing
from agent.windows import registry


class WindowsError5(OSError):
    winerror = 5


def test_what_is_not_there_is_missing_and_what_is_refused_is_denied() -> None:
    assert isinstance(registry.cannot("HKLM\\X", FileNotFoundError()), FileMissing)
    assert isinstance(registry.cannot("HKLM\\X", PermissionError()), Denied)
    assert isinstance(registry.cannot("HKLM\\X", WindowsError5()), Denied)
    assert isinstance(registry.cannot("HKLM\\X", OSError()), ToolFailed)


def test_values_are_typed_as_the_door_says() -> None:
    assert registry.plain(["a", "b"]) == ("a", "b")
    assert registry.plain(7) == 7
    assert registry.plain(b"\x01") == b"\x01"
    assert registry.plain("600\0") == "600"
    assert registry.plain(None) == b""


def test_the_hive_of_whoever_runs_the_agent_is_not_to_be_had() -> None:
    with pytest.raises(ToolFailed, match="HKLM or HKU"):
        registry.split(r"HKCU\Control Panel\Desktop")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has one")
def test_elsewhere_there_is_no_registry() -> None:
    with pytest.raises(ToolMissing):
        registry.value(r"HKLM\SOFTWARE", "X")
    with pytest.raises(ToolMissing):
        registry.subkeys(r"HKLM\SOFTWARE")


@pytest.mark.skipif(sys.platform != "win32", reason="reads this machine's registry")
def test_this_machines_registry_is_read() -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    assert str(registry.value(key, "CurrentBuildNumber")).isdigit()
    assert isinstance(registry.value(key, "UBR"), int)
    assert "Winlogon" in registry.subkeys(key)
    with pytest.raises(FileMissing):
        registry.value(key, "NoSuchValue")
