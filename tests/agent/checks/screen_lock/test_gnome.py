"""GNOME and its relatives: which value counts, who may change it, and what it takes to lock."""

import pytest

from agent.host import CannotTell, Denied, TooLarge
from protos.posture.v1.signals_pb2 import UnknownReason
from tests.agent.checks.screen_lock.desk import (
    DELAY,
    ENABLED,
    FORBIDDEN,
    IDLE,
    INIT,
    PROFILE,
    SCHEMAS,
    USER_DB,
    Files,
    Login,
    alice,
    away,
    gnome_schemas,
    live,
    programs,
    schema,
    seen,
    words,
)
from tests.agent.checks.screen_lock.gvdb_writer import database, variant

LOCAL, SITE = "/etc/dconf/db/local", "/etc/dconf/db/site"
TWO = {"/etc/dconf/profile/user": "user-db:user\nsystem-db:site\nsystem-db:local\n"}


def gnome(files: Files, **environment: str) -> str:
    given = {**gnome_schemas(), **files}
    return words(alice(live("gnome-shell", files=given, environment=environment)))


def test_without_any_database_the_schema_decides() -> None:
    assert gnome({}) == "yes 300+0"


def test_what_the_user_set_counts() -> None:
    assert gnome({USER_DB: database({IDLE: 60, DELAY: 30})}) == "yes 60+30"


@pytest.mark.parametrize("off", [{IDLE: 0}, {ENABLED: False}, {FORBIDDEN: True}])
def test_each_way_to_switch_the_lock_off_is_seen(off: dict[str, int]) -> None:
    assert gnome({USER_DB: database(off)}) == "no"


def test_a_system_value_without_a_lock_gives_way_to_the_user() -> None:
    files = {**PROFILE, LOCAL: database({IDLE: 900}), USER_DB: database({IDLE: 0})}
    assert gnome(files) == "no"


def test_a_locked_value_does_not() -> None:
    files = {
        **PROFILE,
        LOCAL: database({IDLE: 900, ENABLED: True}, locks=[IDLE, ENABLED]),
        USER_DB: database({IDLE: 0, ENABLED: False}),
    }
    host = live("gnome-shell", files={**gnome_schemas(), **files})
    assert words(alice(host)) == "yes 900+0"
    assert alice(host).enforced


def test_a_lock_on_one_of_two_settings_leaves_the_user_free() -> None:
    files = {**gnome_schemas(), **PROFILE, LOCAL: database({IDLE: 900}, locks=[IDLE])}
    assert alice(live("gnome-shell", files=files)).enforced is False


def test_a_lock_without_a_value_brings_back_the_default() -> None:
    files = {**PROFILE, LOCAL: database({}, locks=[IDLE]), USER_DB: database({IDLE: 0})}
    assert gnome(files) == "yes 300+0"


def test_of_two_locks_the_one_in_the_last_database_counts() -> None:
    files = {
        **TWO,
        SITE: database({IDLE: 240}, locks=[IDLE]),
        LOCAL: database({IDLE: 900}, locks=[IDLE]),
        USER_DB: database({IDLE: 10}),
    }
    assert gnome(files) == "yes 900+0"


def test_of_two_values_without_a_lock_the_first_database_counts() -> None:
    files = {**TWO, SITE: database({IDLE: 240}), LOCAL: database({IDLE: 900})}
    assert gnome(files) == "yes 240+0"


def test_key_files_that_nobody_compiled_are_no_evidence() -> None:
    files: Files = {
        **PROFILE,
        "/etc/dconf/db/local.d/00-lock": "[org/gnome/desktop/session]\nidle-delay=uint32 120\n",
        "/etc/dconf/db/local.d/locks/lock": IDLE + "\n",
        USER_DB: database({IDLE: 1800}),
    }
    assert gnome(files) == "yes 1800+0"


def test_a_users_database_cannot_lock() -> None:
    files = {USER_DB: database({IDLE: 0, ENABLED: True}, locks=[IDLE, ENABLED])}
    host = live("gnome-shell", files={**gnome_schemas(), **files})
    assert words(alice(host)) == "no"
    assert not alice(host).enforced


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("/run/dconf/user/1000", {"DCONF_PROFILE": "other"}),
        ("/etc/dconf/profile/other", {"DCONF_PROFILE": "other"}),
        ("/usr/share/dconf/profile/other", {"DCONF_PROFILE": "other"}),
        ("/opt/profile", {"DCONF_PROFILE": "/opt/profile"}),
        ("/run/user/1000/dconf/profile", {}),
        ("/usr/share/dconf/profile/user", {}),
        ("/opt/share/dconf/profile/user", {"XDG_DATA_DIRS": "/opt/share:/usr/share"}),
    ],
)
def test_the_profile_is_found_where_dconf_looks(path: str, environment: dict[str, str]) -> None:
    files: Files = {path: "# ours\nfile-db:/opt/lock\n", "/opt/lock": database({IDLE: 77})}
    assert gnome({**PROFILE, LOCAL: database({IDLE: 1}), **files}, **environment) == (
        "yes 1+0" if path == "/usr/share/dconf/profile/user" or "/opt/share" in path else "yes 77+0"
    )


def test_a_named_profile_that_is_lost_leaves_only_the_defaults() -> None:
    assert gnome({USER_DB: database({IDLE: 0})}, DCONF_PROFILE="lost") == "yes 300+0"


def test_a_profile_of_an_unknown_kind_is_unknown() -> None:
    assert gnome({"/etc/dconf/profile/user": "service-db:keyfile/user\n"}) == "unknown"


def test_a_system_database_that_is_not_there_is_passed_over() -> None:
    assert gnome({**PROFILE, USER_DB: database({IDLE: 60})}) == "yes 60+0"


@pytest.mark.parametrize("path", [USER_DB, LOCAL])
@pytest.mark.parametrize("trouble", [Denied("no"), TooLarge("large"), b"garbage" * 9])
def test_a_database_that_cannot_be_read_is_unknown(path: str, trouble: bytes | CannotTell) -> None:
    assert gnome({**PROFILE, path: trouble}) == "unknown"


def test_the_reason_is_that_of_the_database() -> None:
    host = live("gnome-shell", files={**gnome_schemas(), USER_DB: Denied(USER_DB)})
    assert seen(host).unknown.reason == UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


def test_a_value_of_another_type_is_unknown() -> None:
    assert gnome({USER_DB: database({IDLE: "never"})}) == "unknown"
    assert gnome({USER_DB: database({ENABLED: 1})}) == "unknown"


def test_settings_lie_where_the_session_says() -> None:
    files = {"/srv/alice/dconf/user": database({IDLE: 42})}
    assert gnome(files, XDG_CONFIG_HOME="/srv/alice") == "yes 42+0"


OVERRIDE = "[org.gnome.desktop.session]\nidle-delay=uint32 600\n"
SPECIAL = "[org.gnome.desktop.session:ubuntu]\nidle-delay=0\n"


def test_an_override_changes_the_default() -> None:
    assert gnome({f"{SCHEMAS}/10_x.gschema.override": OVERRIDE}) == "yes 600+0"


def test_the_later_of_two_overrides_counts() -> None:
    later = OVERRIDE.replace("600", "90")
    files = {f"{SCHEMAS}/{n}.gschema.override": o for n, o in (("10", OVERRIDE), ("20", later))}
    assert gnome(files) == "yes 90+0"


@pytest.mark.parametrize(
    ("desktop", "expected"), [("ubuntu:GNOME", "no"), ("GNOME", "yes 600+0"), ("", "unknown")]
)
def test_an_override_for_one_desktop_counts_only_there(desktop: str, expected: str) -> None:
    files = {f"{SCHEMAS}/10_x.gschema.override": SPECIAL + OVERRIDE}
    assert gnome(files, XDG_CURRENT_DESKTOP=desktop) == expected


def test_a_default_that_no_schema_states_is_unknown() -> None:
    assert words(alice(live("gnome-shell"))) == "unknown"


def test_settings_lock_nothing_when_the_shell_does_not_run() -> None:
    host = live("nautilus", files=gnome_schemas(), environment={"XDG_CURRENT_DESKTOP": "GNOME"})
    assert not alice(host).locks


def test_gnome_cannot_lock_without_gdm() -> None:
    login = Login(service="lightdm")
    lightdm = programs("lightdm", user="root")
    host = live("gnome-shell", files=gnome_schemas(), logins=(login,), system=(INIT, *lightdm))
    assert words(alice(host)) == "no"


def test_whether_gdm_runs_is_unknown_when_only_own_programs_are_shown() -> None:
    host = live("gnome-shell", files=gnome_schemas(), logins=(Login(service=""),), system=())
    assert words(alice(host)) == "unknown"


def cinnamon_schemas() -> dict[str, str]:
    return {
        **schema("org.cinnamon.desktop.session", idle_delay="900"),
        **schema(
            "org.cinnamon.desktop.screensaver",
            lock_enabled="true",
            lock_delay="uint32 0",
            idle_activation_enabled="true",
        ),
        **schema("org.cinnamon.desktop.lockdown", disable_lock_screen="false"),
    }


def mate_schemas() -> dict[str, str]:
    return {
        **schema("org.mate.session", idle_delay="5"),
        **schema(
            "org.mate.screensaver",
            lock_enabled="true",
            lock_delay="0",
            idle_activation_enabled="true",
        ),
        **schema("org.mate.lockdown", disable_lock_screen="false"),
    }


def test_cinnamon_has_keys_and_a_locker_of_its_own() -> None:
    saver = "/org/cinnamon/desktop/screensaver"
    both = ("cinnamon", "cinnamon-screensaver")
    assert words(alice(live(*both, files=cinnamon_schemas()))) == "yes 900+0"
    off = {**cinnamon_schemas(), USER_DB: database({f"{saver}/idle-activation-enabled": False})}
    assert words(alice(live(*both, files=off))) == "no"
    assert words(alice(live("cinnamon", files=cinnamon_schemas()))) == "unknown"


def test_mate_counts_in_minutes() -> None:
    both = ("mate-session", "mate-screensaver")
    assert words(alice(live(*both, files=mate_schemas()))) == "yes 300+0"
    own = database(
        {
            "/org/mate/desktop/session/idle-delay": variant(10, "i"),
            "/org/mate/screensaver/lock-delay": variant(2, "i"),
        }
    )
    assert words(alice(live(*both, files={**mate_schemas(), USER_DB: own}))) == "yes 600+120"
    assert words(alice(live("mate-session", files=mate_schemas()))) == "no"


def test_budgie_locks_by_the_keys_of_gnome() -> None:
    both = ("budgie-wm", "budgie-screensaver")
    assert words(alice(live(*both, files=gnome_schemas("240")))) == "yes 240+0"
    assert words(alice(live("budgie-wm", files=gnome_schemas()))) == "unknown"


def test_stored_settings_count_when_nobody_is_logged_in() -> None:
    files = {**gnome_schemas(), USER_DB: database({IDLE: 120})}
    user = alice(away(files, session_files=["gnome"]))
    assert words(user) == "yes 120+0"
    assert user.in_session is False


def test_stored_settings_of_gnome_say_nothing_under_another_display_manager() -> None:
    host = away(gnome_schemas(), session_files=["gnome"])
    host.running = (INIT, *programs("lightdm", user="root"))
    assert words(alice(host)) == "unknown"


def test_settings_that_are_not_kept_in_dconf_are_not_told() -> None:
    for backend, expected in (
        ("keyfile", "unknown"),
        ("memory", "unknown"),
        ("dconf", "yes 300+0"),
    ):
        environment = {"GSETTINGS_BACKEND": backend}
        host = live("gnome-shell", files=gnome_schemas(), environment=environment)
        assert words(alice(host)) == expected
