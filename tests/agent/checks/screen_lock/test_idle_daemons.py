"""Tiling desktops: only what the running idle daemon was told counts."""

import pytest

from agent.checks.screen_lock.commands import Effect, effect_of
from agent.host import Process
from protos.posture.v1.signals_pb2 import UserScreenLock
from tests.agent.checks.screen_lock.desk import CONFIG, Files, Login, alice, away, live, seen, words
from tests.fakes import FakeHost

LOGIN = Login(id="1", service="login", tty="tty1")


def sway(*arguments: str, files: Files | None = None) -> UserScreenLock:
    host = live("sway", files=files, logins=(LOGIN,))
    swayidle = Process(2000, "swayidle", "alice", "/usr/bin/swayidle", ("swayidle", *arguments))
    host.running = (*host.running, swayidle)
    return alice(host)


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        ("swaylock -f -c 000000", Effect.LOCKS),
        ("/usr/bin/swaylock", Effect.LOCKS),
        ("sh -c 'swaylock -f'", Effect.LOCKS),
        ("exec env A=1 B=2 hyprlock", Effect.LOCKS),
        ("pidof hyprlock || hyprlock", Effect.LOCKS),
        ("pgrep -x swaylock > /dev/null || swaylock -f", Effect.LOCKS),
        ("pidof steam || hyprlock", Effect.UNKNOWN),
        ("brightnessctl -s set 10 && swaylock", Effect.LOCKS),
        ("playerctl status || swaylock", Effect.UNKNOWN),
        ("test -e /tmp/x && swaylock", Effect.UNKNOWN),
        ("gtklock -d; swaymsg 'output * dpms off'", Effect.LOCKS),
        ("loginctl lock-session", Effect.ASKS_FOR_LOCK),
        ("loginctl list-sessions", Effect.UNKNOWN),
        ("systemctl suspend", Effect.SUSPENDS),
        ("swaymsg 'output * power off'", Effect.NOTHING),
        ("swaymsg exec swaylock", Effect.UNKNOWN),
        ("echo swaylock", Effect.NOTHING),
        ("killall swaylock", Effect.UNKNOWN),
        ("~/bin/lock.sh", Effect.UNKNOWN),
        ("my-swaylock", Effect.UNKNOWN),
        ("swaylock 'unclosed", Effect.UNKNOWN),
        ("", Effect.NOTHING),
    ],
)
def test_a_command_is_told_by_the_program_it_runs(command: str, effect: Effect) -> None:
    assert effect_of(command).effect is effect


def test_a_grace_time_is_a_delay() -> None:
    assert words(sway("timeout", "60", "swaylock -f --grace 30 --fade-in 2")) == "yes 60+30"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("notify-send soon; sleep 20; swaylock", "yes 60+20"),
        ("sleep 1h && swaylock", "yes 60+3600"),
        ("sleep $LATER; swaylock", "unknown"),
        ("sleep 30 & swaylock", "yes 60+0"),
    ],
)
def test_a_locker_that_is_kept_waiting_locks_later(command: str, expected: str) -> None:
    assert words(sway("timeout", "60", command)) == expected


@pytest.mark.parametrize(
    "more",
    [
        ("resume", "pkill -USR1 swaylock"),
        ("timeout", "61", "killall swaylock"),
        ("resume", "loginctl unlock-session"),
    ],
)
def test_a_lock_that_is_taken_away_again_is_unclear(more: tuple[str, ...]) -> None:
    assert words(sway("timeout", "60", "swaylock", *more)) == "unknown"
    fine = ("unlock", "pkill -USR1 swaylock", "resume", "pkill swaybg")
    assert words(sway("timeout", "60", "swaylock", *fine)) == "yes 60+0"


def test_hyprlock_that_is_ended_when_somebody_is_back_is_unclear() -> None:
    block = listener("60", "hyprlock").replace("}", "    on-resume = pkill -USR1 hyprlock\n}")
    assert words(alice(hyprland(block))) == "unknown"


def test_somebody_else_may_obey_a_lock_that_is_asked_for() -> None:
    asks = live("sway", "swayidle timeout 60 loginctl lock-session", "systemd-lock-handler")
    assert words(alice(asks)) == "unknown"


def test_the_soonest_timeout_that_locks_counts() -> None:
    arguments = ("-w", "timeout", "60", "swaymsg 'output * dpms off'", "resume", "swaymsg x")
    later = ("timeout", "600", "swaylock -f", "timeout", "300", "swaylock -f")
    assert words(sway(*arguments, *later, "before-sleep", "swaylock -f")) == "yes 300+0"


def test_locking_before_sleep_alone_is_no_idle_lock() -> None:
    assert words(sway("before-sleep", "swaylock -f")) == "no"
    assert words(sway("timeout", "60", "swaymsg 'output * dpms off'")) == "no"


def test_suspending_with_a_locker_before_it_is_unclear() -> None:
    suspend = ("timeout", "900", "systemctl suspend")
    assert words(sway(*suspend, "before-sleep", "swaylock -f")) == "unknown"
    assert words(sway(*suspend)) == "no"


def test_asking_logind_to_lock_needs_somebody_who_obeys() -> None:
    ask = ("timeout", "120", "loginctl lock-session")
    assert words(sway(*ask)) == "no"
    assert words(sway(*ask, "lock", "swaylock -f")) == "yes 120+0"
    assert words(sway(*ask, "lock", "~/bin/lock")) == "unknown"


def test_an_unknown_command_is_neither_a_lock_nor_none() -> None:
    assert words(sway("timeout", "60", "~/bin/lock")) == "unknown"
    assert words(sway("timeout", "60", "~/bin/lock", "timeout", "300", "swaylock")) == "yes 300+0"


def test_arguments_that_a_listing_split_are_put_together() -> None:
    line = "-w timeout 300 swaylock -f -c 000000 timeout 600 swaymsg output resume swaymsg on"
    assert words(sway(*line.split())) == "yes 300+0"


@pytest.mark.parametrize("line", ["timeout", "timeout soon swaylock", "what 5", "lock"])
def test_arguments_of_another_form_are_unknown(line: str) -> None:
    assert words(sway(*line.split())) == "unknown"


def test_the_configuration_file_is_read_without_its_comments() -> None:
    config = "# timeout 60 'swaylock -f'\ntimeout 240 'swaylock -f' resume 'x'\n"
    assert words(sway(files={f"{CONFIG}/swayidle/config": config})) == "yes 240+0"
    assert words(sway("-w", "-C", "/opt/idle", files={"/opt/idle": config})) == "yes 240+0"
    assert words(sway("-C", "/opt/lost")) == "unknown"
    assert words(sway(files={f"{CONFIG}/swayidle/config": "timeout 60 'open"})) == "unknown"


def test_the_configuration_of_sway_is_no_evidence() -> None:
    config = "exec swayidle timeout 300 'swaylock -f'\n"
    host = live("sway", files={f"{CONFIG}/sway/config": config}, logins=(LOGIN,))
    assert words(alice(host)) == "no"


def test_a_locker_of_another_session_or_user_does_not_count() -> None:
    swayidle = ("swayidle", "timeout", "60", "swaylock")
    host = live("sway", logins=(LOGIN, Login(id="5", tty="tty5")))
    host.running = (*host.running, Process(2000, "swayidle", "alice", None, swayidle))
    host.environments = {2000: {"XDG_SESSION_ID": "5"}, 1000: {"XDG_SESSION_ID": "1"}}
    of_bob = live("sway", logins=(LOGIN,))
    of_bob.running = (*of_bob.running, Process(2000, "swayidle", "bob", None, swayidle))
    assert words(alice(of_bob)) == "no"
    said = {user.desktop: words(user) for user in seen(host).screen_lock.users}
    assert said["sway"] == "no"


def test_arguments_that_may_not_be_seen_are_unknown() -> None:
    host = live("sway", logins=(LOGIN,))
    host.running = (*host.running, Process(2000, "swayidle", "alice", None, None))
    assert words(alice(host)) == "unknown"


def test_a_shell_with_a_lock_of_its_own_is_unclear() -> None:
    assert words(alice(live("niri", "quickshell", logins=(LOGIN,)))) == "unknown"
    assert words(alice(live("niri", logins=(LOGIN,)))) == "no"


CONF = f"{CONFIG}/hypr/hypridle.conf"


def hyprland(config: str, **files: str) -> FakeHost:
    extra = {f"{CONFIG}/hypr/{name}.conf": content for name, content in files.items()}
    return live("Hyprland", "hypridle", files={CONF: config, **extra}, logins=(LOGIN,))


def listener(timeout: str, command: str) -> str:
    return f"listener {{\n  timeout = {timeout}  # seconds\n  on-timeout = {command}\n}}\n"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (listener("600", "hyprctl dispatch dpms off") + listener("660", "hyprlock"), "yes 660+0"),
        (listener("300", "loginctl lock-session"), "no"),
        ("general {\n lock_cmd = pidof hyprlock || hyprlock\n}\n"
         + listener("300", "loginctl lock-session"), "yes 300+0"),
        ("general {\n lock_cmd = ~/lock\n}\n"
         + listener("300", "loginctl lock-session"), "unknown"),
        ("$lock = hyprlock -q\n" + listener("90", "$lock"), "yes 90+0"),
        (listener("300", "~/bin/lock"), "unknown"),
        ("# " + listener("300", "hyprlock").replace("\n", "\n# "), "no"),
        (listener("soon", "hyprlock"), "unknown"),
        (listener("900", "systemctl suspend"), "no"),
        ("general {\n before_sleep_cmd = hyprlock\n}\n" + listener("900", "systemctl suspend"),
         "unknown"),
        ("source = ~/more.conf\n", "unknown"),
        ("listener {\n listener {\n}\n}\n", "unknown"),
        ("}\n", "unknown"),
        ("nonsense\n", "unknown"),
        ("", "no"),
    ],
)  # fmt: skip
def test_hypridle_does_what_its_listeners_say(config: str, expected: str) -> None:
    assert words(alice(hyprland(config))) == expected


def test_the_grace_of_hyprlock_is_a_delay() -> None:
    host = hyprland(listener("60", "hyprlock"), hyprlock="general {\n    grace = 20\n}\n")
    assert words(alice(host)) == "yes 60+20"


def test_a_configuration_without_the_daemon_locks_nothing() -> None:
    host = live("Hyprland", files={CONF: listener("60", "hyprlock")}, logins=(LOGIN,))
    assert words(alice(host)) == "no"


def test_hypridle_reads_the_file_it_was_given() -> None:
    files = {CONF: "", "/opt/idle.conf": listener("70", "swaylock")}
    host = live("Hyprland", "hypridle -c /opt/idle.conf", files=files, logins=(LOGIN,))
    assert words(alice(host)) == "yes 70+0"


def test_stored_settings_count_when_nobody_is_logged_in() -> None:
    assert words(alice(away({CONF: listener("60", "hyprlock")}, session_files=["hyprland"]))) == (
        "yes 60+0"
    )
    kept = {f"{CONFIG}/swayidle/config": "timeout 240 'swaylock -f'\n"}
    assert words(alice(away(kept, session_files=["sway"]))) == "yes 240+0"
    assert words(alice(away({}, session_files=["sway"]))) == "unknown"
