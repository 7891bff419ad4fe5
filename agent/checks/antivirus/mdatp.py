"""Microsoft Defender: real-time protection by its own field, never by "healthy".

``mdatp health --output json``: most values are {"value": ..., "isManaged": ..., ...}; `healthy` is
true with real-time protection off in passive mode. definitionsUpdated is a string of epoch
milliseconds. Agents of 2020 print "key : value" text only; its dates are local and not read.
"""

import json
import re
from datetime import UTC, datetime

from agent.checks.antivirus.product import Health, Signs
from agent.host import (
    CannotTell,
    Conflicting,
    Host,
    NoData,
    NotRecorded,
    ToolFailed,
    Unparsable,
)

COMMAND = ("mdatp", "health")
TIME_LIMIT = 10.0
Fields = dict[str, object]


def ask(host: Host, _signs: Signs) -> Health:
    """Raises ToolMissing, Unparsable (its daemon is down) and what else the tool's run raises."""
    return health_of(_fields(host))


def _fields(host: Host) -> Fields:
    try:
        output = host.run(*COMMAND, "--output", "json", time_limit=TIME_LIMIT)
        return parse_json(output.text)
    except (ToolFailed, NotRecorded, Unparsable):
        return parse_text(host.run(*COMMAND, time_limit=TIME_LIMIT).text)


def health_of(fields: Fields) -> Health:
    health = Health(running=True)
    version = fields.get("appVersion")
    health.version = version if isinstance(version, str) else None
    content = fields.get("definitionsVersion")
    health.definitions_version = content if isinstance(content, str) else None
    try:
        health.real_time = _real_time(fields)
    except CannotTell as trouble:
        health.missing("real_time", trouble)
    try:
        health.definitions_at = _updated_at(fields.get("definitionsUpdated"))
    except CannotTell as trouble:
        health.missing("definitions_at", trouble)
    if _out_of_date(fields.get("definitionsStatus")):
        health.definitions_current = False
    health.remarks += _remarks(fields)
    said = {True: "on", False: "off", None: "not said"}[health.real_time]
    health.because(" ".join(COMMAND), f"real-time protection {said}")
    return health


def _real_time(fields: Fields) -> bool:
    enabled = fields.get("realTimeProtectionEnabled")
    if not isinstance(enabled, bool):
        raise Unparsable("mdatp health does not say whether real-time protection is on")
    if not enabled or fields.get("realTimeProtectionAvailable") is False:
        return False
    if fields.get("passiveModeEnabled") is True:
        return False
    if fields.get("licensed") is False:
        raise Conflicting("mdatp says real-time protection is on, and that it has no licence")
    if fields.get("fullDiskAccessEnabled") is False:  # macOS: it is blind without
        raise Conflicting(
            "mdatp says real-time protection is on, and that it may not read the disk"
        )
    return True


def _remarks(fields: Fields) -> list[str]:
    remarks = []
    if fields.get("passiveModeEnabled") is True:
        remarks.append("passive mode")
    if fields.get("licensed") is False:
        remarks.append("not licensed")
    if fields.get("fullDiskAccessEnabled") is False:
        remarks.append("without Full Disk Access")
    if fields.get("healthy") is False:
        remarks.append("reports itself unhealthy")
    return remarks


def _out_of_date(status: object) -> bool:
    """{"$type": "outOfDate"} in JSON, "out_of_date" in text. "upToDate" takes no date's place."""
    words = status.get("$type") if isinstance(status, dict) else status
    return re.sub(r"[\W_]", "", str(words)).lower() == "outofdate"


def _updated_at(value: object) -> datetime:
    digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{12,13}", digits):
        raise NoData("mdatp health gives no date of the definitions in a known form")
    return datetime.fromtimestamp(int(digits) / 1000, UTC)


def parse_json(text: str) -> Fields:
    """The fields with their objects unwrapped. A message in place of JSON is Unparsable."""
    start = text.find("{")
    try:
        document = json.loads(text[max(start, 0) :])
    except ValueError as error:
        raise Unparsable(f"mdatp health printed no JSON: {error}") from error
    if not isinstance(document, dict) or "healthy" not in document:
        raise Unparsable("mdatp health printed JSON without its fields")
    return {key: _unwrapped(value) for key, value in document.items()}


def _unwrapped(value: object) -> object:
    return value["value"] if isinstance(value, dict) and "value" in value else value


def parse_text(text: str) -> Fields:
    """The text form, with its names turned into those of the JSON form."""
    fields: Fields = {}
    for line in text.splitlines():
        found = re.fullmatch(r'([a-z_]+)\s*: "?(.*?)"?(?: \[managed\])?', line.strip())
        if found:
            first, *rest = found[1].split("_")
            key = first + "".join(word.capitalize() for word in rest)
            fields[key] = {"true": True, "false": False}.get(found[2], found[2])
    if not isinstance(fields.get("healthy"), bool):
        raise Unparsable("mdatp health printed neither form that is known; is its daemon down?")
    fields.pop("definitionsUpdated", None)
    return fields
