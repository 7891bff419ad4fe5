"""Whether the firewall that can be seen from here is the one that guards the computer."""

from agent.host import CannotTell, Host, NotApplicableHere, Sandboxed, read_text

MARKS = ("/run/systemd/container", "/.dockerenv", "/run/.containerenv")


def require_host_network(host: Host) -> None:
    """Raise NotApplicableHere in a container or WSL, Sandboxed in another network namespace.

    A namespace that cannot be read is no sign: an ordinary account may not see that of process 1.
    """
    kind = _container(host)
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


def _container(host: Host) -> str:
    """The kind of container, or an empty string."""
    try:
        # systemd-detect-virt(1): "none" comes with status 1
        answer = host.run("systemd-detect-virt", "-c", ok=(0, 1)).text.strip()
    except CannotTell:
        answer = ""
    if answer:
        return "" if answer == "none" else answer
    if any(_there(host, mark) for mark in MARKS):
        return "container"
    try:
        release = read_text(host, "/proc/sys/kernel/osrelease").lower()
    except CannotTell:
        return ""
    return "WSL" if "microsoft" in release else ""


def _there(host: Host, path: str) -> bool:
    try:
        host.head(path, 1)
    except CannotTell:
        return False
    return True
