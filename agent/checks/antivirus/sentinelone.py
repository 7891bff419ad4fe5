"""SentinelOne: guarding means "Agent state Enabled"; its models have no local date.

``sentinelctl control status`` prints two columns, a name and a word.
"""

import re

from agent.checks.antivirus.product import Health, Signs
from agent.host import CannotTell, Host, Unparsable

TIME_LIMIT = 10.0
STATUS = ("sentinelctl", "control", "status")
STATE = re.compile(r"^Agent state\s+(\S.*?)\s*$", re.MULTILINE)
VERSION = re.compile(r"^Agent version:\s*(\S+)", re.MULTILINE)


def ask(host: Host, _signs: Signs) -> Health:
    """Raises ToolMissing, Unparsable, and what else the tool's run raises."""
    health = Health(definitions_in_cloud=True)
    status = host.run(*STATUS, time_limit=TIME_LIMIT).text
    state = parse_state(status)
    health.real_time = state
    if state:
        health.running = True
    health.because(" ".join(STATUS), f"Agent state {'Enabled' if state else 'Disabled'}")
    found = VERSION.search(status)
    if found is None:
        try:
            printed = host.run("sentinelctl", "version", time_limit=TIME_LIMIT).text
            found = VERSION.search(printed)
        except CannotTell as trouble:
            health.missing("version", trouble)
    health.version = found[1] if found else None
    return health


def parse_state(text: str) -> bool:
    """Whether the agent is enabled. Any other word than the two known is Unparsable."""
    words = set(STATE.findall(text))
    if words == {"Enabled"}:
        return True
    if words == {"Disabled"}:
        return False
    raise Unparsable("sentinelctl control status names no agent state that is known")
