"""Writes the recordings of machines that are made by hand from the documented formats.

::

    python -m tests.recordings.made.by_hand tests/recordings/hosts

A check that asks a new question meets "not recorded" on every host until this has run again. The
tables of expectations in the folders are written by people and are left as they are.
"""

import sys
from pathlib import Path

from agent.checks import CHECKS
from agent.host import Host
from tests.recordings.made import desks, disks, filters, products, updates
from tests.recordings.made.folders import write


def machines() -> dict[str, tuple[str, Host]]:
    """Every machine by its folder, with the signal that is recorded of it."""
    return {
        **{f"firewall-{name}": ("firewall", host) for name, host in filters.MACHINES.items()},
        **{f"updates-{name}": ("os_updates", host) for name, host in updates.MACHINES.items()},
        "disks-good": ("disk_encryption", disks.good()),
        "disks-bad": ("disk_encryption", disks.bad()),
        "disks-blind": ("disk_encryption", disks.blind()),
        "antivirus-good": ("antivirus", products.good()),
        "antivirus-bad": ("antivirus", products.bad()),
        "antivirus-blind": ("antivirus", products.blind()),
        "desks-good": ("screen_lock", desks.host(desks.GOOD)),
        "desks-bad": ("screen_lock", desks.host(desks.BAD)),
        "desks-blind": ("screen_lock", desks.host(desks.BLIND)),
    }


def main(hosts: Path) -> None:
    for name, (signal, host) in machines().items():
        write(hosts / f"linux-{name}", CHECKS[signal]["linux"], host)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
