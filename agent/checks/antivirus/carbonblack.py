"""Carbon Black Cloud: its state and registration; how it guards files it does not say.

``repcli status`` prints "name: value" lines, among them "State: Enabled" and "Registered: Yes".
"""

import re

from agent.checks.antivirus.product import Health, Signs
from agent.host import Host, NoData, Unparsable

COMMAND = ("repcli", "status")
TIME_LIMIT = 10.0
LINE = re.compile(r"^\s*(State|Registered|Sensor Version|Version)\s*:\s*(\S+)", re.MULTILINE)


def ask(host: Host, _signs: Signs) -> Health:
    """Raises ToolMissing, Unparsable, and what else the tool's run raises."""
    fields = parse_status(host.run(*COMMAND, time_limit=TIME_LIMIT).text)
    health = Health(definitions_in_cloud=True)
    health.version = fields.get("Sensor Version", fields.get("Version"))
    health.because(" ".join(COMMAND), f"State: {fields['State']}")
    if fields["State"] != "Enabled":
        health.remarks.append(f"state {fields['State']}")
    if fields.get("Registered", "Yes") != "Yes":
        health.remarks.append("not registered")
    health.missing("real_time", NoData("repcli does not say whether files are examined when used"))
    return health


def parse_status(text: str) -> dict[str, str]:
    fields = dict(LINE.findall(text))
    if "State" not in fields:
        raise Unparsable("repcli status names no state")
    return fields
