"""Reads what Windows Security Center holds of each antivirus: on, off, expired, current or not.

`productState` is not documented by Microsoft. Its layout is known from many machines and from
wscapi.h's enumerations: bits 12-15 the engine, 8-11 the owner, 4-7 the signatures. A nibble is
compared whole: 0x3000 (expired) holds the bit of 0x1000 (on). A product's entry outlives its
removal, and an update of the product may leave a second one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agent.checks.antivirus.product import Health
from agent.host import Conflicting, Host, Row, Unparsable
from agent.windows.paths import on_disk, program_of
from agent.windows.rows import number, words

SOURCE = "Windows Security Center"
DEFENDERS = (
    "{d68ddc3a-831f-4fae-9e44-da132c1acf46}",
    "{d58ffc3a-813b-4fae-9e44-da132c9faa36}",  # of Windows 8
)
DEFENDER_ADDRESS = "windowsdefender:"
PROGRAMS = ("pathToSignedProductExe", "pathToSignedReportingExe")
ENGINE = {0x0: "off", 0x1: "on", 0x2: "snoozed", 0x3: "expired"}
OWNER = (0x0, 0x1)
"""Another maker's, Microsoft's."""
SIGNATURES = {0x0: "current", 0x1: "out of date"}


@dataclass(frozen=True, slots=True)
class State:
    """The two nibbles in words; "" is a value that is not known."""

    engine: str
    signatures: str


def state_of(product_state: int) -> State:
    """Raises Unparsable for a number that is not laid out like any that was ever seen.

    >>> state_of(0x041000), state_of(0x041010).signatures, state_of(0x063100).engine
    (State(engine='on', signatures='current'), 'out of date', 'expired')
    """
    if not 0xFFFF < product_state <= 0xFFFFFF or product_state >> 8 & 0xF not in OWNER:
        raise Unparsable(f"productState {product_state:#x} is not laid out as is known")
    engine = ENGINE.get(product_state >> 12 & 0xF, "")
    return State(engine, SIGNATURES.get(product_state >> 4 & 0xF, ""))


def is_defender(row: Row) -> bool:
    address = (words(row, "pathToSignedProductExe") or "").lower()
    guid = (words(row, "instanceGuid") or "").lower()
    return guid in DEFENDERS or address.startswith(DEFENDER_ADDRESS)


def left_behind(host: Host, row: Row) -> bool:
    """Whether every program that the entry names is known to be gone from the disk."""
    there = [_there(host, row, name) for name in PROGRAMS if _program(row, name)]
    return bool(there) and all(answer is False for answer in there)


def torn(host: Host, row: Row) -> bool:
    """Whether the product itself is gone, and its reporter is not: removed, or moved, by half."""
    return _there(host, row, PROGRAMS[0]) is False and not left_behind(host, row)


def _there(host: Host, row: Row, name: str) -> bool | None:
    program = _program(row, name)
    return on_disk(host, program) if program else None


def _program(row: Row, name: str) -> str | None:
    return program_of(words(row, name) or "")


def newest(entries: Sequence[Row]) -> Sequence[Row]:
    """Of entries with one name the one that reported last; all of them where that is not told."""
    reported = [_reported_at(row) for row in entries]
    known = [at for at in reported if at is not None]
    if len(known) < len(entries):
        return entries
    return [row for row, at in zip(entries, reported, strict=True) if at == max(known)]


def _reported_at(row: Row) -> datetime | None:
    try:
        found = parsedate_to_datetime(words(row, "timestamp") or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def health_of(entries: Sequence[Row]) -> Health:
    """What entries with one name say together. What they do not agree on is a gap."""
    health = Health()
    try:
        states = {state_of(_product_state(row)) for row in entries}
    except Unparsable as trouble:
        for name in ("running", "real_time", "definitions_at"):
            health.missing(name, trouble)
        health.because(SOURCE, "a state that is not understood")
        return health
    engines = {state.engine for state in states}
    _engine(health, engines)
    _signatures(health, {state.signatures for state in states})
    said = sorted(f"{s.engine or 'unclear'}, {s.signatures or 'unclear'}" for s in states)
    health.because(SOURCE, "; ".join(said))
    return health


def _product_state(row: Row) -> int:
    found = number(row, "productState")
    if found is None:
        raise Unparsable("Security Center gives no productState")
    return found


def _engine(health: Health, engines: set[str]) -> None:
    if len(engines) > 1 or "" in engines:
        trouble = Conflicting("Security Center does not say in one way whether it is on")
        health.missing("running", trouble)
        health.missing("real_time", trouble)
        return
    (engine,) = engines
    health.running = engine in ("on", "snoozed")
    health.real_time = engine == "on"
    if engine in ("snoozed", "expired"):
        health.remarks.append(engine)


def _signatures(health: Health, signatures: set[str]) -> None:
    if len(signatures) > 1 or "" in signatures:
        trouble = Conflicting("Security Center does not say in one way whether they are current")
        health.missing("definitions_at", trouble)
        return
    health.definitions_current = signatures == {"current"}
