"""Whether the firewall that can be seen from here is the one that guards the computer."""

from agent.host import CannotTell, Host, NotApplicableHere, Sandboxed
from agent.virtualization import container


def require_host_network(host: Host) -> None:
    """Raise NotApplicableHere in a container or WSL, Sandboxed in another network namespace.

    A namespace that cannot be read is no sign: an ordinary account may not see that of process 1.
    """
    kind = container(host)
    if kind:
        raise NotApplicableHere(f"runs in a container ({kind}); its host has the firewall")
    own, first = _namespace(host, "self"), _namespace(host, "1")
    if own and first and own != first:
        raise Sandboxed("the agent is not in the network namespace of process 1")


def _namespace(host: Host, process: str) -> str | None:
    try:
        return host.link(f"/proc/{process}/ns/net")
    except CannotTell:
        return None
