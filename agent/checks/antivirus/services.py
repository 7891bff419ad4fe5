"""The Windows services of antivirus and EDR products, for systems without Security Center.

A service that runs says that the product is there and runs, and nothing of what it examines: an
EDR sensor may watch only. A service whose program is gone from the disk is left from a removal.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.checks.antivirus.defender import NAME as DEFENDER
from agent.checks.antivirus.product import Health
from agent.host import Host, NoData, Row
from agent.windows import services
from agent.windows.paths import on_disk, program_of
from agent.windows.rows import words

SECURITY_CENTER = "wscsvc"
PRODUCTS = {
    "windefend": DEFENDER,
    "csfalconservice": "CrowdStrike Falcon",
    "sentinelagent": "SentinelOne",
    "cbdefense": "Carbon Black Cloud",
    "repmgr": "Carbon Black Cloud",
    "ekrn": "ESET",
    "savservice": "Sophos",
    "sophos endpoint defense service": "Sophos",
    "sophos file scanner service": "Sophos",
    "mbamservice": "Malwarebytes",
    "cyserver": "Cortex XDR",
    "tmccsf": "Trend Micro",
    "ntrtscan": "Trend Micro",
    "wrsvc": "Webroot",
    "elasticendpoint": "Elastic Endpoint",
    "elastic-endpoint": "Elastic Endpoint",
    "xagt": "Trellix (FireEye)",
    "epprotectedservice": "Bitdefender",
    "epsecurityservice": "Bitdefender",
}
"""By the service's name in lower case. Wazuh, Tanium and Microsoft's Sense are no antivirus."""


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    product: str
    running: bool | None
    there: bool | None
    """Whether its program is on the disk; None where that was not seen."""


def runs(rows: Sequence[Row], name: str) -> bool | None:
    """Whether the named service runs; None when it is not listed or does not tell."""
    return next((services.runs(row) for row in rows if services.name_of(row) == name), None)


def known(host: Host, rows: Sequence[Row]) -> Iterator[Service]:
    """The services of `PRODUCTS`, in the order of their names."""
    for row in sorted(rows, key=services.name_of):
        name = services.name_of(row)
        if name in PRODUCTS:
            program = program_of(words(row, "PathName") or "")
            there = on_disk(host, program) if program else None
            yield Service(name, PRODUCTS[name], services.runs(row), there)


def installed(listed: Iterable[Service]) -> dict[str, list[Service]]:
    """By product, all but those that neither run nor have a program on the disk."""
    found: dict[str, list[Service]] = {}
    for service in listed:
        if service.running or service.there is not False:
            found.setdefault(service.product, []).append(service)
    return found


def health_of(found: Sequence[Service]) -> Health:
    """What its services alone tell of one product."""
    states = [None if one.running and one.there is False else one.running for one in found]
    health = Health(running=True if True in states else None if None in states else False)
    only = NoData("only its service was seen, not what it examines")
    if health.running is None:
        health.missing("running", NoData("its service is not seen to run a program that is there"))
    health.missing("real_time", only)
    health.missing("definitions_at", only)
    names = ", ".join(service.name for service in found)
    said = {True: "runs", False: "does not run", None: "not told whether it runs"}[health.running]
    health.because("Windows services", f"{names}: {said}")
    return health
