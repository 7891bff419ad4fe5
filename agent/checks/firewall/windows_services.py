"""Whether the services run that filter, and the one that tells of other firewalls."""

from dataclasses import dataclass, field

from agent.host import CannotTell, Host
from agent.windows.services import name_of, on_its_way, runs

FILTERING = {"mpssvc": "mpssvc", "bfe": "BFE"}
"""Windows Defender Firewall, Base Filtering Engine; nothing is filtered without either."""
SECURITY_CENTER = "wscsvc"


@dataclass(slots=True)
class Services:
    """By name, whether each of `FILTERING` runs; one that was not seen is not there."""

    known: dict[str, bool] = field(default_factory=dict)
    on_their_way: set[str] = field(default_factory=set)
    center_up: bool | None = None

    @property
    def stopped(self) -> list[str]:
        return sorted(name for name, runs in self.known.items() if not runs)

    @property
    def run(self) -> bool:
        return len(self.known) == len(FILTERING) and not self.stopped

    def shown(self) -> str:
        states = [f"{n} {'runs' if r else 'does not run'}" for n, r in self.known.items()]
        moving = [f"{name} is starting or stopping" for name in self.on_their_way]
        return "; ".join(sorted(states + moving))


def read_services(host: Host) -> Services:
    """Nothing is known where Windows cannot be asked."""
    found = Services()
    try:
        rows = host.cim("Win32_Service")
    except CannotTell:
        return found
    for row in rows:
        name, running = name_of(row), runs(row)
        if name in FILTERING and running is not None:
            found.known[FILTERING[name]] = running
        if name in FILTERING and on_its_way(row):
            found.on_their_way.add(FILTERING[name])
        if name == SECURITY_CENTER:
            found.center_up = running
    return found
