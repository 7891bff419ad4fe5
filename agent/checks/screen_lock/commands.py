"""Says of a command whether it locks the screen, does something else, or cannot be told.

Idle daemons hand their commands to a shell, so a command may be a list. A program that is not
known may be somebody's own locker or may not: that is never taken for a lock.
"""

import re
import shlex
from dataclasses import dataclass
from enum import Enum, auto

LOCKERS = frozenset(
    (
        "gtklock",
        "hyprlock",
        "i3lock",
        "i3lock-color",
        "physlock",
        "schlock",
        "slock",
        "swaylock",
        "swaylock-effects",
        "waylock",
        "xlock",
        "xsecurelock",
        "xtrlock",
    )
)
HARMLESS = frozenset(
    (
        ":",
        "brightnessctl",
        "brillo",
        "dunstctl",
        "echo",
        "hyprctl",
        "light",
        "makoctl",
        "niri",
        "notify-send",
        "sleep",
        "swaymsg",
        "systemctl",
        "true",
        "wlopm",
        "wlr-randr",
        "xbacklight",
        "xset",
    )
)
"""Programs that dim, blank, notify or suspend. None of them locks by itself."""

ASKS_FOR = frozenset(("pidof", "pgrep"))
"""`pidof swaylock || swaylock` runs the locker unless it runs already."""

SHELLS = frozenset(("sh", "bash", "dash", "zsh"))
PREFIXES = frozenset(("exec", "env", "nohup", "setsid", "uwsm-app", "command", "--"))
REDIRECTION = re.compile(r"(?<!\S)\d?&?>>?\s*(&\d|[^\s&;|]+)")
BEHIND = ("&",)
"""What lets the next command begin at once."""

SECONDS = re.compile(r"(\d{1,6})([smhd]?)")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
UNTOLD = 10**12
UNLOCKS = re.compile(r"\bunlock-sessions?\b|\b(kill|pkill|killall)\b[^;&|]*lock")
OPERATOR = re.compile(r"(\|\||&&|;|\||&)")


class Effect(Enum):
    """What running a command does to the screen."""

    LOCKS = auto()
    ASKS_FOR_LOCK = auto()  # sends logind's Lock signal: something else must obey it
    SUSPENDS = auto()
    NOTHING = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Told:
    """The effect, and the seconds in which the locked screen still opens without a password."""

    effect: Effect
    grace_seconds: int = 0


def effect_of(command: str, depth: int = 3) -> Told:
    """What a command line does.

    >>> effect_of("pidof hyprlock || hyprlock").effect.name
    'LOCKS'
    >>> effect_of("swaymsg 'output * power off'").effect.name
    'NOTHING'
    >>> effect_of("~/bin/my-lock").effect.name
    'UNKNOWN'
    """
    command = REDIRECTION.sub(" ", command)
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;")
        lexer.whitespace_split = True
        lexer.commenters = ""
        tokens = list(lexer)
    except ValueError:
        return Told(Effect.UNKNOWN)
    told: list[Told] = []
    words: list[str] = []
    before: list[str] = []
    joined, waited = ";", 0
    for token in [*tokens, ";"]:
        if not OPERATOR.fullmatch(token):
            words.append(token)
            continue
        one = _later(_simple(words, depth), waited)
        waited += _slept(words) if token not in BEHIND else 0
        certain = joined not in ("&&", "||", "|") or _always(before, joined, depth)
        told.append(one if certain or one.effect is not Effect.LOCKS else Told(Effect.UNKNOWN))
        before, joined, words = words, token, []
    return _together(told)


def _later(told: Told, waited: int) -> Told:
    """A locker that something else keeps waiting leaves the screen open so much longer."""
    if told.effect is not Effect.LOCKS or not waited:
        return told
    if waited >= UNTOLD:
        return Told(Effect.UNKNOWN)
    return Told(told.effect, told.grace_seconds + waited)


def _slept(words: list[str]) -> int:
    """The seconds of a sleep(1); UNTOLD where they are written in no plain way."""
    if not words or words[0].rpartition("/")[2] != "sleep":
        return 0
    found = [SECONDS.fullmatch(word) for word in words[1:]]
    return sum(int(one[1]) * UNITS[one[2]] if one else UNTOLD for one in found)


def opens_again(command: str) -> bool:
    """Whether a command takes the lock away: it unlocks the session or ends a locker."""
    return UNLOCKS.search(command) is not None


def _always(before: list[str], joined: str, depth: int) -> bool:
    """Whether what follows && or || happens whenever no locker runs yet.

    `brightnessctl set 10 && swaylock` does; `pidof steam || swaylock` does only perhaps.
    """
    program = before[0].rpartition("/")[2] if before else ""
    if joined == "||":
        return program in ASKS_FOR and before[-1] in LOCKERS
    return program in HARMLESS and _simple(before, depth).effect is Effect.NOTHING


def _together(told: list[Told]) -> Told:
    for effect in (Effect.LOCKS, Effect.ASKS_FOR_LOCK, Effect.UNKNOWN, Effect.SUSPENDS):
        for one in told:
            if one.effect is effect:
                return one
    return Told(Effect.NOTHING)


def _simple(words: list[str], depth: int) -> Told:
    while words and (words[0] in PREFIXES or _assigns(words[0])):
        words = words[1:]
    if not words:
        return Told(Effect.NOTHING)
    program = words[0].rpartition("/")[2]
    if program in SHELLS and "-c" in words[:-1] and depth:
        return effect_of(words[words.index("-c") + 1], depth - 1)
    return _program(program, words)


def _program(program: str, words: list[str]) -> Told:
    if program in LOCKERS:
        return Told(Effect.LOCKS, _grace(words))
    if program == "loginctl" and words[1:2] in (["lock-session"], ["lock-sessions"]):
        return Told(Effect.ASKS_FOR_LOCK)
    if program == "systemctl" and {"suspend", "hibernate", "suspend-then-hibernate"} & set(words):
        return Told(Effect.SUSPENDS)
    starts_another = program in ("swaymsg", "hyprctl", "niri") and "lock" in " ".join(words)
    if program in HARMLESS | ASKS_FOR and not starts_another:
        return Told(Effect.NOTHING)
    return Told(Effect.UNKNOWN)


def _assigns(word: str) -> bool:
    return re.fullmatch(r"[A-Za-z_]\w*=.*", word) is not None


def _grace(words: list[str]) -> int:
    """swaylock-effects and hyprlock take --grace SECONDS."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        value = after if word == "--grace" else word.removeprefix("--grace=")
        if word.startswith("--grace") and value.isdecimal():
            return int(value)
    return 0
