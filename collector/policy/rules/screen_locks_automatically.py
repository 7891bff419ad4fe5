"""An abandoned screen must not stay open to whoever passes by.

Every person's setting counts, logged in or not: anybody with an account may sit down.
"""

from collections.abc import Mapping

from collector.model import Circumstances, Limit, Rule, Severity, Status, Verdict
from collector.policy.causes import DESKTOPS
from collector.policy.wording import counted, listed, sentence
from protos.posture.v1.signals_pb2 import ScreenLock, UserScreenLock


def judge(seen: ScreenLock, limits: Mapping[str, int], _: Circumstances) -> Verdict:
    if not seen.users:
        return Verdict(Status.UNKNOWN, "No person's screen lock was seen.")
    open_to_all = [user for user in seen.users if _wrong(user, limits)]
    if open_to_all:
        wrong = [_wrong(user, limits) for user in open_to_all]
        words = sentence("; ".join(wrong[:2]) + _more(wrong))
        return Verdict(Status.FAIL, words, cause=_desktop(open_to_all[0]))
    unclear = [user.user or "somebody" for user in seen.users if not _clear(user, limits)]
    if unclear:
        words = f"it could not be told whether and when the screen locks for {listed(unclear)}"
        return Verdict(Status.UNKNOWN, sentence(words))
    slowest = max(user.idle_seconds + user.lock_delay_seconds for user in seen.users)
    people = "1 person" if len(seen.users) == 1 else f"{len(seen.users)} people"
    words = f"the screen locks after {counted(slowest, 'second')} at the latest ({people})"
    return Verdict(Status.PASS, sentence(words))


def _wrong(user: UserScreenLock, limits: Mapping[str, int]) -> str:
    """What is known to be too little, or "". Numbers of a lock that is off mean nothing."""
    name = f"{user.user or 'somebody'}{f' ({user.desktop})' if user.desktop else ''}"
    if not user.HasField("locks"):
        return ""
    if not user.locks:
        return f"the screen does not lock by itself for {name}"
    if user.may_lock_sooner:
        return ""
    idle, delay = limits["max_idle_seconds"], limits["max_lock_delay_seconds"]
    if user.idle_seconds > idle:
        return f"the screen waits {user.idle_seconds} s before it is idle for {name}, limit {idle}"
    if user.lock_delay_seconds > delay:
        return f"the idle screen is open {user.lock_delay_seconds} s for {name}, limit {delay}"
    return ""


def _desktop(user: UserScreenLock) -> str:
    """The desktop whose settings have to change; "" for one that there is no advice about."""
    name = user.desktop.casefold()
    return name if name in DESKTOPS else ""


def _clear(user: UserScreenLock, limits: Mapping[str, int]) -> bool:
    """All three facts were seen, and are soon enough, or the screen locks no sooner than they say.

    An idle time of 0 means "never" on most desktops: no answer.
    """
    if not (user.locks and user.idle_seconds > 0 and user.HasField("lock_delay_seconds")):
        return False
    idle, delay = limits["max_idle_seconds"], limits["max_lock_delay_seconds"]
    return user.idle_seconds <= idle and user.lock_delay_seconds <= delay


def _more(wrong: list[str]) -> str:
    return f"; and {len(wrong) - 2} more" if len(wrong) > 2 else ""


RULE = Rule(
    id="screen_locks_automatically",
    signal="screen_lock",
    severity=Severity.MEDIUM,
    judge=judge,
    needs=("users",),
    whole_to_pass=("users",),
    limits=(
        Limit("max_idle_seconds", 900, 30, 7200, "seconds without input until the screen is idle"),
        Limit("max_lock_delay_seconds", 60, 0, 3600, "seconds from idle until it is locked"),
    ),
)
