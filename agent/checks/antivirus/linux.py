"""antivirus on Linux: every known product that is installed, and what is known of each.

No products in the value means: looked everywhere we know and found none. Where a place could not
be looked at and nothing was found, the signal is unknown.
"""

from agent.checks.antivirus.catalogue import CATALOGUE
from agent.checks.antivirus.product import Health, Product, Signs
from agent.checks.antivirus.traces import Traces, look, signs_of
from agent.host import CannotTell, Conflicting, Host, NoData
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct

PLACES = "known antivirus programs, processes and units"


def observe(host: Host) -> Seen:
    seen = Seen(Antivirus())
    traces = look(host)
    unseen: CannotTell | None = None
    for product in CATALOGUE:
        unseen = _observe_one(host, product, traces, seen) or unseen
    assert isinstance(seen.value, Antivirus)
    if not seen.value.products:
        if unseen is not None:
            raise unseen
        seen.because(PLACES, f"none of {', '.join(product.name for product in CATALOGUE)}")
    elif unseen is not None:
        seen.missing("products", unseen)
    return seen


def _observe_one(host: Host, product: Product, traces: Traces, seen: Seen) -> CannotTell | None:
    """Add the product when it is there; otherwise why its absence could not be seen, if so."""
    signs = signs_of(host, product, traces)
    health, trouble = _health(host, product, signs)
    if health is None and not signs.installed:
        return signs.trouble if signs.installed is None else None
    if health is None:
        health = _unreadable(trouble or NoData(f"no way to ask {product.name} is known"))
    _contradict(product, signs, health)
    _add(product, signs, health, seen)
    return None


def _contradict(product: Product, signs: Signs, health: Health) -> None:
    """A tool that says "on" is contradicted where nothing of its product runs; neither wins."""
    if not health.real_time or signs.running is not False:
        return
    health.real_time = health.running = None
    words = f"{product.name} says it is on, and neither its processes nor its units run"
    health.missing("real_time", Conflicting(words))


def _health(host: Host, product: Product, signs: Signs) -> tuple[Health | None, CannotTell | None]:
    if product.ask is None:
        return None, None
    try:
        return product.ask(host, signs), None
    except CannotTell as trouble:
        return None, trouble


def _unreadable(trouble: CannotTell) -> Health:
    health = Health()
    health.missing("real_time", trouble)
    health.missing("definitions_at", trouble)
    return health


def _add(product: Product, signs: Signs, health: Health, seen: Seen) -> None:
    assert isinstance(seen.value, Antivirus)
    message = AntivirusProduct(
        name=product.name,
        version=health.version,
        real_time=health.real_time,
        definitions_version=health.definitions_version,
        definitions_in_cloud=health.definitions_in_cloud,
        definitions_current=health.definitions_current,
        remarks=health.remarks,
    )
    if health.definitions_at is not None:
        message.definitions_at.FromDatetime(health.definitions_at)
    running = health.running if health.running is not None else signs.running
    if running is not None:
        message.running = running
    else:
        trouble = signs.trouble or NoData("whether it runs was not seen")
        seen.missing(f"products[{product.name}].running", trouble)
    for source, said in health.evidence:
        seen.because(source, said)
    for name, why in health.gaps:
        seen.missing(f"products[{product.name}].{name}", why)
    words = {True: "runs", False: "installed, does not run", None: "installed"}[running]
    seen.because(f"{product.name}: programs, processes and units", words)
    seen.value.products.append(message)
