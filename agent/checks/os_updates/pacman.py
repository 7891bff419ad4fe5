"""pacman: an empty answer is believed only when the synchronised databases are there.

``pacman -Qu`` prints nothing and exits 1 when nothing is pending, and exactly the same when no
database was ever fetched. Arch publishes no security classification that is present
offline: with nothing pending no security update is, and otherwise nobody can say.

pacman gives a database the time at which the mirror made it (pacman's lib/libalpm/dload.c), so the
newest of the distribution's own shows when this computer last looked, to within a few hours.
"""

import re
from datetime import datetime

from agent.checks.os_updates.answer import Answer, in_order
from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded, ToolFailed, Unparsable
from protos.posture.v1.signals_pb2 import PendingUpdate

SYNC = "/var/lib/pacman/sync"
OWN = ("core.db", "extra.db", "multilib.db")
LINE = re.compile(r"(\S+) (\S+) -> (\S+)( \[ignored\])?")


def ask(host: Host) -> Answer:
    """Raises ToolMissing when there is no pacman."""
    answer = Answer("pacman")
    output = host.run("pacman", "-Qu", ok=(0, 1))
    try:
        if "does not exist" in output.errors:
            raise NoData(f"pacman has no database of a repository: {output.errors.strip()}")
        if "error:" in output.errors:
            raise ToolFailed(f"pacman -Qu: {output.errors.strip()}")
        if bool(output.text.strip()) != (output.exit_status == 0):
            raise Unparsable(f"pacman -Qu ended with {output.exit_status}, against its text")
        updates = parse_upgrades(output.text)
        if not output.text.strip():
            _require_databases(host)
        answer.pending = len(updates)
        answer.updates = in_order(updates)
        answer.because("pacman -Qu", f"{len(updates)} upgrades")
    except CannotTell as trouble:
        answer.missing("pending", trouble)
    if answer.pending == 0 and not output.text.strip():
        answer.pending_security = 0
    else:
        answer.missing("pending_security", NoData("pacman does not classify updates"))
    try:
        answer.index_at = _looked_at(host)
    except CannotTell as trouble:
        answer.missing("index_at", trouble)
    return answer


def _looked_at(host: Host) -> datetime:
    """A third party's database is asked only where there is none of the distribution."""
    names = [name for name in host.list(SYNC) if name.endswith(".db")]
    own = [name for name in names if name in OWN] or names
    if not own:
        raise NoData(f"{SYNC} holds no database")
    return max(host.modified_at(f"{SYNC}/{name}") for name in own)


def _require_databases(host: Host) -> None:
    try:
        names = host.list(SYNC)
    except FileMissing as trouble:
        raise NoData(f"{SYNC} does not exist, so pacman's silence says nothing") from trouble
    except NotRecorded as trouble:
        raise NoData(f"pacman printed nothing, and {SYNC} was not recorded") from trouble
    if not any(name.endswith(".db") for name in names):
        raise NoData(f"{SYNC} holds no database, so pacman's silence says nothing")


def parse_upgrades(text: str) -> list[PendingUpdate]:
    """The lines "name old -> new"; those the administrator holds are marked and not counted."""
    updates = []
    for line in text.splitlines():
        found = LINE.fullmatch(line.strip())
        if line.strip() and found is None:
            raise Unparsable(f"pacman -Qu printed {line!r}")
        if found and not found[4]:
            updates.append(PendingUpdate(name=found[1], installed=found[2], candidate=found[3]))
    return updates
