"""Asks ``system_profiler`` for one kind of data: its JSON, or its text where only that is at hand.

The JSON names things by keys of the program ("machine_model"), the text by titles ("Model
Identifier"): two vocabularies, so the caller is told which one it got.
"""

import json
import re
from dataclasses import dataclass

from agent.host import CannotTell, Host, NoData, Unparsable

TIME_LIMIT = 20.0
SECTIONS = {
    "SPHardwareDataType": "Hardware",
    "SPSoftwareDataType": "Software",
    "SPFirewallDataType": "Firewall",
}
"""The heading of each kind in a whole listing."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of data. `json` is the first item of the JSON form, else None; `lines` the
    "Title: value" lines of the text form.
    """

    source: str
    json: dict[str, object] | None
    lines: dict[str, str]


def profile(host: Host, kind: str) -> Profile:
    """Raises as `Host.run`; NoData when there is nothing of this kind, Unparsable."""
    command = ("system_profiler", "-json", kind)
    try:
        printed = host.run(*command, time_limit=TIME_LIMIT).text
        return Profile(" ".join(command), first_item(printed, kind), {})
    except CannotTell as trouble:
        plain = ("system_profiler", kind)
        try:
            printed = host.run(*plain, time_limit=TIME_LIMIT).text
        except CannotTell:
            raise trouble from None
        return Profile(" ".join(plain), None, lines_of(printed, kind))


def first_item(text: str, kind: str) -> dict[str, object]:
    """Raises Unparsable for what is no such JSON, NoData for an empty list."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unparsable(f"system_profiler -json {kind} printed no JSON") from error
    items = parsed.get(kind) if isinstance(parsed, dict) else None
    if items == []:
        raise NoData(f"system_profiler has no {kind}")
    if not isinstance(items, list) or not isinstance(items[0], dict):
        raise Unparsable(f"system_profiler printed JSON without {kind}")
    return items[0]


def lines_of(text: str, kind: str) -> dict[str, str]:
    """The "Title: value" lines of the section; an excerpt may lack the heading. Raises NoData."""
    heading = SECTIONS.get(kind, kind)
    found = re.search(rf"^{heading}:\s*$(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    headed = re.search(r"^\S[^:]*:\s*$", text, re.MULTILINE)
    if found is None and headed:
        raise NoData(f"system_profiler printed no section {heading}")
    section = found[1] if found else text
    pairs = re.findall(r"^\s+([^:\n]+): (.*?)\s*$", section, re.MULTILINE)
    if not pairs:
        raise NoData(f"system_profiler printed nothing of {heading}")
    return dict(reversed(pairs))  # of two alike the first counts
