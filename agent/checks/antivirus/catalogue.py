"""The antivirus products that are looked for on Linux: "none found" means none of these.

Where a product has no `ask`, no output of its tool was at hand to write a parser from: it is
reported as installed and running, and the rest is unknown. Wazuh is host intrusion detection, not
antivirus, and is not here.
"""

from agent.checks.antivirus import (
    bitdefender,
    carbonblack,
    clamav,
    cortex,
    falcon,
    mdatp,
    sentinelone,
)
from agent.checks.antivirus.product import Product

SYSTEM = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/nix/store")

CATALOGUE = (
    Product(
        name="ClamAV",
        programs=("/usr/sbin/clamd", "/usr/bin/clamd", "/usr/bin/clamscan"),
        processes=("clamd",),
        folders=SYSTEM,
        units=("clamav-daemon.service", "clamd@scan.service", "clamd.service"),
        ask=clamav.ask,
        accounts=("root", "clamav", "clamscan", "clamupdate", "vscan"),
    ),
    Product(
        name="Microsoft Defender",
        programs=("/usr/bin/mdatp", "/opt/microsoft/mdatp/sbin/wdavdaemon"),
        processes=("wdavdaemon",),
        folders=("/opt/microsoft/mdatp",),
        units=("mdatp.service",),
        ask=mdatp.ask,
        accounts=("root", "mdatp"),
    ),
    Product(
        name="CrowdStrike Falcon",
        programs=("/opt/CrowdStrike/falconctl",),
        processes=("falcon-sensor", "falcon-sensor-b", "falcon-sensor-bpf"),
        folders=("/opt/CrowdStrike",),
        units=("falcon-sensor.service",),
        ask=falcon.ask,
    ),
    Product(
        name="SentinelOne",
        programs=("/opt/sentinelone/bin/sentinelctl",),
        processes=("s1-agent", "s1-orchestrator", "s1-scanner", "sentinelone-age"),
        folders=("/opt/sentinelone",),
        units=("sentinelone.service",),
        ask=sentinelone.ask,
        accounts=("root", "sentinelone"),
    ),
    Product(
        name="Bitdefender",
        programs=("/opt/bitdefender-security-tools/bin/bduitool",),
        processes=("bdsecd", "epagd"),
        folders=("/opt/bitdefender-security-tools",),
        units=("bdsec.service", "bdsecd.service", "bdsec-epagd.service"),
        ask=bitdefender.ask,
        accounts=("root", "bitdefender"),
    ),
    Product(
        name="Cortex XDR",
        programs=("/opt/traps/bin/cytool", "/opt/traps/bin/pmd"),
        processes=("pmd",),
        folders=("/opt/traps",),
        units=("traps_pmd.service",),
        ask=cortex.ask,
        accounts=("root", "cortexuser"),
    ),
    Product(
        name="Carbon Black Cloud",
        programs=("/opt/carbonblack/psc/bin/cbagentd", "/opt/carbonblack/psc/bin/repcli"),
        processes=("cbagentd",),
        folders=("/opt/carbonblack/psc",),
        units=("cbagentd.service",),
        ask=carbonblack.ask,
    ),
    Product(
        name="ESET Endpoint Antivirus",
        programs=("/opt/eset/eea/sbin/startd",),
        processes=("startd", "oaeventd", "odfeeder"),
        folders=("/opt/eset/eea",),
        units=("eea.service",),
        accounts=("root", "eset-eea-daemon"),
    ),
    Product(
        name="ESET Server Security",
        programs=("/opt/eset/efs/sbin/startd",),
        processes=("startd", "oaeventd", "odfeeder"),
        folders=("/opt/eset/efs",),
        units=("efs.service",),
        accounts=("root", "eset-efs-daemon"),
    ),
    Product(
        name="Sophos",
        programs=(
            "/opt/sophos-spl/base/bin/sophos_watchdog",
            "/opt/sophos-av/bin/savdstatus",
        ),
        processes=("sophos_watchdog", "savd"),
        folders=("/opt/sophos-spl", "/opt/sophos-av"),
        units=("sophos-spl.service", "sav-protect.service"),
    ),
    Product(
        name="Trellix Endpoint Security",
        programs=("/opt/McAfee/ens/tp/bin/mfetpcli", "/opt/McAfee/ens/tp/bin/mfetpd"),
        processes=("mfetpd",),
        folders=("/opt/McAfee/ens",),
        units=("mfetpd.service",),
    ),
    Product(
        name="Kaspersky Endpoint Security",
        programs=("/opt/kaspersky/kesl/bin/kesl-control",),
        processes=("kesl",),
        folders=("/opt/kaspersky/kesl", "/var/opt/kaspersky/kesl"),
        units=("kesl.service", "kesl-supervisor.service"),
    ),
)
