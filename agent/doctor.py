"""The agent looks at itself: what works, what does not, and what to do about it."""

import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent import config, identity, remedies
from agent.config import Config
from agent.exchange import contact
from agent.exchange import progress as record
from agent.exchange.progress import Progress
from agent.exchange.spool import Spool
from agent.exchange.troubles import Unreachable
from agent.identity import Validity
from agent.state import State, StateError
from agent.unseen import unseen
from agent.words import duration
from protos.posture.v1.signals_pb2 import Observation, UnknownReason

LARGEST_SKEW_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Item:
    """One thing looked at; a problem when there is something `to_do`."""

    name: str
    said: str
    to_do: str = ""


def examine(state: State, now: datetime, denied: Collection[str] | None) -> list[Item]:
    """Everything, in the order in which one thing needs the other. Sends nothing."""
    folder = Item("state folder", f"{state.folder}, readable by this account only")
    if not state.folder.exists():
        folder = Item("state folder", f"{state.folder} does not exist yet; enrolling makes it")
    try:
        settled = config.load(state)
    except config.NotEnrolled as error:
        said, _, to_do = str(error).partition("; ")
        return [folder, Item("enrollment", said, to_do), privileges(denied)]
    except StateError as error:
        return [folder, Item("enrollment", str(error), remedies.ENROLL_AGAIN), privileges(denied)]
    enrolled = f"{settled.collector_name}, as device {settled.device_id}"
    progress = record.load(state)
    return [
        folder,
        Item("enrollment", enrolled),
        _guarded("certificate", lambda: _certificate(state, now)),
        _guarded("collector", lambda: _reach(state, settled)),
        clock(progress),
        last_check_in(progress, now),
        spool(Spool(state.path("spool"))),
        privileges(denied),
    ]


def _guarded(name: str, look: Callable[[], Item]) -> Item:
    try:
        return look()
    except StateError as error:
        return Item(name, str(error), remedies.to_do(error))


def _certificate(state: State, now: datetime) -> Item:
    held = identity.load(state)
    identity.check(held)
    open_to_others = state.path(identity.KEY).stat().st_mode & 0o077
    if open_to_others and sys.platform != "win32":  # there the folder's access list protects it
        path = state.path(identity.KEY)
        return Item("certificate", f"{path} is open to other accounts", f"chmod 600 {path}")
    return dates(identity.validity(held.certificate), now)


def dates(life: Validity, now: datetime) -> Item:
    until = f"{life.not_after_at:%Y-%m-%d}"
    if now > life.not_after_at:
        ended = f"it ended on {until}, and our clock says {now:%Y-%m-%d %H:%M} UTC"
        return Item("certificate", ended, f"if the clock is right, {remedies.ENROLL_AGAIN}")
    if now < life.not_before_at:
        begins = f"it begins on {life.not_before_at:%Y-%m-%d %H:%M} UTC, later than our clock says"
        return Item("certificate", begins, "set the device's clock right")
    left = duration((life.not_after_at - now).total_seconds())
    return Item("certificate", f"fits the key; lasts until {until}, {left} from now")


def _reach(state: State, settled: Config) -> Item:
    address = settled.check_in_address
    try:
        shown = state.path(identity.CERTIFICATE), state.path(identity.KEY)
        contact.verify(address, identity.load(state).authority, shown, settled.proxy)
    except Unreachable as error:
        return Item("collector", str(error), remedies.to_do(error))
    return Item("collector", f"{address} answers, with the right certificate")


def clock(progress: Progress) -> Item:
    ahead = progress.collector_ahead_seconds
    if ahead is None:
        return Item("clock", "not compared with the collector's yet")
    said = f"{duration(abs(ahead))} {'behind' if ahead > 0 else 'ahead of'} the collector's"
    to_do = "set the device's clock right" if abs(ahead) > LARGEST_SKEW_SECONDS else ""
    return Item("clock", said, to_do)


def last_check_in(progress: Progress, now: datetime) -> Item:
    """Late: three intervals have gone by without one."""
    to_do = "is the service running? try: muster-agent report"
    at = progress.checked_in_at
    if at is None:
        because = f": {progress.trouble}" if progress.trouble else ""
        return Item("last check-in", f"none since enrollment{because}", to_do)
    said = f"{at:%Y-%m-%d %H:%M} UTC, {duration((now - at).total_seconds())} ago"
    if progress.trouble:
        return Item("last check-in", f"{said}; since then: {progress.trouble}", to_do)
    late = now - at > 3 * timedelta(seconds=progress.next_check_in_seconds or 3600)
    return Item("last check-in", said, to_do if late else "")


def spool(waiting: Spool) -> Item:
    said = f"{waiting.waiting} reports wait, {waiting.bytes_waiting} bytes"
    if waiting.dropped:
        said += f"; {waiting.dropped} older ones were dropped to make room"
    if waiting.aside:
        said += f"; {waiting.aside} unusable ones were put aside"
    lost = waiting.dropped or waiting.aside
    return Item("spool", said, "tell IT: some older reports will not arrive" if lost else "")


def privileges(denied: Collection[str] | None) -> Item:
    """`denied`: signals of which something may not be read by this account; None for root."""
    if denied is None:
        return Item("privileges", "root: every check can ask its questions")
    if not denied:
        return Item("privileges", "not root; nothing the checks ask was denied")
    return Item("privileges", f"not root; unknown in part or whole: {', '.join(denied)}")


def sight(observations: Iterable[Observation]) -> list[Item]:
    """What a look at the device could not see, an item a signal."""
    found = [Item(each.signal, each.said, each.to_do) for each in unseen(observations)]
    return found or [Item("sight", "everything the checks ask about was seen")]


def denied_signals(observations: Iterable[Observation]) -> list[str]:
    """The signals that lack something because this account may not read it."""
    denied = UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED
    return [
        observation.signal
        for observation in observations
        if denied in (observation.unknown.reason, *(gap.reason for gap in observation.gaps))
    ]
