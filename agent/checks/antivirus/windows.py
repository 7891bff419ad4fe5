"""antivirus on Windows: what Security Center holds, what Defender says of itself, and services.

Servers have no Security Center; there, and for products that do not register, a service is all
that is seen. No products in the value means that Security Center, Defender and the services were
all asked and none knows of any.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.checks.antivirus import defender, security_center, services
from agent.checks.antivirus.product import Health
from agent.checks.antivirus.security_center import is_defender
from agent.host import (
    CannotTell,
    Conflicting,
    Host,
    NoData,
    NotRecorded,
    Row,
    ToolMissing,
    Unparsable,
)
from agent.observation import Seen
from agent.windows.edition import is_server
from agent.windows.rows import words
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct

CENTER = "AntiVirusProduct"
ASLEEP = NoData("the service of Security Center (wscsvc) does not run")
"""It starts minutes after the system."""
SERVICES = "Win32_Service"


@dataclass(slots=True)
class _Look:
    """One look at the three sources: what was found by name, and what was not answered, and why."""

    host: Host
    seen: Seen = field(default_factory=lambda: Seen(Antivirus()))
    found: dict[str, Health] = field(default_factory=dict)
    troubles: dict[str, CannotTell] = field(default_factory=dict)
    defender_in_charge: bool = False
    """By Defender's own word: it steps aside for a product that registers, so there is none."""

    def ask(self, question: str, name: str) -> Sequence[Row]:
        """The rows that hold the property `name`, sorted by it; none where there is no answer."""
        try:
            rows = self.host.cim(question)
            named = [row for row in rows if words(row, name)]
            if rows and not named:
                raise Unparsable(f"no {name} in what {question} answered")
        except CannotTell as trouble:
            self.troubles[question] = trouble
            self.seen.because(question, f"no answer: {trouble}")
            return ()
        return sorted(named, key=lambda row: words(row, name) or "")


def observe(host: Host) -> Seen:
    look = _Look(host)
    listed = look.ask(SERVICES, "Name")
    center_up = services.runs(listed, services.SECURITY_CENTER)
    _registered(look, center_up)
    _defender(look)
    _by_service(look, listed, center_up)
    _unseen(look, listed, center_up)
    for name, health in sorted(look.found.items()):
        _add(look.seen, name, health)
    return look.seen


def _registered(look: _Look, center_up: bool | None) -> None:
    """What Security Center holds, by name; entries of removed products are dropped."""
    by_name: dict[str, list[Row]] = {}
    for row in look.ask(CENTER, "displayName"):
        name = words(row, "displayName") or ""
        if security_center.left_behind(look.host, row):
            look.seen.because(security_center.SOURCE, f"{name} is listed, its program is gone")
            continue
        by_name.setdefault(defender.NAME if is_defender(row) else name, []).append(row)
    for name, rows in by_name.items():
        entries = security_center.newest(rows)
        look.found[name] = security_center.health_of(entries)
        if center_up is False:
            _disbelieved(look.found[name], ASLEEP)
        elif all(security_center.torn(look.host, row) for row in entries):
            gone = NoData("Security Center lists it, and its program is gone from the disk")
            _disbelieved(look.found[name], gone)


def _disbelieved(health: Health, trouble: CannotTell) -> None:
    """What Security Center holds of it may be of another day."""
    health.running = health.real_time = health.definitions_current = None
    for name in ("running", "real_time", "definitions_at"):
        health.missing(name, trouble)


def _defender(look: _Look) -> None:
    """Defender's own word before what Security Center says of it."""
    try:
        health = defender.health_of(look.host.cim(defender.QUESTION))
        look.found[defender.NAME] = health
        look.defender_in_charge = health.real_time is True
    except CannotTell as trouble:
        if defender.stopped(trouble):
            look.found[defender.NAME] = Health(running=False, real_time=False)
        elif defender.NAME not in look.found:
            look.troubles[defender.QUESTION] = trouble
        look.seen.because(defender.QUESTION, f"no answer: {trouble}")


def _by_service(look: _Look, listed: Sequence[Row], center_up: bool | None) -> None:
    """Products that only a service tells of. Of a maker that is registered already they are no
    second product; but one that is called on and has not one service that runs is not believed.
    """
    registered = [name for name in look.found if name != defender.NAME and center_up is not False]
    for product, found in services.installed(services.known(look.host, listed)).items():
        health = services.health_of(found)
        maker = product.split()[0].casefold()
        same = [look.found[name] for name in registered if maker in name.casefold()]
        for one in same:
            if one.running and health.running is False:
                _disbelieved(one, Conflicting(f"{product} is called on, its service does not run"))
        if not same and product not in look.found:
            look.found[product] = health


def _unseen(look: _Look, listed: Sequence[Row], center_up: bool | None) -> None:
    """What keeps the list from being whole; raised when it is also empty."""
    missing = _why_not_whole(look, listed, center_up)
    if missing is not None and not look.found:
        raise missing
    if missing is not None:
        look.seen.missing("products", missing)
    elif not look.found:
        look.seen.because("Security Center, Defender and services", "no antivirus")


def _why_not_whole(look: _Look, listed: Sequence[Row], center_up: bool | None) -> CannotTell | None:
    """That a class does not exist says something only where the others answer for it."""
    if look.defender_in_charge:
        return None
    troubles = look.troubles
    unsaid = [why for why in troubles.values() if isinstance(why, NotRecorded)]
    real = [why for why in troubles.values() if not isinstance(why, ToolMissing | NotRecorded)]
    if real or unsaid:
        return (real or unsaid)[0]
    if not listed:
        return troubles.get(SERVICES) or NoData("Windows listed no services at all")
    if CENTER in troubles:
        return None if is_server(look.host) else troubles[CENTER]
    return None if center_up else NoData("Security Center's service (wscsvc) is not seen to run")


def _add(seen: Seen, name: str, health: Health) -> None:
    message = AntivirusProduct(
        name=name,
        version=health.version,
        running=health.running,
        real_time=health.real_time,
        definitions_version=health.definitions_version,
        definitions_current=health.definitions_current,
        remarks=health.remarks,
    )
    if health.definitions_at is not None:
        message.definitions_at.FromDatetime(health.definitions_at)
    for source, said in health.evidence:
        seen.because(f"{name}: {source}", said)
    for gap, why in health.gaps:
        seen.missing(f"products[{name}].{gap}", why)
    assert isinstance(seen.value, Antivirus)
    seen.value.products.append(message)
