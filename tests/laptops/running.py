"""One laptop from power-on to its verdicts."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.laptops import installing
from tests.laptops.case import Case, Expected, Row
from tests.laptops.collector_side import Collector
from tests.laptops.images import Images, stage_root
from tests.laptops.layouts import LAYOUTS
from tests.laptops.network import Network
from tests.laptops.trees import REPOSITORY
from tests.laptops.uml import Boot, LaptopTrouble, Machine

REPORT_SECONDS = 180.0
TIMED_OUT = "timed out: "
MOST_REPORTS = 4
AGENT = "/opt/muster-agent"


@dataclass
class Site:
    """What all laptops of a run share."""

    network: Network
    collector: Collector
    images: Images
    scratch: Path
    agent_code: Path


@dataclass
class Laptop:
    """A case that was booted. Its host name is the name of the case."""

    case: Case
    site: Site
    boot: Boot
    machine: Machine

    @classmethod
    def power_on(cls, case: Case, site: Site, number: int) -> "Laptop":
        disks = site.images.disks(case)
        tap, address = site.network.tap(number)
        attached = [
            f"ubd{'abcd'[n]}={site.scratch / f'{case.name}-{n}.cow'},{disk}"
            for n, disk in enumerate(disks)
        ]
        layout = LAYOUTS[case.layout]
        plain = ["root=/dev/ubda", f"rootfstype={layout.filesystem}"]
        staged = stage_root(site.images.trees, f"{case.layout}.open")
        boot = Boot(
            disks=attached,
            root=staged if layout.staged else plain,
            log=site.scratch / f"{case.name}.log",
            namespace=site.network.namespace,
            tap=tap,
            words=(f"laptop.address={address}", f"systemd.hostname={case.name}"),
        )
        return cls(case, site, boot, Machine.start(boot))

    def power_on_again(self) -> None:
        """After a power cut: the same disks, as they were left."""
        self.machine = Machine.start(self.boot)
        self.machine.wait_until_ready()

    def install_agent(self) -> None:
        """Copied through a mount that is gone before the agent looks."""
        source = self.site.agent_code
        self.machine.must(
            f"mount -t hostfs none /mnt -o {source} && cp -r /mnt/. {AGENT}/ && umount /mnt"
        )

    def enroll(self) -> None:
        string = self.site.collector.enrollment_string()
        self.machine.must(f"echo {string} | muster-agent enroll")

    def prepare(self) -> None:
        for order in self.case.at_start:
            self.machine.must(order)

    def wait_for_findings(self) -> None:
        """Until its first report was judged."""
        deadline = time.monotonic() + REPORT_SECONDS
        while not self.findings():
            if time.monotonic() > deadline:
                raise LaptopTrouble(f"no report from {self.case.name}: {self.agent_log()}")
            time.sleep(1)

    def report_until_answered(self) -> None:
        """A tool that the agent gave up waiting for on this slow machine is asked again."""
        for _ in range(MOST_REPORTS):
            told = [finding["because"] for finding in self.findings().values()]
            if not any(TIMED_OUT in because for because in told):
                return
            self.report()

    def report(self) -> str:
        return self.machine.must("muster-agent report")

    def shown(self) -> dict[str, Any]:
        return self.site.collector.shown(self.case.name)

    def findings(self) -> dict[str, dict[str, Any]]:
        return self.site.collector.findings(self.case.name)

    def agent_log(self) -> str:
        _, said = self.machine.order("journalctl -u 'muster-agent*' -n 20 --no-pager -o cat")
        return said


def run(case: Case, site: Site, number: int) -> list[Row]:
    """Boot, enroll, report, compare, and live through the case's story. Raises LaptopTrouble."""
    laptop = Laptop.power_on(case, site, number)
    try:
        laptop.machine.wait_until_ready()
        if case.packaged:
            rows = installing.install(laptop)
        else:
            laptop.install_agent()
            laptop.prepare()
            laptop.enroll()
            laptop.machine.must("systemctl enable --now muster-agent.service")
            laptop.wait_for_findings()
            rows = []
        laptop.report_until_answered()
        rows += compare(case, laptop.findings())
        return rows + (case.story(laptop) if case.story else [])
    finally:
        laptop.machine.cut_power()


def compare(case: Case, findings: dict[str, dict[str, Any]]) -> list[Row]:
    return [_row(case, rule, expected, findings) for rule, expected in case.expected.items()]


def _row(case: Case, rule: str, expected: Expected, findings: dict[str, dict[str, Any]]) -> Row:
    found = findings.get(rule)
    if found is None:
        return Row(case.name, rule, expected.status, "no finding", False)
    shown = [found["because"]]
    shown += [f"{line['source']}: {line['said']}" for line in found.get("evidence", [])]
    said = "\n".join(shown).lower()
    missing = [word for word in expected.words if word.lower() not in said]
    ok = found["status"] == expected.status and not missing
    because = f"lacks {missing}; was told {shown}" if missing else found["because"]
    return Row(case.name, rule, expected.status, found["status"], ok, because)


def copy_agent(to: Path) -> Path:
    """The agent of this tree, as it is now."""
    to.mkdir(parents=True)
    for package in ("agent", "protos"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / package, to / package, ignore=ignore)
    return to
