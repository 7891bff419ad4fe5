"""Reads ``systemextensionsctl list``: which system extensions are active, by kind.

A launch daemon's file proves nothing; an endpoint security extension that is "activated enabled"
is loaded and gets to see what programs do.
"""

import re
from dataclasses import dataclass

from agent.host import Host, Unparsable

COMMAND = ("systemextensionsctl", "list")
KIND = re.compile(r"^--- com\.apple\.system_extension\.(\w+)", re.MULTILINE)
ROW = re.compile(r"\t(?P<id>[\w.-]+) \((?P<version>[^)]*)\)\t.*\[(?P<state>[a-z ]+)\]\s*$")
ACTIVE = "activated enabled"
SECURITY = "endpoint_security"


@dataclass(frozen=True, slots=True)
class Extension:
    """`kind` such as "endpoint_security" or "network_extension"."""

    kind: str
    bundle_id: str
    active: bool


def extensions(host: Host) -> list[Extension]:
    """Raises Unparsable, and as `Host.run`."""
    return parse(host.run(*COMMAND).text)


def parse(text: str) -> list[Extension]:
    """Every extension that is listed; the first line says how many there are."""
    if not re.match(r"\d+ extension\(s\)", text):
        raise Unparsable("systemextensionsctl list did not print its list")
    found: list[Extension] = []
    kind = ""
    for line in text.splitlines():
        if heading := KIND.match(line):
            kind = heading[1]
        elif row := ROW.search(line):
            found.append(Extension(kind, row["id"], row["state"] == ACTIVE))
    return found
