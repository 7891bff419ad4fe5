"""Reads single answers out of ``mdmclient QuerySecurityInfo``, what a Mac would tell its server.

It prints old-style property lists between lines of its own, so only one named flag is looked for,
and every place that names it has to say the same. Needs root.
"""

import re

from agent.host import Conflicting, Host, NoData

COMMAND = ("mdmclient", "QuerySecurityInfo")
TIME_LIMIT = 15.0
WORDS = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}


def flag(host: Host, name: str) -> bool:
    """Raises NoData when it is not named, Conflicting, and as `Host.run`."""
    return parse_flag(host.run(*COMMAND, time_limit=TIME_LIMIT).text, name)


def parse_flag(text: str, name: str) -> bool:
    """
    >>> parse_flag('Daemon response: {\\n "FDE_Enabled" = 1;\\n}', "FDE_Enabled")
    True
    """
    pattern = rf'^\s*"?{re.escape(name)}"?\s*=\s*"?(1|0|true|false|yes|no)"?;\s*$'
    said = {WORDS[word.lower()] for word in re.findall(pattern, text, re.MULTILINE | re.IGNORECASE)}
    if not said:
        raise NoData(f"mdmclient QuerySecurityInfo does not name {name}")
    if len(said) > 1:
        raise Conflicting(f"mdmclient QuerySecurityInfo says two things of {name}")
    return said.pop()
