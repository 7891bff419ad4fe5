"""Which repositories tell security updates apart: an update of another is not called harmless.

dnf 4 keeps "<repository>-updateinfo.solvx" in its cache, dnf 5 the repository's own repomd.xml,
which names its updateinfo.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from agent.host import CannotTell, Host, read_text
from protos.posture.v1.signals_pb2 import PendingUpdate

DNF4_CACHE = "/var/cache/dnf"
DNF5_CACHE = "/var/cache/libdnf5"
ADVISED = 'type="updateinfo"'
DNF4_END = "-updateinfo.solvx"

THIRD_PARTIES = ("epel", "rpmfusion", "copr:")
"""How the names of repositories begin whose advisories do not speak for the system itself."""

Ask = Callable[[Host], frozenset[str]]


def in_dnf4_cache(host: Host) -> frozenset[str]:
    """The repositories with advisories. Raises CannotTell."""
    names = host.list(DNF4_CACHE)
    return frozenset(name.removesuffix(DNF4_END) for name in names if name.endswith(DNF4_END))


def of_the_system(telling: Collection[str]) -> bool:
    """Whether a repository of the distribution itself is among those with advisories."""
    return any(not name.startswith(THIRD_PARTIES) for name in telling)


def in_dnf5_cache(host: Host) -> frozenset[str]:
    """The repositories with advisories. Raises CannotTell."""
    cached = repomd_in_dnf5_cache(host)
    return frozenset(name for name, repomd in cached.items() if ADVISED in repomd)


def repomd_in_dnf5_cache(host: Host) -> dict[str, str]:
    """Every repomd.xml, by repository; the folder's name ends in a hash. Raises CannotTell."""
    return {
        name.rpartition("-")[0]: read_text(host, f"{DNF5_CACHE}/{name}/repodata/repomd.xml")
        for name in host.list(DNF5_CACHE)
        if "-" in name
    }


def mark_harmless(
    updates: Iterable[PendingUpdate], source_of: Mapping[str, str], telling: Collection[str]
) -> None:
    """Mark as no security update what comes from a source that would have said so."""
    for update in updates:
        if not update.security and source_of.get(update.name) in telling:
            update.security = False


def known(ask: Ask, host: Host) -> frozenset[str]:
    """The repositories with advisories; none where the cache cannot be seen."""
    try:
        return ask(host)
    except CannotTell:
        return frozenset()
