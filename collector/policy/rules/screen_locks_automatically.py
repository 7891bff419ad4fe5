"""An abandoned screen must not stay open to whoever passes by.

Every person's setting counts, logged in or not: anybody with an account may sit down.
"""

from collections.abc import Mapping

from collector.model import Circumstances, Limit, Rule, Severity, Status, Verdict
from collector.policy.causes import DESKTOPS
from collector.policy.wording import Counted, Text, listed, sentence, with_detail
from protos.posture.v1.signals_pb2 import ScreenLock, UserScreenLock


def judge(seen: ScreenLock, limits: Mapping[str, int], _: Circumstances) -> Verdict:
    if not seen.users:
        return Verdict(Status.UNKNOWN, sentence(Text("no person's screen lock was seen")))
    open_to_all = [user for user in seen.users if _wrong(user, limits)]
    if open_to_all:
        wrong = [_wrong(user, limits) for user in open_to_all]
        words = sentence(*wrong[:2], *_more(wrong))
        return Verdict(Status.FAIL, words, cause=_desktop(open_to_all[0]))
    unclear = [_called(user) for user in seen.users if not _clear(user, limits)]
    if unclear:
        doubt = Text(
            "it could not be told whether and when the screen locks for %(names)s",
            names=listed(unclear),
        )
        return Verdict(Status.UNKNOWN, sentence(doubt))
    slowest = max(user.idle_seconds + user.lock_delay_seconds for user in seen.users)
    at_the_latest = Text(
        "the screen locks after %(seconds)s at the latest (%(people)s)",
        seconds=Counted("%(num)s second", "%(num)s seconds", slowest),
        people=Counted("%(num)s person", "%(num)s people", len(seen.users)),
    )
    return Verdict(Status.PASS, sentence(at_the_latest))


def _called(user: UserScreenLock) -> str:
    return user.user or Text("somebody")


def _wrong(user: UserScreenLock, limits: Mapping[str, int]) -> str:
    """What is known to be too little, or "". Numbers of a lock that is off mean nothing."""
    name = with_detail(_called(user), user.desktop)
    if not user.HasField("locks"):
        return ""
    if not user.locks:
        return Text("the screen does not lock by itself for %(name)s", name=name)
    if user.may_lock_sooner:
        return ""
    idle, delay = limits["max_idle_seconds"], limits["max_lock_delay_seconds"]
    if user.idle_seconds > idle:
        return Text(
            "the screen waits %(seconds)s s before it is idle for %(name)s, limit %(limit)s",
            seconds=user.idle_seconds,
            name=name,
            limit=idle,
        )
    if user.lock_delay_seconds > delay:
        return Text(
            "the idle screen is open %(seconds)s s for %(name)s, limit %(limit)s",
            seconds=user.lock_delay_seconds,
            name=name,
            limit=delay,
        )
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


def _more(wrong: list[str]) -> list[str]:
    more = len(wrong) - 2
    return [Counted("and %(num)s more", "and %(num)s more", more)] if more > 0 else []


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
