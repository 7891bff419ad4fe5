"""Says whether this is a container or a virtual machine; the kernel outranks what files claim.

`systemd-detect-virt` prints "none" with exit status 1 on real hardware, and prefers the container
to the machine around it: https://www.freedesktop.org/software/systemd/man/systemd-detect-virt.html
It believes marks such as /.dockerenv, which stay behind when an image becomes a virtual machine,
and which anybody with root can make. A container that calls its disks and firewall somebody else's
must therefore also have a process namespace of its own, or an overlay for a root.
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
FIRST_PROCESSES = "pid:[4026531836]"
"""The initial process namespace: PROC_PID_INIT_INO in linux/proc_ns.h, the same on every kernel."""

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
    found = _wsl(host) or _manager(host) or _mark(host) or _told(host)
    return None if found != "wsl" and _on_the_machine_itself(host) else found


def _told(host: Host) -> str | None:
    try:
        told = detected(host)
    except CannotTell:
        return None
    return told if told in CONTAINERS else None


def _on_the_machine_itself(host: Host) -> bool:
    """Whether the kernel contradicts a mark; False as well when it cannot be asked."""
    try:
        if host.link("/proc/self/ns/pid") != FIRST_PROCESSES:
            return False
        mounts = read_text(host, "/proc/self/mountinfo").splitlines()
    except CannotTell:
        return False
    roots = [line.partition(" - ")[2].split(" ")[0] for line in mounts if " / / " in line]
    return bool(roots) and "overlay" not in roots


def machine(host: Host) -> str | None:
    """The hypervisor below, such as "kvm"; None on real hardware. Raises CannotTell."""
    told = detected(host)
    return detected(host, "-v") if told in CONTAINERS else told


def detected(host: Host, *options: str) -> str | None:
    """What `systemd-detect-virt` says; None on real hardware. Raises CannotTell."""
    words = host.run("systemd-detect-virt", *options, ok=(0, 1)).text.split()
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
