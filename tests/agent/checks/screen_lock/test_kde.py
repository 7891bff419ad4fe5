"""KDE Plasma: kscreenlockerrc is read as KConfig reads it."""

import pytest

from agent.checks.screen_lock.kconfig import lay_over, parse_kconfig
from agent.host import Denied
from tests.agent.checks.screen_lock.desk import CONFIG, Files, alice, away, live, seen, words

OWN = f"{CONFIG}/kscreenlockerrc"
SYSTEM = "/etc/xdg/kscreenlockerrc"


def kde(own: str | None = None, files: Files | None = None, **environment: str) -> str:
    given = {**({OWN: own} if own is not None else {}), **(files or {})}
    return words(alice(live("kwin_wayland", "plasmashell", files=given, environment=environment)))


def daemon(*lines: str) -> str:
    return "\n".join(["[Daemon]", *lines, ""])


def test_without_a_file_the_defaults_count() -> None:
    assert kde() == "yes 300+5"
    assert kde("[$Version]\nupdate_info=x\n\n[Greeter]\nTheme=x\n") == "yes 300+5"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Timeout=20"], "yes 1200+5"),
        (["Timeout=0.5", "LockGrace=0"], "yes 30+0"),
        (["LockGrace=60"], "yes 300+60"),
        (["Autolock=false"], "no"),
        (["Autolock=False", "Timeout=5"], "no"),
        (["Timeout=0"], "no"),
        (["Timeout=-1"], "no"),
        (["RequirePassword=false"], "no"),
        (["Autolock=maybe"], "unknown"),
        (["Timeout=soon"], "unknown"),
        (["Timeout=inf"], "unknown"),
        (["Timeout=1e300"], "unknown"),
        (["LockGrace=-1"], "unknown"),
        (["Timeout[$e]=$MINUTES"], "unknown"),
        (["Timeout[$e]=2"], "yes 120+5"),
        (["Timeout[de]=2"], "yes 300+5"),
        (["timeout=2"], "yes 300+5"),
        (["#Timeout=2"], "yes 300+5"),
        (["Timeout=9", "Timeout=2"], "yes 120+5"),
    ],
)
def test_a_key_of_the_daemon_counts_as_kconfig_reads_it(lines: list[str], expected: str) -> None:
    assert kde(daemon(*lines)) == expected


@pytest.mark.parametrize("header", ["[Greeter]", "[daemon]", "[Daemon][More]", ""])
def test_a_timeout_under_a_lost_group_has_no_effect(header: str) -> None:
    assert kde(f"{header}\nTimeout=2\nAutolock=false\n") == "yes 300+5"


def test_the_users_file_outranks_the_systems() -> None:
    assert kde(daemon("Timeout=2"), {SYSTEM: daemon("Timeout=9")}) == "yes 120+5"
    assert kde(None, {SYSTEM: daemon("Autolock=false")}) == "no"


@pytest.mark.parametrize(
    "system",
    [
        daemon("Timeout[$i]=9", "Autolock[$i]=true"),
        "[Daemon][$i]\nTimeout=9\nAutolock=true\n",
        "[$i]\n" + daemon("Timeout=9", "Autolock=true"),
    ],
)
def test_what_the_system_made_immutable_wins(system: str) -> None:
    host = live("kwin_wayland", files={OWN: daemon("Timeout=0"), SYSTEM: system})
    assert words(alice(host)) == "yes 540+5"
    assert alice(host).enforced


def test_a_mark_in_the_users_own_file_binds_nobody() -> None:
    host = live("kwin_wayland", files={OWN: "[Daemon][$i]\nTimeout=9\nAutolock=true\n"})
    assert alice(host).enforced is False


def test_one_immutable_key_leaves_the_other_to_the_user() -> None:
    host = live(
        "kwin_wayland", files={OWN: daemon("Autolock=false"), SYSTEM: daemon("Timeout[$i]=9")}
    )
    assert words(alice(host)) == "no"
    assert alice(host).enforced is False


def test_the_first_of_the_systems_folders_outranks_the_rest() -> None:
    files = {
        "/a/kscreenlockerrc": daemon("Timeout=3"),
        "/b/kscreenlockerrc": daemon("Timeout=4", "LockGrace=9"),
        SYSTEM: daemon("Timeout=99"),
    }
    assert kde(None, files, XDG_CONFIG_DIRS="/a:/b") == "yes 180+9"


def test_a_deleted_key_is_the_default_again() -> None:
    assert kde(daemon("Timeout[$d]"), {SYSTEM: daemon("Timeout=9")}) == "yes 540+5"
    assert kde(daemon("Timeout[$d]="), {SYSTEM: daemon("Timeout=9")}) == "yes 300+5"


def test_a_kiosk_that_forbids_locking_does_not_lock() -> None:
    kiosk = "[KDE Action Restrictions][$i]\naction/lock_screen=false\n"
    assert kde(None, {"/etc/xdg/kdeglobals": kiosk}) == "no"


def test_nothing_locks_when_the_lockers_host_does_not_run() -> None:
    assert words(alice(live("plasmashell", files={OWN: daemon("Timeout=5")}))) == "unknown"


def test_on_x11_the_locker_lives_in_ksmserver() -> None:
    assert words(alice(live("ksmserver", "kwin_x11"))) == "yes 300+5"


def test_a_file_of_bytes_or_out_of_reach_is_unknown() -> None:
    assert kde("\0\0[Daemon]") == "unknown"
    assert words(alice(live("kwin_wayland", files={OWN: Denied(OWN)}))) == "unknown"
    assert kde(None, {SYSTEM: Denied(SYSTEM)}) == "unknown"


def test_stored_settings_count_when_nobody_is_logged_in() -> None:
    host = away({OWN: daemon("Timeout=7")}, session_files=["plasma", "plasmax11"])
    assert words(alice(host)) == "yes 420+5"
    assert not alice(host).in_session
    assert "Timeout=7" in seen(host).evidence[1].said


def test_files_are_laid_over_each_other_in_order() -> None:
    low = parse_kconfig("[a][b]\nk=1\nl=1\n", "low")
    high = parse_kconfig("[a][b]\nk=2\n[$Version]\nk=3\n", "high")
    merged = lay_over([low, high])
    assert merged[("a\x1db", "k")].value == "2"
    assert merged[("a\x1db", "l")].source == "low"
    assert merged[("$Version", "k")].value == "3"


def test_an_immutable_group_takes_no_new_key_from_the_user() -> None:
    system = {SYSTEM: "[Daemon][$i]\nAutolock=true\n"}
    assert kde(daemon("Timeout=0"), system) == "yes 300+5"


def test_fedora_keeps_its_settings_in_a_folder_of_its_own() -> None:
    path = "/usr/share/kde-settings/kde-profile/default/xdg/kscreenlockerrc"
    files = {path: daemon("Timeout=8"), SYSTEM: daemon("Timeout=9")}
    assert kde(None, files) == "yes 480+5"
    assert kde(None, files, XDG_CONFIG_DIRS="/etc/xdg") == "yes 540+5"
