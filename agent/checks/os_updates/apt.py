"""apt: a simulated dist-upgrade is believed only when a package index stands behind it.

With no index at all, apt-get prints "0 upgraded" and exits 0, so the indexes that apt-cache lists
are asked for as well. `dist-upgrade`, because plain `upgrade` keeps back a kernel that needs a new
package. Only ``Inst`` lines are read: the words around them change between versions (apt 3.0).
"""

import re

from agent.checks.os_updates import apt_check
from agent.checks.os_updates.answer import Answer, in_order
from agent.checks.os_updates.apt_archive import security_index_at
from agent.checks.os_updates.apt_policy import Policy, is_security, parse_policy
from agent.checks.os_updates.apt_versions import security_versions
from agent.checks.os_updates.release import os_release
from agent.host import CannotTell, Host, NoData, NotRecorded, ToolMissing, Unparsable
from protos.posture.v1.signals_pb2 import PendingUpdate

SIMULATION = (
    *("apt-get", "-s", "-q", "-o", "Debug::NoLocking=true"),
    *("-o", "APT::Get::Show-User-Simulation-Note=false", "dist-upgrade"),
)
TIME_LIMIT = 20.0
INST = re.compile(r"Inst (\S+)(?: \[([^\]]*)\])? \((\S+) ?(.*?)(?: ?\[[^\]]*\])?\)(?: .*)?")
SUMMARY = re.compile(
    r"^ *(?:([0-9]+) upgraded, .* and ([0-9]+) not upgraded\."
    r"|Upgrading: ([0-9]+), .*Not Upgrading: ([0-9]+))$",
    re.MULTILINE,
)
PHASED = (
    "The following upgrades have been deferred due to phasing:",
    "Not upgrading yet due to phasing:",
)
KEPT_BACK = ("The following packages have been kept back:", "Not upgrading:")


def ask(host: Host) -> Answer:
    """Raises ToolMissing when there is no apt-get."""
    answer = Answer("apt")
    try:
        simulated = host.run(*SIMULATION, time_limit=TIME_LIMIT).text
    except ToolMissing:
        raise
    except CannotTell as trouble:
        if not _counted(host, answer):
            raise trouble from None
    else:
        _simulated(host, answer, simulated)
    try:
        answer.index_at = security_index_at(host)
    except CannotTell as trouble:
        answer.missing("index_at", trouble)
    return answer


def _simulated(host: Host, answer: Answer, simulated: str) -> None:
    try:
        updates = parse_simulation(simulated)
        policy, blind = _indexes(host, simulated, updates)
        kept = sorted({*parse_kept_back(simulated), *policy.pinned})
        if not policy.indexed:
            raise NoData('apt has no package index, so apt-get\'s "0 upgraded" says nothing')
        if policy.indexes:
            _leave_open(updates, parse_labels(simulated), policy.telling(os_release(host)))
        _fill(host, answer, updates, kept, blind)
    except CannotTell as trouble:
        answer.nothing_about_updates(trouble)


def _counted(host: Host, answer: Answer) -> bool:
    """Whether apt-check could stand in for a simulation that gave no answer."""
    try:
        apt_check.count(host, answer)
    except CannotTell:
        return False
    return True


def _fill(
    host: Host,
    answer: Answer,
    updates: list[PendingUpdate],
    kept: list[str],
    blind: CannotTell | None,
) -> None:
    unclear = [update.name for update in updates if not update.security] + kept
    hidden, trouble = _hidden(host, unclear)
    for update in updates:
        if update.name in hidden:
            update.security = True
    named = {update.name for update in updates}
    held = [PendingUpdate(name=n, security=True) for n in kept if n in hidden - named]
    listed = updates + held
    answer.pending = len(listed)
    answer.updates = in_order(listed)
    words = f"{len(listed)} upgrades" + (", others are kept back or pinned" if kept else "")
    answer.because(" ".join(SIMULATION), words)
    if (why := blind or trouble) is not None:
        answer.missing("pending_security", why)
        return
    answer.pending_security = sum(update.security for update in listed)


def _leave_open(
    updates: list[PendingUpdate], labels_of: dict[str, set[str]], telling: frozenset[str]
) -> None:
    """Take back "no security update" where no archive was in a position to say so."""
    for update in updates:
        if not update.security and not labels_of.get(update.name, set()) & telling:
            update.ClearField("security")


def _hidden(host: Host, names: list[str]) -> tuple[set[str], CannotTell | None]:
    """Packages whose newer ordinary version, or whose hold, hides a security version."""
    try:
        return security_versions(host, names), None
    except NotRecorded:
        return set(), None  # an older recording: the origins in the simulation have to do
    except CannotTell as trouble:
        return set(), trouble


def _indexes(
    host: Host, simulated: str, updates: list[PendingUpdate]
) -> tuple[Policy, CannotTell | None]:
    """The package indexes, and why they cannot speak of security updates, if they cannot.

    What the simulation itself shows is proof too: an upgrade must have come from an index.
    """
    shown = bool(updates) or parse_summary(simulated)[1] > 0
    secured = any(update.security for update in updates)
    try:
        policy = parse_policy(host.run("apt-cache", "policy", time_limit=TIME_LIMIT).text)
    except NotRecorded as trouble:
        if not shown:
            raise
        told = secured or all_phased(simulated)
        return Policy(indexed=True), None if told else trouble
    release = os_release(host)
    if policy.shuns_security(release):
        return policy, NoData("apt is told to prefer other archives to the security archive")
    if secured or policy.has_security(release):
        return policy, None
    return policy, NoData("apt has no index of this release's security archive")


def parse_simulation(text: str) -> list[PendingUpdate]:
    """The upgrades of installed packages in a simulation; a package that would be new is none."""
    announced, _ = parse_summary(text)
    updates = []
    for line in text.splitlines():
        if not line.startswith("Inst "):
            continue
        found = INST.fullmatch(line.rstrip())
        if found is None:
            raise Unparsable(f"apt-get -s printed {line!r}")
        name, installed, candidate, origins = found.groups()
        if installed is not None:
            updates.append(_update(name, installed, candidate, origins))
    if len(updates) < announced:
        raise Unparsable(f"apt-get -s announced {announced} upgrades and listed {len(updates)}")
    return updates


def parse_labels(text: str) -> dict[str, set[str]]:
    """The labels of the archives that offer each update, by package."""
    found = (INST.fullmatch(line.rstrip()) for line in text.splitlines())
    return {
        line[1]: {origin.partition(":")[0].strip() for origin in line[4].split(", ")}
        for line in found
        if line
    }


def parse_summary(text: str) -> tuple[int, int]:
    """How many packages would be upgraded, and how many would not though they could be."""
    found = SUMMARY.search(text)
    if found is None:
        raise Unparsable("apt-get -s printed no summary")
    upgraded, kept = found.groups()[:2] if found[1] is not None else found.groups()[2:]
    return int(upgraded), int(kept)


def _update(name: str, installed: str, candidate: str, origins: str) -> PendingUpdate:
    """`origins` is "Label:version/suite, Label:version/suite"."""
    names = [part for origin in origins.split(", ") for part in re.split(r"[:/]", origin)]
    security = any(is_security(part.strip()) for part in names)
    return PendingUpdate(name=name, installed=installed, candidate=candidate, security=security)


def parse_kept_back(text: str) -> list[str]:
    """Packages with a newer version that a hold or a conflict keeps back; phased ones are not."""
    return _listed(text, KEPT_BACK)


def all_phased(text: str) -> bool:
    """Nothing is upgraded, and all that could be waits for its turn.

    Only Ubuntu's updates archive is phased, and it carries every security update as well: none
    is left that could be installed now.
    """
    upgraded, kept = parse_summary(text)
    return upgraded == 0 and kept > 0 and len(_listed(text, PHASED)) == kept


def _listed(text: str, headings: tuple[str, ...]) -> list[str]:
    names: list[str] = []
    inside = False
    for line in text.splitlines():
        inside = (inside and line.startswith(" ")) or line.startswith(headings)
        if inside and line.startswith(" "):
            names += line.split()
    return sorted(set(names))
