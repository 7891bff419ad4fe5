"""os_updates on Linux."""

from agent.host import Host, NoData
from agent.observation import Seen


def observe(host: Host) -> Seen:
    raise NoData("not written yet")
