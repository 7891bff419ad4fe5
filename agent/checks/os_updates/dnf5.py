"""dnf5 (Fedora 41 and later): counts from JSON only, because its tables cut words off.

Key names changed between versions (nevra, name, type/kind, severity), so the ones known are tried
and anything else is Unparsable. Some versions list advisories for debug packages that are not
installed: only packages that check-upgrade names are counted.
"""

import json
import re
from datetime import UTC, datetime

from agent.checks.os_updates.advisories import (
    ADVISED,
    DNF5_CACHE,
    in_dnf5_cache,
    known,
    mark_harmless,
    of_the_system,
    repomd_in_dnf5_cache,
)
from agent.checks.os_updates.answer import Answer, in_order
from agent.checks.os_updates.dnf import (
    os_without_advisories,
    parse_check_update,
    parse_repositories,
    require_all_repositories,
    require_whole,
    split_nevra,
)
from agent.checks.os_updates.held_back import by_dnf
from agent.host import CannotTell, Host, NoData, TimedOut, ToolFailed, Unparsable
from protos.posture.v1.signals_pb2 import PendingUpdate

TIME_LIMIT = 60.0
REVISION = re.compile(r"<timestamp>([0-9]{9,10})</timestamp>")
PROGRESS = ("Updating and loading repositories:", "Repositories loaded.")


def ask(host: Host) -> Answer:
    """Raises ToolMissing when there is no dnf5."""
    answer = Answer("dnf")
    try:
        updates, source_of = _available(host)
    except (NoData, TimedOut, ToolFailed, Unparsable) as trouble:
        answer.nothing_about_updates(trouble)
        return answer
    answer.pending = len(updates)
    answer.because("dnf5 -C check-upgrade", f"{len(updates)} upgrades")
    try:
        _advisories(host, answer, updates)
        mark_harmless(updates, source_of, known(in_dnf5_cache, host))
    except CannotTell as trouble:
        answer.missing("pending_security", trouble)
    answer.updates = in_order(updates)
    if (why := by_dnf(host)) is not None:
        answer.missing("updates", why)
    try:
        answer.index_at = _index_at(host)
    except CannotTell as trouble:
        answer.missing("index_at", trouble)
    return answer


def _available(host: Host) -> tuple[list[PendingUpdate], dict[str, str]]:
    output = host.run("dnf5", "-C", "check-upgrade", ok=(0, 1, 100), time_limit=TIME_LIMIT)
    if output.exit_status == 1:
        kind = NoData if "cache" in output.errors.lower() else ToolFailed
        raise kind(f"dnf5 -C check-upgrade: {output.errors.strip()}")
    require_all_repositories(output.errors)
    text = "\n".join(line for line in output.text.splitlines() if not line.startswith(PROGRESS))
    updates = parse_check_update(text)
    if bool(updates) != (output.exit_status == 100):
        raise Unparsable(f"dnf5 -C check-upgrade ended with {output.exit_status}, against its text")
    return updates, parse_repositories(text)


def _advisories(host: Host, answer: Answer, updates: list[PendingUpdate]) -> None:
    """Mark the updates that a security advisory asks for, and count them."""
    listed = host.run("dnf5", "-C", "advisory", "list", "--updates", "--json")
    advisories = parse_advisories(listed.text)
    severity = {a.name: a.severity for a in advisories if a.security}
    if not advisories and not of_the_system(in_dnf5_cache(host)):
        raise NoData("the package repositories carry no advisories")
    if not severity and os_without_advisories(host):
        raise NoData("the repositories of this distribution carry no advisories")
    for update in updates:
        if update.name in severity:
            update.security = True
        if severity.get(update.name):
            update.severity = severity[update.name]
    found = sum(update.security for update in updates)
    if not found:
        require_whole(host.run("dnf5", "-C", "check-upgrade", ok=(0, 100)).text)
    answer.pending_security = found
    answer.because("dnf5 -C advisory list --updates", f"{answer.pending_security} security")


def parse_advisories(text: str) -> list[PendingUpdate]:
    """One entry a package and advisory of ``dnf5 advisory list --json``."""
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise Unparsable(f"dnf5 advisory list: {error}") from error
    if not isinstance(entries, list):
        raise Unparsable("dnf5 advisory list did not print a list")
    return [_advisory(entry) for entry in entries]


def _advisory(entry: object) -> PendingUpdate:
    if not isinstance(entry, dict):
        raise Unparsable("dnf5 advisory list: an entry is not an object")
    kind = entry.get("type", entry.get("advisory_type"))
    severity = entry.get("severity", entry.get("advisory_severity"))
    nevra = entry.get("nevra", entry.get("package"))
    if not isinstance(kind, str) or not isinstance(nevra, str):
        raise Unparsable("dnf5 advisory list: an entry has no type or no package")
    name, version = split_nevra(nevra)
    update = PendingUpdate(name=name, candidate=version, security=kind.lower() == "security")
    if isinstance(severity, str) and severity.lower() not in ("none", "unknown", ""):
        update.severity = severity.lower()
    return update


def _index_at(host: Host) -> datetime:
    """When the oldest cached repository that carries advisories was made, by its own repomd.xml.

    Security updates are read from those: a fresh third party must not hide stale base metadata,
    and a third party that is seldom made anew must not make fresh ones look stale.
    """
    cached = list(repomd_in_dnf5_cache(host).values())
    telling = [repomd for repomd in cached if ADVISED in repomd] or cached
    stamps = [max(map(int, found)) for each in telling if (found := REVISION.findall(each))]
    if not stamps:
        raise NoData(f"{DNF5_CACHE} holds no dated repository metadata")
    return datetime.fromtimestamp(min(stamps), UTC)
