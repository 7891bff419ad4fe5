"""Cortex XDR: whether its processes run and which content it has; its content carries no date.

``cytool runtime query`` prints a table Name PID User Status Command. No answer of cytool at hand
says whether files are examined when used, so real-time protection stays unknown.
"""

import re

from agent.checks.antivirus.product import Health, Signs
from agent.host import CannotTell, Host, NoData, Unparsable

RUNTIME = ("cytool", "runtime", "query")
TIME_LIMIT = 10.0
MAIN_PROCESS = "pmd"
STATES = ("Running", "Stopped", "Loaded")
"""A driver of macOS is "Loaded". Before the state come the process id and the user."""


def ask(host: Host, _signs: Signs) -> Health:
    """Raises ToolMissing, Unparsable, and what else the tool's run raises."""
    states = parse_runtime(host.run(*RUNTIME, time_limit=TIME_LIMIT).text)
    health = Health(running=states.get(MAIN_PROCESS) == "Running")
    stopped = sorted(name for name, state in states.items() if state == "Stopped")
    if stopped:
        health.remarks.append(f"not running: {', '.join(stopped)}")
    health.because(" ".join(RUNTIME), "some do not run" if stopped else "all processes run")
    health.missing("real_time", NoData("cytool does not say whether files are examined when used"))
    health.missing("definitions_at", NoData("cytool gives the content's version and no date"))
    health.version = _said(host, r"supervisor tool ([0-9][0-9.]*)", "cytool", "info")
    health.definitions_version = _said(
        host, r"^Content Version:\s*(\S+)", "cytool", "info", "query"
    )
    return health


def _said(host: Host, pattern: str, *command: str) -> str | None:
    try:
        text = host.run(*command, time_limit=TIME_LIMIT).text
    except CannotTell:
        return None
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else None


def parse_runtime(text: str) -> dict[str, str]:
    """The state of every process of the table."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != ["Name", "PID", "User", "Status", "Command"]:
        raise Unparsable("cytool runtime query did not print its table")
    states = {}
    for words in lines[1:]:
        place = next((n for n, word in enumerate(words) if word in STATES), 0)
        if not place:
            raise Unparsable(f"cytool runtime query printed {' '.join(words)!r}")
        states[" ".join(words[: max(place - 2, 1)])] = words[place]
    if not states:
        raise Unparsable("cytool runtime query listed no process")
    return states
