"""Names the hypervisor below a Windows machine by what its firmware calls itself.

HypervisorPresent is never asked: it is true on real laptops whose Windows runs above Hyper-V for
virtualization-based security.
"""

from collections.abc import Iterable

from agent.virtualization import from_vendor

MODELS = {
    "virtualbox": "oracle",
    "hvm domu": "xen",
    "kvm": "kvm",
    "google compute engine": "google",
    "parallels": "parallels",
    "vmware": "vmware",
    "standard pc (": "qemu",
    "alibaba cloud ecs": "alibaba",
    "openstack": "openstack",
    "droplet": "digitalocean",
}
"""By the start of the model, in lower case."""
FIRMWARES = {"amazon ": "amazon", "xen ": "xen", "bochs": "bochs", "vbox": "oracle"}
"""By the start of a BIOS version; only where maker and model say nothing."""


def hypervisor(manufacturer: str, model: str, bios: Iterable[str]) -> str | None:
    """The hypervisor's name, or None on real hardware.

    >>> hypervisor("Amazon EC2", "t3.large", []), hypervisor("Amazon EC2", "m5.metal", [])
    ('amazon', None)
    >>> hypervisor("LENOVO", "20TBS57S00", ["LENOVO - 1540"])
    """
    maker, name = manufacturer.lower(), model.lower()
    if maker.startswith("amazon ec2"):
        return None if ".metal" in name else "amazon"
    told = from_vendor(manufacturer, model) or _by_start(MODELS, name)
    if told or (maker and name):
        return told
    return next((kind for line in bios if (kind := _by_start(FIRMWARES, line.lower()))), None)


def _by_start(table: dict[str, str], words: str) -> str | None:
    return next((kind for start, kind in table.items() if words.startswith(start)), None)
