"""antivirus on macOS: XProtect, which is part of the system, and every other product we know.

A product is believed to run by its own tool, else by its endpoint security extension; files that
it left behind are no proof. An empty list means: looked everywhere we know, and not even XProtect
is there.
"""

from dataclasses import dataclass

from agent.checks.antivirus import xprotect
from agent.checks.antivirus.mac_products import CATALOGUE, NO_WORD, MacProduct
from agent.checks.antivirus.product import Health, Signs
from agent.host import CannotTell, FileMissing, Host, NoData
from agent.macos.extensions import SECURITY, extensions
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct

DAEMONS = "/Library/LaunchDaemons"


@dataclass(frozen=True, slots=True)
class _Traces:
    """One look at the Mac. None where it could not be taken."""

    active: tuple[str, ...] | None
    """Bundle ids of the endpoint security extensions that are loaded."""
    daemons: tuple[str, ...] | None
    trouble: CannotTell | None


def observe(host: Host) -> Seen:
    """Raises why XProtect could not be seen when nothing else is there either."""
    seen = Seen(Antivirus())
    traces = _look(host)
    unseen = _xprotect(host, seen)
    for product in CATALOGUE:
        health = _health(host, product, traces)
        if health is not None:
            _add(seen, product.name, health)
    assert isinstance(seen.value, Antivirus)
    if seen.value.products:
        if unseen is not None:
            seen.missing("products", unseen)
        return seen
    unseen = unseen or traces.trouble
    if unseen is not None:
        raise unseen
    seen.because(", ".join(xprotect.BUNDLES), "not there, nor any other product")
    return seen


def _xprotect(host: Host, seen: Seen) -> CannotTell | None:
    """Add it when it is there; otherwise why its absence could not be seen, if so."""
    try:
        found = xprotect.health(host)
    except CannotTell as trouble:
        return trouble
    if found is not None:
        _add(seen, xprotect.NAME, found)
    return None


def _look(host: Host) -> _Traces:
    trouble: CannotTell | None = None
    active = daemons = None
    try:
        listed = extensions(host)
        active = tuple(e.bundle_id for e in listed if e.active and e.kind == SECURITY)
    except CannotTell as failed:
        trouble = failed
    try:
        daemons = host.list(DAEMONS)
    except FileMissing:
        daemons = ()
    except CannotTell as failed:
        trouble = trouble or failed
    return _Traces(active, daemons, trouble)


def _health(host: Host, product: MacProduct, traces: _Traces) -> Health | None:
    """None when nothing of the product was seen."""
    signs = _signs(host, product, traces)
    try:
        health = product.ask(host, signs) if product.ask else _silent(NoData(NO_WORD))
    except CannotTell as trouble:
        health = _silent(trouble)
        if not signs.installed:
            return None
    if product.ask is None and not signs.installed:
        return None
    if health.running is None:
        _running(health, signs)
    return health


def _signs(host: Host, product: MacProduct, traces: _Traces) -> Signs:
    running = None
    if traces.active is not None:
        running = any(name.startswith(product.extensions) for name in traces.active)
    left = any(name.startswith(product.daemons) for name in traces.daemons or () if product.daemons)
    installed = bool(running or left or any(_there(host, path) for path in product.programs))
    return Signs(installed, running, traces.trouble)


def _there(host: Host, path: str) -> bool:
    for look in (lambda: host.head(path, 1), lambda: host.list(path)):
        try:
            look()
        except CannotTell:
            continue
        return True
    return False


def _silent(trouble: CannotTell) -> Health:
    health = Health()
    health.missing("real_time", trouble)
    health.missing("definitions_at", trouble)
    return health


def _running(health: Health, signs: Signs) -> None:
    """A loaded extension is proof; that none is loaded is none of the opposite."""
    if signs.running:
        health.running = True
        health.because("systemextensionsctl list", "its extension is active")
    elif all(name != "running" for name, _ in health.gaps):
        trouble = signs.trouble or NoData("it is installed, and nothing shows that it runs")
        health.missing("running", trouble)


def _add(seen: Seen, name: str, health: Health) -> None:
    message = AntivirusProduct(
        name=name,
        version=health.version,
        running=health.running,
        real_time=health.real_time,
        definitions_version=health.definitions_version,
        definitions_in_cloud=health.definitions_in_cloud,
        definitions_current=health.definitions_current,
        remarks=health.remarks,
    )
    if health.definitions_at is not None:
        message.definitions_at.FromDatetime(health.definitions_at)
    for source, said in health.evidence:
        seen.because(source, said)
    for gap, why in health.gaps:
        seen.missing(f"products[{name}].{gap}", why)
    assert isinstance(seen.value, Antivirus)
    seen.value.products.append(message)
