"""dnf 4 and yum: cached metadata only; no security update means nothing without advisories.

`-C` keeps dnf off the network. check-update ends with 100 when there is something, 0 when not,
1 on error (dnf(8)); without a cache it says so on stderr and ends with 1. Where dnf.conf holds
skip_if_unavailable, as Fedora's does, a repository without a cache is left out instead, and with
`-q` in silence: repolist tells.
"""

import re
from datetime import UTC, datetime

from agent.checks.os_updates import advisories
from agent.checks.os_updates.answer import Answer, in_order
from agent.checks.os_updates.held_back import by_dnf
from agent.checks.os_updates.release import os_release
from agent.host import (
    CannotTell,
    Host,
    NoData,
    NotRecorded,
    TimedOut,
    ToolFailed,
    ToolMissing,
    Unparsable,
)
from protos.posture.v1.signals_pb2 import PendingUpdate

TIME_LIMIT = 60.0
ADVISORY = re.compile(r"(\S+)\s+(\S+)\s+(\S+)")
KINDS = ("bugfix", "enhancement", "newpackage", "unspecified", "unknown", "none")
CHATTER = ("Security:", "Last metadata", "Loaded plugins", "Updating Subscription", "Not root")
REPOSITORY = re.compile(r"^Repo-id\s*:\s*([^\s/]*)", re.MULTILINE)
LOOKED_AT = re.compile(r"^Repo-expire\s*: .*\(last: (.*)\)$", re.MULTILINE)


def ask(host: Host, program: str = "dnf") -> Answer:
    """`program` is dnf or yum. Raises ToolMissing when it is not installed."""
    answer = Answer("dnf")
    updates: list[PendingUpdate] = []
    source_of: dict[str, str] = {}
    try:
        updates, source_of = _available(host, program)
        _require_repositories(host, program, nothing=not updates)
        answer.pending = len(updates)
        answer.because(f"{program} -C -q check-update", f"{len(updates)} upgrades")
    except NotRecorded as trouble:
        answer.missing("pending", trouble)  # the advisories alone are an answer too
    except (NoData, TimedOut, ToolFailed, Unparsable) as trouble:
        answer.nothing_about_updates(trouble)
        return answer
    _advisories(host, program, answer, updates, source_of)
    if answer.pending is None and answer.pending_security is None:
        raise NotRecorded(f"what {program} knows of updates was not recorded")
    if (why := by_dnf(host)) is not None:
        answer.missing("updates", why)
    _index(host, program, answer)
    return answer


def _available(host: Host, program: str) -> tuple[list[PendingUpdate], dict[str, str]]:
    command = (program, "-C", "-q", "check-update")
    output = host.run(*command, ok=(0, 1, 100), time_limit=TIME_LIMIT)
    if output.exit_status == 1:
        if "cache" in output.errors.lower():
            raise NoData(f"{program} has no cached metadata: {output.errors.strip()}")
        raise ToolFailed(f"{' '.join(command)}: {output.errors.strip()}")
    require_all_repositories(output.errors)
    updates = parse_check_update(output.text)
    if bool(updates) != (output.exit_status == 100):
        raise Unparsable(f"{' '.join(command)} ended with {output.exit_status}, against its text")
    return updates, parse_repositories(output.text)


def require_all_repositories(errors: str) -> None:
    """A repository that dnf leaves out, for want of its metadata, may hold what is pending."""
    for line in errors.splitlines():
        if "ignoring" in line.lower() and "repo" in line.lower():
            raise NoData(f"dnf leaves out a repository: {line.strip()}")


def _require_repositories(host: Host, program: str, *, nothing: bool) -> None:
    """dnf must have looked into every enabled repository, and "nothing" needs one to be seen."""
    try:
        output = host.run(program, "-C", "repolist", "-v", time_limit=TIME_LIMIT)
    except (NotRecorded, ToolMissing) as trouble:
        if nothing:
            raise NoData(
                f"{program} lists nothing, and its repositories were not seen"
            ) from trouble
        return
    require_all_repositories(output.errors)
    if nothing and not REPOSITORY.search(output.text):
        raise NoData(f"{program} has no repository with metadata")


def _advisories(
    host: Host,
    program: str,
    answer: Answer,
    updates: list[PendingUpdate],
    source_of: dict[str, str],
) -> None:
    try:
        advised, carried = _advised(host, program)
        security = {u.name: u for u in advised if u.security}
        if not security:
            _require_advisories(host, program, carried=carried)
        if not security and os_without_advisories(host):
            raise NoData("the repositories of this distribution carry no advisories")
        _require_repositories(host, program, nothing=not security)
    except CannotTell as trouble:
        answer.missing("pending_security", trouble)
        answer.updates = in_order(updates)
        return
    answer.pending_security = len(security)
    answer.because(f"{program} -C -q updateinfo list --updates", f"{len(security)} security")
    others = [u for u in updates if u.name not in security]
    telling = advisories.known(advisories.in_dnf4_cache, host)
    advisories.mark_harmless(others, source_of, telling)
    answer.updates = in_order([*security.values(), *others])


def _require_advisories(host: Host, program: str, *, carried: bool) -> None:
    """Nothing of security is believed where the system's own repositories would have said so.

    The cache keeps those of a repository that has since been switched off, or that an expired
    subscription has taken away; a third party's say nothing of the system.
    """
    try:
        telling = advisories.in_dnf4_cache(host)
    except CannotTell:
        if carried:
            return
        raise
    try:
        listed = host.run(program, "-C", "repolist", "-v", time_limit=TIME_LIMIT).text
        telling &= frozenset(REPOSITORY.findall(listed))
    except (NotRecorded, ToolMissing):
        pass
    if not advisories.of_the_system(telling):
        raise NoData("no repository in use that is the system's own carries advisories")


def _advised(host: Host, program: str) -> tuple[list[PendingUpdate], bool]:
    """What advisories apply, and whether there are any at all, of whatever kind."""
    command = (program, "-C", "-q", "updateinfo", "list", "--updates")
    try:
        listed = host.run(*command, time_limit=TIME_LIMIT).text
    except NotRecorded:
        listed = host.run(*command, "--security", time_limit=TIME_LIMIT).text
    advised = parse_updateinfo(listed)
    if not any(update.security for update in advised):
        require_whole(listed)
    return advised, bool(advised)


def require_whole(listed: str) -> None:
    """That nothing of security is in a list is believed of a whole list only."""
    if listed and not listed.endswith("\n"):
        raise Unparsable("the list of updates ends in the middle of a line")


def os_without_advisories(host: Host) -> bool:
    """CentOS publishes none; a third party's, such as EPEL's, do not speak for the system."""
    return os_release(host).get("ID") == "centos"


def _index(host: Host, program: str, answer: Answer) -> None:
    try:
        output = host.run(program, "-C", "repolist", "-v", time_limit=TIME_LIMIT)
        answer.index_at = parse_repolist(output.text)
    except CannotTell as trouble:
        answer.missing("index_at", trouble)


def parse_check_update(text: str) -> list[PendingUpdate]:
    """Every package that can be upgraded, with the version it would get."""
    unique = {name: version for name, version, _ in _packages(text)}
    return [PendingUpdate(name=name, candidate=version) for name, version in unique.items()]


def parse_repositories(text: str) -> dict[str, str]:
    """The repository each upgrade in check-update's list comes from, by package."""
    return {name: repository for name, _, repository in _packages(text)}


def _packages(text: str) -> list[tuple[str, str, str]]:
    """Three words a package, wherever dnf broke its lines; obsoleted packages are not updates."""
    upgrades = re.split(r"(?im)^Obsoleting Packages", text, maxsplit=1)[0]
    lines = [line for line in upgrades.splitlines() if not line.startswith(CHATTER)]
    words = " ".join(lines).split()
    names, versions, repositories = words[::3], words[1::3], words[2::3]
    if not len(names) == len(versions) == len(repositories):
        raise Unparsable("dnf check-update did not print name, version and repository")
    if not all("." in name for name in names) or not all(re.search(r"\d", v) for v in versions):
        raise Unparsable("dnf check-update printed something other than packages")
    return list(zip(names, versions, repositories, strict=True))


def parse_updateinfo(text: str) -> list[PendingUpdate]:
    """One entry a package and advisory: "FEDORA-2020-1 Moderate/Sec. name-1.0-1.fc32.noarch"."""
    updates = []
    for line in text.splitlines():
        if not line.strip() or line.startswith(CHATTER):
            continue
        found = ADVISORY.fullmatch(line.strip())
        severity, slash, kind = found[2].partition("/") if found else ("", "", "")
        security = (slash, kind) == ("/", "Sec.") or severity == "security"
        if found is None or not (security or severity in KINDS):
            raise Unparsable(f"dnf updateinfo printed {line!r}")
        updates.append(_advised_update(found[3], severity if slash else "", security))
    return updates


def _advised_update(nevra: str, severity: str, security: bool) -> PendingUpdate:
    name, version = split_nevra(nevra)
    update = PendingUpdate(name=name, candidate=version, security=security)
    if severity and severity not in ("None", "Unknown"):
        update.severity = severity.lower()
    return update


def split_nevra(nevra: str) -> tuple[str, str]:
    """Name with architecture, and version, as check-update writes them.

    >>> split_nevra("acme-ssl-1:3.0.9-2.fc41.noarch")
    ('acme-ssl.noarch', '1:3.0.9-2.fc41')
    """
    rest, dot, architecture = nevra.rpartition(".")
    parts = rest.rsplit("-", 2)
    if not dot or len(parts) != 3 or not all(parts):
        raise Unparsable(f"{nevra!r} is not the name of a package version")
    return f"{parts[0]}.{architecture}", f"{parts[1]}-{parts[2]}"


def parse_repolist(text: str) -> datetime:
    """When dnf looked last at the repository it has left alone longest, from ``repolist -v``.

    A fresh third party must not hide stale base packages. The door sets the time zone to UTC.
    """
    try:
        words = LOOKED_AT.findall(text)
        looks = [datetime.strptime(w, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC) for w in words]
    except ValueError as error:
        raise Unparsable(f"dnf repolist: {error}") from error
    if not looks:
        raise NoData("dnf repolist names no time of its last look")
    return min(looks)
