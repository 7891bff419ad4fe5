"""Where somebody went, as the audit log may repeat it: an address may hold what lets people in.

A part of an address is written down when it names a device or an account that is there; all else
is left out.
"""

import re
from collections.abc import Mapping

from collector.store import Connection, accounts, devices

NOT_REPEATED = "(unknown)"
LONGEST = 64


def repeatable(c: Connection, parts: Mapping[str, object]) -> dict[str, str]:
    """The parts of a path, by name, each as it may be written down."""
    return {
        name: str(value) if _is_known(c, str(value)) else NOT_REPEATED
        for name, value in parts.items()
    }


def place(template: str, parts: Mapping[str, str]) -> str:
    """
    >>> place("/devices/{device_id}", {"device_id": "d1"})
    '/devices/d1'
    """
    return re.sub(r"\{(\w+)\}", lambda part: parts.get(part[1], NOT_REPEATED), template)


def _is_known(c: Connection, value: str) -> bool:
    """Asks for both whatever the first one says, so that what is there takes no less time."""
    asked = value if len(value) <= LONGEST else ""
    found = (devices.get(c, asked), accounts.get(c, asked))
    return any(each is not None for each in found)
