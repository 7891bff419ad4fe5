"""What an administrator tells dnf or zypper to leave out: updates of it are never listed.

dnf.conf(5): exclude, excludepkgs and includepkgs of the main section; the lists of the versionlock
plugin of dnf 4 and of dnf 5's own; locks(5) of libzypp. A repository's own exclude= is left out of
account: it says from where a package comes (Kubernetes' repository is written down so).
"""

import re

from agent.host import CannotTell, Host, NoData, read_text

DNF_CONF = ("/etc/dnf/dnf.conf", "/etc/yum.conf")
VERSIONLOCK = ("/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list")
DNF5_VERSIONLOCK = "/etc/dnf/versionlock.toml"
ZYPPER_LOCKS = "/etc/zypp/locks"
EXCLUDED = re.compile(
    r"^(?:exclude|excludepkgs|includepkgs)[ \t]*=[ \t]*(\S[^#\n]*)$", re.MULTILINE
)
LOCKED_NAME = re.compile(r"""^\s*name\s*=\s*["']([^"']+)""", re.MULTILINE)
LOCKED_SOLVABLE = re.compile(r"^solvable_name:\s*(\S+)", re.MULTILINE)
MOST_NAMED = 5


def by_dnf(host: Host) -> NoData | None:
    """Why dnf's list of updates is not whole; None when nothing holds any back."""
    found = [name for path in DNF_CONF for name in _found(EXCLUDED, host, path)]
    for path in VERSIONLOCK:
        lines = (line.strip() for line in _content(host, path).splitlines())
        found += [line for line in lines if line and not line.startswith("#")]
    return _told("dnf", found + _found(LOCKED_NAME, host, DNF5_VERSIONLOCK))


def by_zypper(host: Host) -> NoData | None:
    """The same of zypper."""
    return _told("zypper", _found(LOCKED_SOLVABLE, host, ZYPPER_LOCKS))


def _told(manager: str, found: list[str]) -> NoData | None:
    names = sorted({word for name in found for word in re.split(r"[\s,]+", name) if word})
    if not names:
        return None
    shown = ", ".join(names[:MOST_NAMED]) + (" and others" if names[MOST_NAMED:] else "")
    return NoData(f"{manager} is told to leave out {shown}, so that no update of these is seen")


def _found(pattern: re.Pattern[str], host: Host, path: str) -> list[str]:
    return pattern.findall(_content(host, path))


def _content(host: Host, path: str) -> str:
    """Empty where there is none, or it was not recorded."""
    try:
        return read_text(host, path)
    except CannotTell:
        return ""
