"""Bitdefender Endpoint Security Tools: guarding means "Antimalware status: On".

``bduitool get ps`` prints "name: value" lines; its dates carry the offset of the local zone:
"Last security content update: 2023-08-24 at 11:44:37 GMT+2".
"""

import re
from datetime import UTC, datetime, timedelta

from agent.checks.antivirus.product import Health, Signs
from agent.host import CannotTell, Host, NoData, Unparsable

COMMAND = ("bduitool", "get", "ps")
TIME_LIMIT = 10.0
UPDATED = re.compile(
    r"(\d{4}-\d{2}-\d{2}) at (\d{2}:\d{2}:\d{2}) (?:GMT|UTC)(?:([+-])(\d{1,2})(?::?(\d{2}))?)?"
)


def ask(host: Host, _signs: Signs) -> Health:
    """Raises ToolMissing, Unparsable, and what else the tool's run raises."""
    fields = parse_fields(host.run(*COMMAND, time_limit=TIME_LIMIT).text)
    state = fields["Antimalware status"]
    health = Health(version=fields.get("Product version"))
    health.definitions_version = fields.get("Engines version")
    health.because(" ".join(COMMAND), f"Antimalware status: {state}")
    if state in ("On", "Off"):
        health.real_time = state == "On"
        health.running = True if health.real_time else None
    else:
        health.missing("real_time", Unparsable(f"bduitool: Antimalware status: {state}"))
    try:
        health.definitions_at = parse_updated(fields.get("Last security content update", ""))
    except CannotTell as trouble:
        health.missing("definitions_at", trouble)
    return health


def parse_fields(text: str) -> dict[str, str]:
    """The "name: value" lines; without a word on antimalware it is no answer."""
    pairs = (line.strip().removeprefix("- ").partition(": ") for line in text.splitlines())
    fields = {name: value.strip() for name, colon, value in pairs if colon}
    if "Antimalware status" not in fields:
        raise Unparsable("bduitool get ps does not name an antimalware status")
    return fields


def parse_updated(words: str) -> datetime:
    """The time of the last content update, in UTC."""
    found = UPDATED.fullmatch(words)
    if found is None:
        raise NoData(f"bduitool: last security content update {words or 'is not given'}")
    offset = timedelta(hours=int(found[4] or 0), minutes=int(found[5] or 0))
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
        return local + offset if found[3] == "-" else local - offset
    except (ValueError, OverflowError) as error:
        raise Unparsable(f"bduitool: last security content update {words}") from error
