"""What only the plain `nft list ruleset` says truly: dormant tables, devices of ingress chains.

The JSON of nft 1.0.6 prints whatever lies in memory as a table's flags, and leaves out the
devices.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.checks.firewall.ruleset import Base, ChainKey, Table
from agent.host import Unparsable

_TABLE = re.compile(r"table (\S+) (\S+) \{")
_CHAIN = re.compile(r"\tchain (\S+) \{")
_FLAGS = re.compile(r"\tflags (.+)")
_DEVICE = re.compile(r"\t\ttype filter hook ingress devices? (?:= )?(\{[^}]*\}|\S+)")


@dataclass(slots=True)
class Plain:
    """Tables by name with their flags, and the devices of every ingress chain."""

    flags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    devices: dict[ChainKey, tuple[str, ...]] = field(default_factory=dict)


def parse_nft_text(text: str) -> Plain:
    """Raises Unparsable when a line that is not indented begins no table."""
    plain = Plain()
    table = chain = ""
    for line in text.splitlines():
        if found := _TABLE.match(line):
            table, chain = f"{found[1]} {found[2]}", ""
            plain.flags[table] = ()
        elif found := _CHAIN.match(line):
            chain = found[1]
        elif found := _FLAGS.match(line):
            # a set's own flags are indented once more
            plain.flags[table] = tuple(re.split(r"[,\s]+", found[1].strip()))
        elif found := _DEVICE.match(line):
            plain.devices[table, chain] = tuple(re.findall(r"[^\s{},\"]+", found[1]))
        elif line and line[0] not in "\t #}":
            raise Unparsable("nft list ruleset printed something that is no table")
    return plain


def completed(tables: tuple[Table, ...], plain: Plain | None) -> tuple[Table, ...]:
    """The tables with what the plain form says of them; without it, with what is still sure."""
    if plain is None:
        return tables
    return tuple(_completed(table, plain) for table in tables)


def _completed(table: Table, plain: Plain) -> Table:
    if table.name not in plain.flags:
        return replace(table, dormant=None)  # the two forms were read at different times
    bases = tuple(_with_devices(base, plain.devices) for base in table.bases)
    return replace(table, bases=bases, dormant="dormant" in plain.flags[table.name])


def _with_devices(base: Base, devices: Mapping[ChainKey, tuple[str, ...]]) -> Base:
    return replace(base, devices=base.devices or devices.get(base.key))
