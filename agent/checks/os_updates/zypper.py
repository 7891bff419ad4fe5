"""zypper: XML only, security told by each patch's own category, and no patches means unknown.

With --xmlout, ``--category security`` is ignored, so the category is read here. With nothing
cached zypper prints "No updates found" and exits 0: repositories must be seen first.
"""

from collections.abc import Iterable
from datetime import datetime
from xml.etree import ElementTree

from agent.checks.os_updates.advisories import mark_harmless
from agent.checks.os_updates.answer import Answer, in_order
from agent.checks.os_updates.held_back import by_zypper
from agent.checks.os_updates.release import os_release
from agent.host import CannotTell, Host, NoData, NotRecorded, TimedOut, ToolFailed, Unparsable
from protos.posture.v1.signals_pb2 import PendingUpdate

TIME_LIMIT = 60.0
QUIET = ("zypper", "--non-interactive", "--no-refresh", "--xmlout")
NO_REPOSITORIES, LOCKED, SKIPPED = 6, 7, 106
WITHOUT_PATCHES = ("opensuse-tumbleweed", "opensuse-slowroll", "opensuse-microos", "aeon")
MEDIA = ("cd:", "dvd:", "iso:", "hd:")
CACHE = "/var/cache/zypp/raw"
NOT_SEEN = ("not cached", "no metadata", "skipping", "is invalid", "not been refreshed")


def ask(host: Host) -> Answer:
    """Raises ToolMissing when there is no zypper."""
    answer = Answer("zypper")
    packages: list[PendingUpdate] = []
    source_of: dict[str, str] = {}
    try:
        listed = _xml(host, "list-updates")
        packages, source_of = parse_packages(listed), parse_sources(listed)
        _require_repositories(host, packages)
        answer.pending = len(packages)
        answer.because("zypper --no-refresh list-updates", f"{len(packages)} upgrades")
    except NotRecorded as trouble:
        answer.missing("pending", trouble)
    except (NoData, TimedOut, ToolFailed, Unparsable) as trouble:
        answer.nothing_about_updates(trouble)
        return answer
    patches: list[PendingUpdate] = []
    try:
        patches, telling = _security_patches(host, source_of.values())
        mark_harmless(packages, source_of, telling)
        answer.pending_security = len(patches)
        answer.because("zypper --no-refresh list-patches", f"{len(patches)} of security needed")
    except CannotTell as trouble:
        answer.missing("pending_security", trouble)
    if answer.pending is None and answer.pending_security is None:
        raise NotRecorded("what zypper knows of updates was not recorded")
    answer.updates = in_order([*patches, *packages])
    if (why := by_zypper(host)) is not None:
        answer.missing("updates", why)
    try:
        answer.index_at = _looked_at(host)
    except CannotTell as trouble:
        answer.missing("index_at", trouble)
    return answer


def _looked_at(host: Host) -> datetime:
    """The last look at the repository left alone longest: zypp touches repomd.xml at each look."""
    aliases = parse_repositories(_xml(host, "lr", "-u"), refreshed_only=True)
    if not aliases:
        raise NoData("zypper has no enabled repository")
    folders = (f"{CACHE}/{alias.replace('/', '_')}" for alias in aliases)
    return min(host.modified_at(f"{folder}/repodata/repomd.xml") for folder in folders)


def _xml(host: Host, *question: str) -> str:
    asked = (*QUIET, *question)
    output = host.run(*asked, ok=(0, NO_REPOSITORIES, LOCKED, SKIPPED), time_limit=TIME_LIMIT)
    if output.exit_status == LOCKED:
        raise ToolFailed("another program holds zypper's lock")
    if output.exit_status != 0:
        raise NoData("zypper has no usable repositories")
    return output.text


def _require_repositories(host: Host, packages: list[PendingUpdate]) -> None:
    """An empty list of updates is believed when an enabled repository stands behind it."""
    if packages:
        return
    try:
        listed = parse_repositories(_xml(host, "lr", "-u"))
    except NotRecorded as trouble:
        raise NoData("no updates are listed and no repository was recorded") from trouble
    if not listed:
        raise NoData("zypper has no enabled repository")


def _security_patches(
    host: Host, sources: Iterable[str]
) -> tuple[list[PendingUpdate], frozenset[str]]:
    """The needed ones, and those of the sources that are known to publish patches."""
    listed = _xml(host, "list-patches")
    patches, telling = parse_patches(listed), frozenset(parse_sources(listed).values())
    if not patches and os_release(host).get("ID", "") in WITHOUT_PATCHES:
        raise NoData("this distribution publishes no patches")
    if not patches or not telling.issuperset(sources):
        try:
            every = _xml(host, "list-patches", "--all")
            published = parse_patches(every, needed_only=False)
            telling = frozenset(parse_sources(every).values())
        except CannotTell:
            if not patches:
                raise
        else:
            if not published:
                raise NoData("the package repositories carry no patches")
    return [patch for patch in patches if patch.security], telling


def parse_packages(text: str) -> list[PendingUpdate]:
    """The packages of ``zypper --xmlout list-updates``."""
    return [
        PendingUpdate(
            name=u.get("name"), installed=u.get("edition-old"), candidate=u.get("edition")
        )
        for u in _updates(text)
        if u.get("kind", "package") == "package"
    ]


def parse_sources(text: str) -> dict[str, str]:
    """The alias of the repository that offers each update, where it is told, by name."""
    sources = ((u.get("name", ""), u.find("source")) for u in _updates(text))
    return {name: s.get("alias", "") for name, s in sources if s is not None and s.get("alias")}


def parse_patches(text: str, needed_only: bool = True) -> list[PendingUpdate]:
    """The patches of ``zypper --xmlout list-patches``, of every category."""
    patches = []
    for element in _updates(text):
        status, category = element.get("status", ""), element.get("category", "")
        if element.get("kind") != "patch" or not status or not category:
            raise Unparsable("zypper listed a patch without status or category")
        if needed_only and status != "needed":
            continue
        patch = PendingUpdate(name=element.get("name"), candidate=element.get("edition"))
        patch.security = category == "security"
        if element.get("severity", "none") not in ("none", "unspecified", ""):
            patch.severity = element.get("severity", "").lower()
        patches.append(patch)
    return patches


def parse_repositories(text: str, refreshed_only: bool = False) -> list[str]:
    """The aliases of enabled repositories; without those on a medium, which never change."""
    enabled = (repo for repo in _tree(text).iter("repo") if repo.get("enabled") == "1")
    return sorted(
        repo.get("alias", "")
        for repo in enabled
        if not (refreshed_only and repo.findtext("url", "").strip().startswith(MEDIA))
    )


def _updates(text: str) -> list[ElementTree.Element]:
    tree = _tree(text)
    for message in tree.iter("message"):
        words = (message.text or "").lower()
        if message.get("type") == "error" or any(sign in words for sign in NOT_SEEN):
            raise NoData(f"zypper: {message.text}")
    lists = list(tree.iter("update-list"))
    if not lists:
        raise Unparsable("zypper printed no list of updates")
    updates = [update for listed in lists for update in listed.iter("update")]
    if not all(update.get("name") for update in updates):
        raise Unparsable("zypper listed an update without a name")
    return updates


def _tree(text: str) -> ElementTree.Element:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unparsable("zypper printed XML with a document type")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - a root-owned tool's, no entities
    except ElementTree.ParseError as error:
        raise Unparsable(f"zypper printed no whole XML: {error}") from error
