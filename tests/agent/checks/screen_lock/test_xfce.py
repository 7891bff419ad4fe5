"""XFCE: minutes, nested switches, and a locker that must run."""

import pytest

from agent.checks.screen_lock import xfce
from agent.checks.screen_lock.programs import named
from agent.host import Denied, Process
from tests.agent.checks.screen_lock.desk import CONFIG, Files, alice, away, live, words

OWN = f"{CONFIG}/{xfce.CHANNEL}"
SYSTEM = f"/etc/xdg/{xfce.CHANNEL}"


def channel(properties: dict[str, str], attributes: str = "", parts: str = "") -> str:
    """Properties by path; every part of a path is a property of its own."""
    rows = ""
    for path, value in properties.items():
        *above, name = path.split("/")
        kind = "int" if value.isdecimal() else "bool"
        opened = "".join(f'<property name="{part}" type="empty">' for part in above)
        row = f'<property name="{name}" type="{kind}" value="{value}" {parts}/>'
        rows += opened + row + "</property>" * len(above)
    return f'<?xml version="1.0"?><channel name="xfce4-screensaver" {attributes}>{rows}</channel>'


def lock(own: str | None = None, files: Files | None = None, *running: str) -> str:
    given = {**({OWN: own} if own is not None else {}), **(files or {})}
    names = running or ("xfce4-session", "xfce4-screensaver")
    return words(alice(live(*names, files=given)))


def test_without_a_file_the_defaults_count() -> None:
    assert lock() == "yes 300+0"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"saver/idle-activation/delay": "10"}, "yes 600+0"),
        ({"saver/idle-activation/delay": "2", "lock/saver-activation/delay": "2"}, "yes 120+120"),
        ({"saver/enabled": "false"}, "no"),
        ({"saver/idle-activation/enabled": "false"}, "no"),
        ({"lock/enabled": "false"}, "no"),
        ({"lock/saver-activation/enabled": "false"}, "no"),
        ({"saver/idle-activation/delay": "0"}, "no"),
        ({"saver/enabled": "7"}, "unknown"),
        ({"saver/idle-activation/delay": "true"}, "unknown"),
        ({"saver/other": "1"}, "yes 300+0"),
    ],
)
def test_each_property_counts(properties: dict[str, str], expected: str) -> None:
    assert lock(channel(properties)) == expected


def test_an_empty_property_is_the_default() -> None:
    assert lock(channel({"saver/enabled/x": "1", "lock/enabled/x": "1"})) == "yes 300+0"


def test_the_users_value_outranks_the_systems() -> None:
    system = {SYSTEM: channel({"lock/enabled": "true", "saver/idle-activation/delay": "3"})}
    assert lock(channel({"lock/enabled": "false"}), system) == "no"
    assert lock(None, system) == "yes 180+0"


def test_an_empty_property_of_the_user_leaves_the_systems_value() -> None:
    system = {SYSTEM: channel({"saver/idle-activation/delay": "3"})}
    assert lock(channel({"saver/idle-activation/delay/x": "1"}), system) == "yes 180+0"


@pytest.mark.parametrize(
    ("attributes", "parts", "expected"),
    [
        ('locked="*"', "", "yes 180+0"),
        ("", 'locked="*"', "yes 180+0"),
        ("", 'locked="bob;alice"', "yes 180+0"),
        ("", 'locked="bob"', "no"),
        ('locked="*" unlocked="alice"', "", "no"),
        ('locked="@staff"', "", "unknown"),
    ],
)
def test_a_lock_of_the_system_holds_for_whom_it_names(
    attributes: str, parts: str, expected: str
) -> None:
    values = {"saver/idle-activation/delay": "3", "lock/enabled": "true"}
    system = {SYSTEM: channel(values, attributes, parts)}
    own = channel({"lock/enabled": "false", "saver/idle-activation/delay": "60"})
    assert lock(own, system) == expected


def test_a_lock_is_said_to_be_enforced() -> None:
    values = {"saver/idle-activation/delay": "3", "lock/enabled": "true"}
    files = {SYSTEM: channel(values, 'locked="*"')}
    assert alice(live("xfce4-session", "xfce4-screensaver", files=files)).enforced
    own = {OWN: channel(values, 'locked="*"')}
    assert not alice(live("xfce4-session", "xfce4-screensaver", files=own)).enforced


def test_settings_lock_nothing_when_the_locker_does_not_run() -> None:
    assert lock(channel({"lock/enabled": "true"}), None, "xfce4-session") == "no"


@pytest.mark.parametrize("content", ["", "<channel", "<x/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"])
def test_a_file_of_another_form_is_unknown(content: str) -> None:
    assert lock(content) == "unknown"


def test_a_file_out_of_reach_is_unknown() -> None:
    host = live("xfce4-session", "xfce4-screensaver", files={OWN: Denied(OWN)})
    assert words(alice(host)) == "unknown"


def test_for_somebody_away_a_default_counts_only_where_the_locker_starts() -> None:
    autostart = {"/etc/xdg/autostart/xfce4-screensaver.desktop": ""}
    assert words(alice(away({}, session_files=["xfce"]))) == "unknown"
    assert words(alice(away(autostart, session_files=["xfce"]))) == "yes 300+0"
    own = {OWN: channel({"saver/idle-activation/delay": "4"})}
    assert words(alice(away(own, session_files=["xfce"]))) == "yes 240+0"


def test_the_settings_window_of_a_locker_is_not_the_locker() -> None:
    """Its name in /proc is cut to the same 15 characters."""
    window = ("/usr/bin/python3", "/usr/bin/xfce4-screensaver-preferences")
    process = Process(9, "xfce4-screensav", "alice", "/usr/bin/python3.11", window)
    assert not named(process, "xfce4-screensaver")
    script = ("/usr/bin/python3", "/usr/bin/cinnamon-screensaver", "--hold")
    process = Process(9, "cinnamon-screen", "alice", "/usr/bin/python3.11", script)
    assert named(process, "cinnamon-screensaver")
    main = (*window[:1], "/usr/share/cinnamon-screensaver/cinnamon-screensaver-main.py")
    process = Process(9, "cinnamon-screen", "alice", "/usr/bin/python3.11", main)
    assert named(process, "cinnamon-screensaver")


def test_presentation_mode_holds_the_lock_back_while_the_power_manager_runs() -> None:
    both = ("xfce4-session", "xfce4-screensaver", "xfce4-power-manager")
    path = f"{CONFIG}/{xfce.POWER_CHANNEL}"
    on = {path: channel({"xfce4-power-manager/presentation-mode": "true"})}
    assert lock(None, on, *both) == "unknown"
    assert lock(None, on, *both[:2]) == "yes 300+0"
    assert lock(
        None, {path: channel({"xfce4-power-manager/presentation-mode": "false"})}, *both
    ) == ("yes 300+0")
