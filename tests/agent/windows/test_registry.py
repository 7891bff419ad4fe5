"""The live registry's errors and values, as the checks know them."""

import sys
from types import SimpleNamespace

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


class FakeKey:
    """A key of a fake winreg; it is opened by `with`, as the real one."""

    def __enter__(self) -> "FakeKey":
        return self

    def __exit__(self, *_: object) -> None: ...


def test_the_64_bit_view_is_asked_for_only_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def open_key(*what: object) -> FakeKey:
        asked.append(what)
        return FakeKey()

    winreg = SimpleNamespace(
        HKEY_LOCAL_MACHINE="machine",
        HKEY_USERS="users",
        KEY_READ=0x20019,
        KEY_WOW64_64KEY=0x100,
        OpenKeyEx=open_key,
        QueryValueEx=lambda *_: (900, 4),
        QueryInfoKey=lambda _: (1, 0, 0),
        EnumKey=lambda *_: "Below",
    )
    monkeypatch.setitem(sys.modules, "winreg", winreg)
    monkeypatch.setattr(sys, "platform", "win32")
    assert registry.value(r"HKLM\SOFTWARE\X", "Y") == 900
    assert registry.subkeys(r"HKU\S-1-5-18") == ("Below",)
    assert asked == [("machine", r"SOFTWARE\X", 0, 0x20119), ("users", "S-1-5-18", 0, 0x20119)]


@pytest.mark.skipif(sys.platform != "win32", reason="reads this machine's registry")
def test_this_machines_registry_is_read() -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    assert str(registry.value(key, "CurrentBuildNumber")).isdigit()
    assert isinstance(registry.value(key, "UBR"), int)
    assert "Winlogon" in registry.subkeys(key)
    with pytest.raises(FileMissing):
        registry.value(key, "NoSuchValue")
