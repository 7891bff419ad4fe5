"""Says whether a person's path leads to what is not that person's: a link may lead anywhere.

The agent reads as root, and a recording is carried to another place: what somebody's link to
/etc/shadow shows must not be in it.
"""

import re

from agent.checks.disk_encryption.keys import followed
from agent.files import OURS
from agent.host import Host, Unparsable

HOME = re.compile(r"/(?:root|(?:var/)?home/[^/]+|Users/[^/]+)/*")
FOR_EVERYBODY = ("/nix/store/", "/usr/")
"""What every account may read; settings that a package or NixOS made are links to there."""


def is_home(folder: str) -> bool:
    """What people call their own files there is nobody's business: only settings are written."""
    return bool(HOME.fullmatch(folder))


def leads_astray(host: Host, path: str) -> bool:
    """Never raises. The system's own places lead where the administrator wants."""
    if OURS.match(path) or not path.startswith("/"):
        return False
    home = "/".join(path.split("/")[:3])
    try:
        place, within = followed(host, path), followed(host, home)
    except Unparsable:
        return True
    return place != within and not place.startswith((within + "/", *FOR_EVERYBODY))
