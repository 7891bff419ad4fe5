"""Security versions that a newer ordinary version, or a hold, hides from the simulation.

When a fix from the security archive is followed by a later version in an ordinary one, the
simulation names only the later. ``apt-cache policy NAME...`` lists every version and its archives,
newest first, with *** at the installed one (apt-cache(8)).
"""

import re
from collections.abc import Iterable

from agent.host import Host

TIME_LIMIT = 20.0
MOST_NAMES = 400
"""In one question: a command line is not endless."""

VERSION = re.compile(r" (\*\*\*|   ) (\S+)(?: -?[0-9]+)?(?: \(phased [0-9]+%\))?")
ARCHIVE = re.compile(r" {5,}-?[0-9]+ \S+ (\S+?)-security/\S+ .*")


def security_versions(host: Host, names: Iterable[str]) -> set[str]:
    """Which of the packages have a version above the installed one in a security archive."""
    asked, found = sorted(set(names)), set[str]()
    while asked:
        part, asked = asked[:MOST_NAMES], asked[MOST_NAMES:]
        tables = host.run("apt-cache", "policy", *part, time_limit=TIME_LIMIT).text
        found |= parse_version_tables(tables)
    return found


def parse_version_tables(text: str) -> set[str]:
    """Names in the output of ``apt-cache policy NAME...`` that have such a version.

    A package that is not installed has no *** and so nothing above it.
    """
    found: set[str] = set()
    name, above, secured = "", False, False
    for line in text.splitlines():
        if line and not line.startswith(" ") and line.endswith(":"):
            name, above, secured = line[:-1], True, False
        elif version := VERSION.fullmatch(line.rstrip()):
            above = above and version[1] != "***"
            if secured and version[1] == "***":
                found.add(name)
        elif above and ARCHIVE.fullmatch(line):
            secured = True
    return found
