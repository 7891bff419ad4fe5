"""What names a person or a machine is replaced by a stand-in, the same words always by the same.

A stand-in has the shape of what it stands for, so that relations inside a recording survive.
Addresses of networks stay: the rules of a firewall are about them.
"""

import plistlib
import re
from collections.abc import Iterable

from agent.host import RegistryValue, Row, text
from agent.macos import plists

SECRET_FILES = re.compile(r"serial|product_uuid|asset_tag|machine-id|/address$|boot_id")
SYSTEM_FOLDERS = ("/etc/", "/usr/", "/nix/", "/proc/", "/sys/", "/var/lib/clamav/")
"""Where a binary file holds settings of the machine. Elsewhere it is a person's."""

NAMING = re.compile(
    r"serialnumber|uuid|identifyingnumber|macaddress|.*username|registered(owner|organization)"
    r"|dnshostname|label|machineguid|accesspaths",
    re.IGNORECASE,
)
"""Properties of CIM and values of the registry that name the machine or a person."""

UDEV = r"(?:ID_(?:\w*_)?SERIAL\w*|\w*SCSI_IDENT_\w+|ID_WWN\w*|ID_FS_(?:UUID|LABEL)\w*)"
PATTERNS = (
    # UUIDs, also as systemd writes them into the names of units
    re.compile(
        r"(?:(?<=x2d)|(?<![0-9a-fA-F]))"
        r"([0-9a-fA-F]{8}(?:(?:-|\\{1,2}x2d)[0-9a-fA-F]{4}){3}(?:-|\\{1,2}x2d)[0-9a-fA-F]{12})\b"
    ),
    re.compile(r"\bS-1-5-21-(\d+-\d+-\d+)-\d+"),  # the machine's or domain's part of an account
    re.compile(r"\bS-1-12-1-(\d+-\d+-\d+-\d+)"),
    re.compile(r"\b([0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5})\b"),  # hardware address
    re.compile(r"\b(?:en|wl|ww)x([0-9a-f]{12})\b"),  # an interface named after it
    re.compile(r"\b((?:[0-9a-f]{1,4}:){1,2}[0-9a-f]{0,2}ff:fe[0-9a-f]{2}:[0-9a-f]{1,4})\b"),
    re.compile(r"\b([0-9a-fA-F]{32}|[0-9a-f]{40})\b"),  # machine id, dashless UUID, Defender's id
    re.compile(rf"\b{UDEV}=(.+)$", re.MULTILINE),
    re.compile(r"\bdisk/by-(?:id|label)/(\S+)"),
    re.compile(r'"(?:serial|wwn|label|uuid|partuuid|ptuuid)"\s*:\s*"([^"]+)"'),
    re.compile(r'\b(?:UUID|LABEL)="?([^"\s]+)'),
    re.compile(r"(?:Serial Number(?: \(system\))?|Asset Tag): (.+)$", re.MULTILINE),
    # what opens a proxy or a repository: dnf.conf, and the addresses of repositories
    re.compile(r"^\s*(?:proxy_)?(?:username|password)\s*=\s*(\S.*)$", re.MULTILINE),
    re.compile(r"://([^\s/@\"'<>]+)@"),
    # a Mac's, as system_profiler and ioreg print them, and a person's full name of `id -P`
    re.compile(r'"(?:\w*serial_?number|device_serial|provisioning_UDID)"\s*:\s*"([^"]+)"'),
    re.compile(r'"(?:IOPlatformSerialNumber|serial-number)" = ["<]([^">]+)[">]'),
    re.compile(r"<key>\w*SerialNumber</key>\s*<string>([^<]+)</string>"),
    # what people call their disks; the mount points of macOS itself lie below /System
    re.compile(r"<key>(?:Volume)?Name</key>\s*<string>([^<]+)</string>"),
    re.compile(r'(?<!/System)/Volumes/([^<>"/\n]+)'),
    re.compile(r"\b([0-9A-F]{8}-[0-9A-F]{16})\b"),
    re.compile(r"^[^:\n]+:\*+:\d+:\d+:[^:\n]*:\d+:\d+:([^:\n]+):/", re.MULTILINE),
)


class Redaction:
    """`names` are those of the host and of people."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._known: dict[str, str] = {}
        for number, name in enumerate(sorted(set(names) - {"", "root"}), 1):
            self._known[name] = f"name{number}"
        self._names = sorted(self._known, key=len, reverse=True)
        self._given: set[str] = set()

    def __call__(self, content: str) -> str:
        for name in self._names:
            content = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w])", self._known[name], content)
        for pattern in PATTERNS:
            content = pattern.sub(self._replaced, content)
        return content

    def file(self, path: str, content: bytes) -> bytes | None:
        """A file's content as it may be written down; None when it may not be."""
        if SECRET_FILES.search(path):
            return self._whole(text(content)).encode()
        if content.startswith(b"bplist00"):
            content = _as_text(content)
        if b"\0" in content:
            return content if path.startswith(SYSTEM_FOLDERS) else None
        return self(text(content)).encode()

    def value(self, name: str, value: RegistryValue) -> RegistryValue:
        """A registry value as it may be written down; of bytes only how many there were."""
        if isinstance(value, bytes):
            return bytes(len(value))
        if isinstance(value, int):
            return value
        if isinstance(value, tuple):
            return tuple(self._named(name, each) for each in value)
        return self._named(name, value)

    def row(self, row: Row) -> dict[str, object]:
        """A row of a CIM class as it may be written down."""
        return {name: self._property(name, value) for name, value in row.items()}

    def _property(self, name: str, value: object) -> object:
        if isinstance(value, str):
            return self._named(name, value)
        if isinstance(value, list | tuple):
            return [self._property(name, each) for each in value]
        return value

    def _named(self, name: str, value: str) -> str:
        secret = NAMING.fullmatch(name) and any(c.isalnum() for c in value)
        return self._stand_in(value) if secret else self(value)

    def _whole(self, content: str) -> str:
        """A file that is nothing but an identifier."""
        return "\n".join(self._stand_in(line) if line else line for line in content.split("\n"))

    def _replaced(self, found: re.Match[str]) -> str:
        start, end = found.start(1) - found.start(), found.end(1) - found.start()
        return found[0][:start] + self._stand_in(found[1]) + found[0][end:]

    def _stand_in(self, secret: str) -> str:
        """Several patterns may fit the same words: a stand-in needs none of its own."""
        if secret in self._given:
            return secret
        if secret not in self._known:
            number = f"{len(self._known) + 1:x}"
            shape = re.sub(r"[0-9a-zA-Z]", "0", secret.replace(r"\x2d", "-"))
            given = shape[: -len(number)] + number if len(shape) > 4 else number
            self._known[secret] = given
            self._given.add(given)
        return self._known[secret]


def _as_text(content: bytes) -> bytes:
    """A binary property list as XML; a damaged one as it is."""
    try:
        return plistlib.dumps(plistlib.loads(content))
    except plists.DAMAGE:
        return content
