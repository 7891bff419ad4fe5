"""Names of severities and signals as people say them."""

from collector.model import Severity
from collector.translation import Words, marked

SEVERITIES = Words(
    {
        Severity.CRITICAL: marked("Critical"),
        Severity.HIGH: marked("High"),
        Severity.MEDIUM: marked("Medium"),
        Severity.LOW: marked("Low"),
    }
)
SIGNALS = Words(
    {
        "disk_encryption": marked("Disk encryption"),
        "firewall": marked("Firewall"),
        "antivirus": marked("Antivirus"),
        "screen_lock": marked("Screen lock"),
        "os_updates": marked("Updates"),
    }
)
