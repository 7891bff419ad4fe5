"""Machines for antivirus: every product with a tool that tells, guarding, not guarding, silent."""

from collections.abc import Mapping

from agent.host import CannotTell, Denied, Process, TimedOut
from tests.agent.checks.antivirus.test_clamav import CLAMD, FDINFO, INIT, MARKS, WATCHER, header
from tests.agent.checks.antivirus.test_vendors import (
    AID,
    BITDEFENDER,
    FALCON,
    MDATP,
    defender,
    wrapped,
)
from tests.fakes import Answer, FakeHost

FILES = {
    "/usr/sbin/clamd": "",
    "/usr/bin/mdatp": "",
    "/opt/CrowdStrike/falconctl": "",
    "/opt/sentinelone/bin/sentinelctl": "",
    "/opt/bitdefender-security-tools/bin/bduitool": "",
    "/opt/traps/bin/cytool": "",
    "/opt/carbonblack/psc/bin/repcli": "",
}
CLAMAV = "ClamAV 1.4.3/27000/Sun Nov 22 14:19:05 2026\n"
SENSOR = Process(60, "falcon-sensor", "root", "/opt/CrowdStrike/falcon-sensor", ())
CARBON = Process(61, "cbagentd", "root", "/opt/carbonblack/psc/bin/cbagentd", ())
WORKERS = (
    Process(64, "wdavdaemon", "root", "/opt/microsoft/mdatp/sbin/wdavdaemon", ()),
    Process(65, "s1-agent", "root", "/opt/sentinelone/bin/s1-agent", ()),
    Process(66, "bdsecd", "root", "/opt/bitdefender-security-tools/bin/bdsecd", ()),
    Process(67, "pmd", "root", "/opt/traps/bin/pmd", ()),
)
HIDDEN = (Process(62, "pmd", None, None, None), Process(63, "cbagentd", None, None, None))
ATTACHED = "General Info:\n  Sensor Version: 2.15\n  Registered: Yes\n  State: Enabled\n"
CYTOOL = "  Name  PID  User  Status  Command\n  pmd  10  root  {}  /opt/traps/bin/pmd\n"


def _host(
    running: tuple[Process, ...],
    commands: Mapping[str, Answer],
    marks: str | CannotTell | None = None,
) -> FakeHost:
    files: dict[str, bytes | str | CannotTell] = {**FILES, "/var/lib/clamav/daily.cvd": header()}
    if marks is not None:
        files[FDINFO] = marks
    return FakeHost({"clamscan --version": CLAMAV, **commands}, files, running=(INIT, *running))


def good() -> FakeHost:
    return _host(
        (CLAMD, WATCHER, SENSOR, CARBON, *WORKERS),
        {
            MDATP: defender(),
            FALCON: AID + "rfm-state=false, rfm-reason=None, version = 6.38.13501.0.",
            "sentinelctl control status": "Agent state      Enabled\n",
            "bduitool get ps": BITDEFENDER,
            "cytool runtime query": CYTOOL.format("Running"),
            "repcli status": ATTACHED,
        },
        MARKS,
    )


def bad() -> FakeHost:
    return _host(
        (CLAMD, SENSOR),
        {
            MDATP: defender(realTimeProtectionEnabled=wrapped(False)),
            FALCON: AID + "rfm-state=true, version = 6.38.",
            "sentinelctl control status": "Agent state      Disabled\n",
            "bduitool get ps": BITDEFENDER.replace(": On", ": Off"),
            "cytool runtime query": CYTOOL.format("Stopped"),
            "repcli status": ATTACHED.replace("Enabled", "Bypass"),
        },
    )


def blind() -> FakeHost:
    return _host(
        (CLAMD, WATCHER, SENSOR, *HIDDEN),
        {
            MDATP: TimedOut("mdatp health"),
            FALCON: AID + "rfm-state is not set",
            "sentinelctl control status": Denied("sentinelctl"),
            "bduitool get ps": BITDEFENDER.replace(": On", ": Expired"),
            "cytool runtime query": Denied("cytool"),
            "repcli status": Denied("repcli"),
        },
        Denied(FDINFO),
    )
