"""Reads ``socketfilterfw``, the tool of the application firewall: the number counts, not the words.

"(State = 0)" off, 1 on, 2 on and blocking everything that is not essential: the sentence of state
2 lacks the word "enabled". Reading needs no rights, also on managed Macs. The other flags have an
old and a new wording each (macOS 12 to 27).
"""

import re
from collections.abc import Mapping

from agent.host import CannotTell, Host, Unparsable

TOOL = "socketfilterfw"
GLOBAL = "--getglobalstate"
STATE = re.compile(r"^Firewall is .*\(State = (\d+)\)\s*$", re.MULTILINE)
BLOCKS_ALL = 2
STATES = {0: "off", 1: "on", BLOCKS_ALL: "on, blocks all incoming connections"}

FLAGS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "--getstealthmode": (
        "stealth mode",
        re.compile(r"[Ss]tealth mode (?:is )?(on|off|enabled|disabled)\b"),
    ),
    "--getblockall": (
        "block all",
        re.compile(r"[Bb]lock all (?:state set to )?(on|off|enabled|disabled)\b", re.IGNORECASE),
    ),
}
"""What else is asked, the name it goes by, and both of its wordings."""


def global_state(host: Host) -> int:
    """0, 1 or 2. Raises Unparsable and as `Host.run`."""
    return parse_state(host.run(TOOL, GLOBAL).text)


def parse_state(text: str) -> int:
    """
    >>> parse_state("Firewall is blocking all non-essential incoming connections. (State = 2)")
    2
    """
    found = set(STATE.findall(text))
    if len(found) != 1 or int(next(iter(found))) not in STATES:
        raise Unparsable(f"{TOOL} {GLOBAL} names no state that is known")
    return int(found.pop())


def flags(host: Host) -> dict[str, bool]:
    """What is known of the other flags; an error of theirs leaves the global state valid."""
    known = {}
    for option, (name, pattern) in FLAGS.items():
        try:
            found = set(pattern.findall(host.run(TOOL, option).text))
        except CannotTell:
            continue
        words = {word.lower() for word in found}
        if len(words) == 1:
            known[name] = words <= {"on", "enabled"}
    return known
