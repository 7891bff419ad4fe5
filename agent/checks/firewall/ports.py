"""Sets of ports as the bits of one integer, so that 5,000 rules cost 5,000 ands and ors.

Port 0 is left out: nothing listens there.
"""

import re
from collections.abc import Iterable

NONE = 0
ALL = (1 << 65536) - 2
WIDE = 1024
"""More ports than this are no longer a service or two: they are "arbitrary ports"."""

_LOW = (1 << 1024) - 2

Span = tuple[int, int]


def of(spans: Iterable[Span]) -> int:
    """The set of every port in the spans, both ends included.

    >>> ranges(of([(22, 22), (80, 82)]))
    [(22, 22), (80, 82)]
    """
    found = NONE
    for low, high in spans:
        if low <= high:
            found |= ((1 << (min(high, 65535) - max(low, 0) + 1)) - 1) << max(low, 0)
    return found & ALL


def ranges(ports: int) -> list[Span]:
    """The set as its longest unbroken spans, in rising order."""
    bits = bin(ports)[:1:-1]
    return [(found.start(), found.end() - 1) for found in re.finditer("1+", bits)]


def is_wide(ports: int) -> bool:
    """True when it holds arbitrary ports, or most of the well-known ones."""
    return ports.bit_count() > WIDE or (ports & _LOW).bit_count() > WIDE // 2
