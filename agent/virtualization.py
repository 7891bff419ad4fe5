"""Says whether this is a container or a virtual machine, from whoever knows first.

`systemd-detect-virt` prints "none" with exit status 1 on real hardware, and prefers the container
to the machine around it: https://www.freedesktop.org/software/systemd/man/systemd-detect-virt.html
"""

from agent.host import CannotTell, Host, Unparsable, read_text

CONTAINERS = frozenset(
    (
        "container-other",
        "docker",
        "lxc",
        "lxc-libvirt",
        "openvz",
        "podman",
        "pouch",
        "proot",
        "rkt",
        "systemd-nspawn",
        "wsl",
    )
)
MARKS = {"/.dockerenv": "docker", "/run/.containerenv": "podman"}
VENDORS = {
    "qemu": "qemu",
    "vmware": "vmware",
    "innotek": "oracle",
    "xen": "xen",
    "parallels": "parallels",
    "bochs": "bochs",
}


def container(host: Host) -> str | None:
    """The kind of container the agent runs in, such as "docker" or "wsl"; None when in none."""
    found = _wsl(host) or _manager(host) or _mark(host)
    if found:
        return found
    try:
        told = detected(host)
    except CannotTell:
        return None
    return told if told in CONTAINERS else None


def detected(host: Host) -> str | None:
    """What `systemd-detect-virt` says; None on real hardware. Raises CannotTell."""
    words = host.run("systemd-detect-virt", ok=(0, 1)).text.split()
    if len(words) != 1:
        raise Unparsable("systemd-detect-virt printed no single word")
    return None if words[0] == "none" else words[0]


def from_vendor(manufacturer: str, model: str) -> str | None:
    """The hypervisor the firmware names. Microsoft also builds laptops: its model must say so.

    >>> from_vendor("Microsoft Corporation", "Virtual Machine")
    'microsoft'
    >>> from_vendor("Microsoft Corporation", "Surface Go 2")
    """
    maker = manufacturer.lower()
    if maker.startswith("microsoft") and model == "Virtual Machine":
        return "microsoft"
    return next((name for start, name in VENDORS.items() if maker.startswith(start)), None)


def _wsl(host: Host) -> str | None:
    try:
        release = read_text(host, "/proc/sys/kernel/osrelease")
    except CannotTell:
        return None
    return "wsl" if "microsoft" in release.lower() else None


def _manager(host: Host) -> str | None:
    """What a container manager left for systemd: /run/systemd/container holds its name."""
    try:
        return read_text(host, "/run/systemd/container").strip() or None
    except CannotTell:
        return None


def _mark(host: Host) -> str | None:
    for path, kind in MARKS.items():
        try:
            host.head(path, 1)
        except CannotTell:
            continue
        return kind
    return None
