"""One look at the whole device, with the time it was taken."""

from agent.checks import observe_all
from agent.clock import Clock
from agent.device import inventory
from agent.exchange.report import Observed, posture
from agent.host import Host


def observe(host: Host, clock: Clock) -> Observed:
    observed_at = clock()
    return Observed(posture(observe_all(host), inventory(host)), observed_at)
