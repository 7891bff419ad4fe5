"""Firewalls of other makers, as Windows Security Center lists them (clients only).

The state's engine nibble is compared whole: 0x1000 is on, and 0x3000 (expired) holds the same bit.
An entry outlives the product it is of, so a program that is known to be gone does not count.
"""

from dataclasses import dataclass

from agent.host import CannotTell, Host, Row
from agent.windows.paths import on_disk, program_of
from agent.windows.rows import number, words

ENGINE, ON = 0xF000, 0x1000
STATES = {0x0000: "off", 0x1000: "on", 0x2000: "snoozed", 0x3000: "expired"}


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    state: str

    @property
    def on(self) -> bool:
        return self.state == STATES[ON]


def read_products(host: Host) -> tuple[Product, ...]:
    """By name; none where Security Center cannot be asked, as on every server."""
    try:
        rows = host.cim("FirewallProduct")
    except CannotTell:
        return ()
    products = {product for row in rows if (product := _product(host, row))}
    return tuple(sorted(products, key=lambda product: (product.name, product.state)))


def _product(host: Host, row: Row) -> Product | None:
    name = words(row, "displayName")
    try:
        state = number(row, "productState")
    except CannotTell:
        state = None
    if not name:
        return None
    program = program_of(words(row, "pathToSignedProductExe") or "")
    if program and on_disk(host, program) is False:
        return Product(name, "its program is gone")
    return Product(name, STATES.get(state & ENGINE, "unclear") if state is not None else "unclear")
