"""One spelling for commands that ask the same: whoever recorded them, as root or through a shell.

What could change an answer is never smoothed away: another language, another person, a filter
behind a pipe, complaints that were thrown away. Such a line answers nothing.
"""

import re
import shlex
from collections.abc import Iterable

SPELLINGS = {
    ("nft", "--json"): "-j",
    ("lsblk", "-J"): "--json",
    ("lsblk", "-b"): "--bytes",
    ("ip", "-json"): "-j",
    ("ip", "address"): "addr",
    ("ip", "a"): "addr",
    ("dnf", "--quiet"): "-q",
    ("dnf", "--cacheonly"): "-C",
    ("dnf5", "--cacheonly"): "-C",
    ("apt-get", "--simulate"): "-s",
    ("apt-get", "--just-print"): "-s",
    ("apt-get", "--dry-run"): "-s",
    ("apt-get", "full-upgrade"): "dist-upgrade",
    ("zypper", "lu"): "list-updates",
    ("zypper", "lp"): "list-patches",
    ("zypper", "repos"): "lr",
    ("zypper", "-x"): "--xmlout",
    ("pacman", "--query"): "-Q",
    ("firewall-cmd", "-q"): "--quiet",
}
WITHOUT_MEANING = {
    "apt-get": re.compile(r"-qq?|--quiet|Debug::NoLocking=(1|true)|APT::Get::Show-User.*=false|-o"),
    "dmidecode": re.compile(r"-q|--quiet"),
    "dnf": re.compile(r"-q|--installroot=\S+|--releasever=\S+|--setopt=\S+"),
    "ip": re.compile(r"show|list"),
    "iptables-save": re.compile(r"-c|--counters"),
    "ip6tables-save": re.compile(r"-c|--counters"),
    "loginctl": re.compile(r"--no-pager|--no-legend"),
    "nft": re.compile(r"-a|--handle|-s|--stateless"),
    "pacman": re.compile(r"--noconfirm|--config|--root|/srv/\S+"),
    "systemctl": re.compile(r"--no-pager"),
    "zypper": re.compile(r"--non-interactive|-n|--no-gpg-checks|--root|/srv/\S+"),
}
"""Options that change how a tool behaves towards others, or where a recorder kept its test root,
and never what it says. An option's value is listed beside it."""

ANY_ORDER = ("dnf", "dnf5", "zypper")
"""Tools that take their flags at any place."""

PREFIX = re.compile(r"sudo|doas|env|command|exec|nice|-n|-E|-H|-u|root|timeout|\d+s?")
HARMLESS = re.compile(
    r"(?:LC_ALL|LC_MESSAGES|LANG|LANGUAGE)=(?:C|C\.UTF-8|C\.utf8|POSIX|en_\S*)?"
    r"|TZ=(?:UTC|UTC0)|(?:PATH|TERM|COLUMNS|PAGER|SYSTEMD_PAGER|DEBIAN_FRONTEND)=\S*"
)
SHELL = re.compile(r"[|&;<>].*|\d>.*|.*;|.*`.*|.*\$\(.*")
BOTH = "2>&1"


def plain(argv: Iterable[str]) -> tuple[str, ...]:
    """The command without what has no meaning, flags in one spelling.

    >>> plain(("apt-get", "-s", "-q", "-o", "Debug::NoLocking=1", "dist-upgrade"))
    ('apt-get', '-s', 'dist-upgrade')
    >>> plain(("nft", "--json", "list", "ruleset"))
    ('nft', '-j', 'list', 'ruleset')
    """
    program, *rest = argv
    dropped = WITHOUT_MEANING.get(program)
    kept = [word for word in rest if dropped is None or not dropped.fullmatch(word)]
    spelled = [SPELLINGS.get((program, word), word) for word in kept]
    if program in ANY_ORDER:
        spelled.sort(key=lambda word: word if word.startswith("-") else "")
    return (program, *spelled)


def words_of(line: str) -> tuple[str, ...]:
    """The program and arguments of a recorded line; empty where it is no plain question.

    >>> words_of("LC_ALL=C sudo -n /usr/sbin/nft -j list ruleset")
    ('nft', '-j', 'list', 'ruleset')
    >>> words_of("sh -c 'nft list ruleset | grep drop'"), words_of("LANG=fr_FR ufw status")
    ((), ())
    """
    words = _split(line)
    if words and words[-1] == BOTH:
        words = words[:-1]
    while words and (PREFIX.fullmatch(words[0]) or HARMLESS.fullmatch(words[0])):
        words = words[1:]
    if len(words) == 3 and words[0] in ("sh", "bash", "/bin/sh", "/bin/bash") and words[1] == "-c":
        return words_of(words[2])
    if not words or "=" in words[0] or any(map(SHELL.fullmatch, words)):
        return ()
    program = words[0].rpartition("/")[2] if words[0].startswith("/") else words[0]
    return (program, *words[1:])


def complaints_within(line: str) -> bool:
    """Whether the answer holds what the program complained of, among what it said."""
    return line.rstrip(" '\"").endswith(BOTH)


def _split(line: str) -> list[str]:
    """Quotes as a shell reads them; a recorder that joined the words wrote none."""
    try:
        return shlex.split(line) if "'" in line or '"' in line else line.split()
    except ValueError:
        return line.split()
