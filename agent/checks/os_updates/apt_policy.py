"""What ``apt-cache policy`` says of package indexes: which there are, and whose versions count.

A pin or APT::Default-Release (apt_preferences(5)) can put the security archive below the others:
then its versions are not installed, and a simulation that shows none of them proves nothing.
"""

import re
from dataclasses import dataclass

from agent.host import Unparsable

SOURCE = re.compile(r" +(-?[0-9]+) \S+ (\S+)/\S* .*Packages")
RELEASE = re.compile(r" +release (.*)")
PINNED = re.compile(r" +(\S+) -> .*")
PINS = "Pinned packages:"
CODENAMES = ("VERSION_CODENAME", "UBUNTU_CODENAME", "DEBIAN_CODENAME")


@dataclass(frozen=True, slots=True)
class Index:
    """One package index: its priority, its suites, codenames and labels, and who made it."""

    priority: int
    names: frozenset[str]
    origin: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Every index, and the packages with a pin of their own."""

    indexes: tuple[Index, ...] = ()
    pinned: tuple[str, ...] = ()
    indexed: bool = False

    def has_security(self, release: dict[str, str]) -> bool:
        """A security archive left over from another release does not count."""
        return bool(self._security(release))

    def shuns_security(self, release: dict[str, str]) -> bool:
        """It has a release's security archive, and takes that release's own versions before it."""
        for codename in codenames(release):
            secure = self._security({CODENAMES[0]: codename})
            origins = {index.origin for index in secure}
            own = (i for i in self.indexes if codename in i.names and i.origin in origins)
            best = max((index.priority for index in secure), default=0)
            if best < max((0, *(index.priority for index in own))) and secure:
                return True
        return False

    def telling(self, release: dict[str, str]) -> frozenset[str]:
        """The labels of the archives whose maker has a security archive for this release.

        An update of another archive (a vendor's, backports) is not called anything by anybody.
        """
        makers = {index.origin for index in self._security(release)} - {""}
        return frozenset(index.label for index in self.indexes if index.origin in makers)

    def _security(self, release: dict[str, str]) -> list[Index]:
        wanted = {f"{c}{end}" for c in codenames(release) for end in ("-security", "/updates")}
        if wanted:
            return [index for index in self.indexes if index.names & wanted]
        return [index for index in self.indexes if any(map(is_security, index.names))]


def parse_policy(text: str) -> Policy:
    """The answer to ``apt-cache policy`` without names. Raises Unparsable."""
    if not text.startswith("Package files:"):
        raise Unparsable("apt-cache policy does not begin with its list of package files")
    files, _, pins = text.partition(f"\n{PINS}")
    found: list[tuple[int, set[str]]] = []
    for line in files.splitlines()[1:]:
        if source := SOURCE.fullmatch(line.rstrip()):
            found.append((int(source[1]), {source[2]}))
        elif found and (said := RELEASE.fullmatch(line.rstrip())):
            parts = said[1].split(",")
            found[-1][1].update(part for part in parts if part[:2] in ("a=", "n=", "l=", "o="))
    pinned = {line[1] for line in map(PINNED.fullmatch, pins.splitlines()) if line}
    indexes = tuple(_index(*entry) for entry in found)
    return Policy(indexes, tuple(sorted(pinned)), bool(indexes))


def _index(priority: int, said: set[str]) -> Index:
    fields = {part[0]: part[2:] for part in sorted(said) if part[1:2] == "="}
    names = (part[2:] if part[1:2] == "=" else part for part in said if part[:2] != "o=")
    return Index(priority, frozenset(names), fields.get("o", ""), fields.get("l", ""))


def is_security(name: str) -> bool:
    """Whether a suite or label is a security archive's.

    >>> [is_security(n) for n in ("bookworm-security", "Debian-Security", "jammy-updates")]
    [True, True, False]
    >>> is_security("buster/updates")
    True
    """
    return name.lower().endswith("-security") or name.endswith("/updates")


def codenames(release: dict[str, str]) -> list[str]:
    """What archives call this release, or the one it is made from, by the fields of os-release."""
    return [release[key] for key in CODENAMES if release.get(key)]
