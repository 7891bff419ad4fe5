"""Knows the disk encryption products other than BitLocker by the driver that boots before Windows.

Such a product encrypts below everything that Windows tells: a volume that BitLocker calls plain
may be encrypted all the same. A driver that starts with the boot loader (Start 0) is in use; the
same driver with another start only opens containers.
"""

from collections.abc import Mapping
from typing import Final

from agent.host import CannotTell, Host

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
BOOT_START = 0
PRODUCTS: Final[Mapping[str, str]] = {
    "veracrypt": "VeraCrypt",
    "truecrypt": "TrueCrypt",
    "dcrypt": "DiskCryptor",
    "MfeEpePc": "Trellix Drive Encryption",
    "PGPwded": "Symantec Encryption Desktop",
    "eedDiskEncryptionDriver": "Symantec Endpoint Encryption",
    "prot_2k": "Check Point Full Disk Encryption",
    "BEFlt": "Sophos SafeGuard",
    "SDDisk2K": "WinMagic SecureDoc",
    "dlpcrypt": "ESET Endpoint Encryption",
    "bcfnt": "BestCrypt Volume Encryption",
}


def product_below(host: Host) -> str | None:
    """The name of the first such product, or None when none is seen."""
    for service, product in PRODUCTS.items():
        try:
            start = host.registry(f"{SERVICES}\\{service}", "Start")
        except CannotTell:
            continue
        if start == BOOT_START:
            return product
    return None
