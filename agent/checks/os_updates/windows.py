"""os_updates on Windows: Windows Update's cached search, the day of its last look, a due restart.

Nothing is searched online: that takes up to hours, and its errors say that the server was not
reached, never that nothing waits. Where the cache answers, the last successful look dates it.
"""

from agent.checks.os_updates import restart, windows_update
from agent.checks.os_updates.answer import in_order
from agent.host import CannotTell, Host, NoData
from agent.observation import Seen
from agent.windows.rows import moment
from protos.posture.v1.signals_pb2 import OsUpdates

SOURCE = "windows update"
SEARCH = "Microsoft.Update.Searcher"
LAST_LOOK = "Microsoft.Update.AutoUpdate"


def observe(host: Host) -> Seen:
    """Raises the trouble of the search when a restart could not be told either."""
    seen = Seen(OsUpdates(source=SOURCE))
    trouble = _pending(host, seen)
    _index(host, seen)
    assert isinstance(seen.value, OsUpdates)
    try:
        seen.value.restart_required = restart.restart_required(host, seen)
    except CannotTell as why:
        seen.missing("restart_required", why)
        if trouble is not None:
            raise trouble from why
    return seen


def _pending(host: Host, seen: Seen) -> CannotTell | None:
    assert isinstance(seen.value, OsUpdates)
    try:
        updates = windows_update.pending(host.cim(SEARCH))
    except CannotTell as trouble:
        seen.because(SEARCH, f"no answer: {trouble}")
        seen.missing("pending", trouble)
        seen.missing("pending_security", trouble)
        return trouble
    seen.value.pending = len(updates)
    seen.value.pending_security = sum(update.security for update in updates)
    seen.value.updates.extend(in_order(updates))
    seen.because(SEARCH, f"cached: {len(updates)} updates wait")
    return None


def _index(host: Host, seen: Seen) -> None:
    """LastInstallationSuccessDate is left out: Defender's definitions move it every day."""
    assert isinstance(seen.value, OsUpdates)
    try:
        rows = host.cim(LAST_LOOK)
        looked_at = moment(rows[0], "LastSearchSuccessDate") if rows else None
        if looked_at is None:
            raise NoData("Windows Update has never looked for updates with success")
    except CannotTell as trouble:
        seen.missing("index_at", trouble)
        return
    seen.value.index_at.FromDatetime(looked_at)
    seen.because(LAST_LOOK, "has looked for updates with success")
