"""CrowdStrike Falcon: guarding means registered, not in reduced functionality, and running.

``falconctl -g`` prints aid="...", rfm-state=false, version = 6.38.0, or "aid is not set", split by
commas. With rfm-state true the sensor detects nothing. What it knows lives in the maker's cloud.
"""

import re

from agent.checks.antivirus.product import Health, Signs
from agent.host import CannotTell, Host, NoData, NotRecorded, ToolFailed, Unparsable

FULL = ("--aid", "--cid", "--rfm-state", "--rfm-reason", "--version", "--backend")
WIDE = (
    *("--aid", "--apd", "--aph", "--app", "--cid", "--feature", "--metadata-query"),
    *("--rfm-reason", "--rfm-state", "--rfm-history", "--tags", "--version"),
)
PLAIN = ("--aid", "--rfm-state", "--version")
TIME_LIMIT = 10.0
FIELD = re.compile(r'\b(aid|rfm-state|version)\s*(?:=\s*"?([^",\s]+)"?|(is not set))')


def ask(host: Host, signs: Signs) -> Health:
    """Raises ToolMissing, and what else the tool's run raises."""
    health = Health(definitions_in_cloud=True)
    fields = parse_falconctl(_answer(host))
    if fields.get("version"):
        health.version = str(fields["version"]).rstrip(".")
    if fields.get("aid", "") is None:
        health.remarks.append("not registered")
    if fields.get("rfm-state") == "true":
        health.remarks.append("reduced functionality")
    try:
        health.real_time = _real_time(fields, signs)
    except CannotTell as trouble:
        health.missing("real_time", trouble)
    said = health.remarks or ["registered"]
    health.because("falconctl -g --aid --rfm-state", ", ".join(said))
    return health


def _answer(host: Host) -> str:
    """Not every version knows every option, so fewer are asked for in turn."""
    trouble: CannotTell = NoData("falconctl was not asked")
    for options in (FULL, WIDE, PLAIN):
        try:
            return host.run("falconctl", "-g", *options, time_limit=TIME_LIMIT).text
        except (ToolFailed, NotRecorded) as failed:
            trouble = failed
    raise trouble


def _real_time(fields: dict[str, str | None], signs: Signs) -> bool:
    if fields.get("aid", "") is None or fields.get("rfm-state") == "true":
        return False
    if fields.get("rfm-state") != "false" or not fields.get("aid"):
        raise NoData("falconctl does not say whether the sensor is registered and whole")
    if signs.running is None:
        raise signs.trouble or NoData("whether the sensor runs was not seen")
    return signs.running


def parse_falconctl(text: str) -> dict[str, str | None]:
    """The fields that are named; None for one that "is not set"."""
    fields = {name: None if unset else value for name, value, unset in FIELD.findall(text)}
    if "aid" not in fields and "rfm-state" not in fields:
        raise Unparsable("falconctl -g named neither aid nor rfm-state")
    return fields
