"""Firewalls of other makers, as Windows Security Center lists them (clients only).

The state's engine nibble is compared whole: 0x1000 is on, and 0x3000 (expired) holds the same bit.
An entry outlives the product it is of, so a program that is known to be gone does not count, nor
does any entry while the service that keeps them does not run. Windows' own firewall may be listed
too, with Microsoft for an owner: it guards nothing that its profiles do not.
"""

from dataclasses import dataclass

from agent.host import CannotTell, Host, Row
from agent.windows.paths import on_disk, program_of
from agent.windows.rows import number, words

ENGINE, ON = 0xF000, 0x1000
OWNER, ANOTHER_MAKER, MICROSOFT = 0x0F00, 0x0000, 0x0100
SMALLEST, LARGEST = 0x010000, 0xFFFFFF
"""A state that was ever seen has a category above its nibbles."""
STATES = {0x0000: "off", 0x1000: "on", 0x2000: "snoozed", 0x3000: "expired"}
UNCLEAR, GONE, OWN = "unclear", "its program is gone", "Windows' own"


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    state: str

    @property
    def on(self) -> bool | None:
        return None if self.state == UNCLEAR else self.state == STATES[ON]


def read_products(host: Host, center_up: bool | None) -> tuple[Product, ...]:
    """By name; none where Security Center cannot be asked, as on every server.

    `center_up` is whether its service runs; None where that was not seen.
    """
    try:
        rows = host.cim("FirewallProduct")
    except CannotTell:
        return ()
    states: dict[str, set[str]] = {}
    for row in rows:
        if name := words(row, "displayName"):
            states.setdefault(name, set()).add(_state(host, row, center_up))
    return tuple(
        Product(name, state)
        for name, said in sorted(states.items())
        if (state := _agreed(said - {OWN}))
    )


def _agreed(said: set[str]) -> str:
    """What the entries of one name say; those of removed programs only where there is no other."""
    present = said - {GONE} or said
    return next(iter(present), "") if len(present) < 2 else UNCLEAR


def _state(host: Host, row: Row, center_up: bool | None) -> str:
    try:
        state = number(row, "productState")
    except CannotTell:
        state = None
    if state is not None and state & OWNER == MICROSOFT:
        return OWN
    program = program_of(words(row, "pathToSignedProductExe") or "")
    if program and on_disk(host, program) is False:
        return GONE
    if state is None or center_up is False or not SMALLEST <= state <= LARGEST:
        return UNCLEAR
    if state & OWNER != ANOTHER_MAKER:
        return UNCLEAR
    return STATES.get(state & ENGINE, UNCLEAR)
