"""Tells believable hardware identifiers from placeholders, and hides the ones that leave.

Firmware makers ship boards with "To be filled by O.E.M." or one repeated digit where a serial
number belongs; two such machines would look like one.
"""

import hmac
import re

PRODUCT_KEY = b"muster hardware fingerprint v1"
PLACEHOLDER = re.compile(
    r"to be filled.*|default string.*|not (specified|available|applicable|present).*"
    r"|(system|chassis|base ?board|product) (product ?name|name|serial ?number|version|sku.*)"
    r"|(system|chassis|base ?board) manufacture[r]?|(type\d *- *)?board serial number"
    r"|none|n/?a|null|invalid|unknown|unspecified|oem|o\.e\.m\.|<.*>|type\d.*|sn\w*0{6,}\w*"
    r"|no (asset tag|enclosure)|0?123456789(0|abcdef)?|x+|\.+|asset-1234567890",
    re.IGNORECASE,
)
NEVER_UUIDS = frozenset(("03000200040005000006000700080009", "00020003000400050006000700080009"))


def believable(words: str | None) -> str | None:
    """The text without its padding; None for a placeholder or nothing.

    >>> believable("Latitude D610     ")
    'Latitude D610'
    >>> believable("To Be Filled By O.E.M.")
    >>> believable("0000000")
    """
    line = " ".join((words or "").replace("\0", " ").split())
    letters = re.sub(r"[\W_]", "", line).upper()
    if not letters or PLACEHOLDER.fullmatch(line) or len(set(letters)) == 1:
        return None
    return line


def believable_uuid(words: str | None) -> str | None:
    """32 hexadecimal digits, or None when it is malformed, known from many boards, or one byte.

    >>> believable_uuid("EEEEEEEE-EEEE-EEEE-EEEE-EEEEEEEEEEEE")
    """
    digits = (words or "").strip().lower().replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{32}", digits) or digits in NEVER_UUIDS:
        return None
    return None if digits == digits[:2] * 16 else digits


def hidden(identifier: str) -> bytes:
    """HMAC-SHA-256 keyed by the product: to be compared, not read."""
    return hmac.digest(PRODUCT_KEY, identifier.encode(), "sha256")
