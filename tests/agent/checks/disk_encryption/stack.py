"""Builds hosts with stacked block devices, by hand from the documented formats of /proc and /sys.

A `Stack` starts as one NVMe disk with an ESP, a /boot and one free partition.
"""

from dataclasses import dataclass, field

from agent.host import CannotTell
from tests.fakes import Answer, FakeHost

ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
LUKS_UUID = "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-"
VIRTUAL = "22 1 0:22 / /proc rw - proc proc rw\n23 1 0:23 / /run rw - tmpfs tmpfs rw\n"
AES = "0 100 crypt aes-xts-plain64 :64:logon:cryptsetup:x 0 259:3 32768"
HEADER = (
    '{"keyslots":{},"tokens":{%s},"segments":{"0":{"type":"%s"}},"digests":{},'
    '"config":{"requirements":{"mandatory":[%s]}}}'
)


def header(segment: str = "crypt", token: str = "", requirement: str = "") -> str:
    return HEADER % (token, segment, requirement)


@dataclass
class Stack:
    files: dict[str, bytes | str | CannotTell] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    commands: dict[str, Answer] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    mounts: str = VIRTUAL
    swaps: str = SWAPS
    table: str = ""
    numbers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.disk("nvme0n1", "259:0")
        self.partition("nvme0n1", "nvme0n1p1", "259:1", ESP)
        self.partition("nvme0n1", "nvme0n1p2", "259:2")
        self.partition("nvme0n1", "nvme0n1p3", "259:3")
        self.mount("259:2", "/boot", "ext4", "/dev/nvme0n1p2")
        self.mount("259:1", "/boot/efi", "vfat", "/dev/nvme0n1p1")

    def device(self, name: str, number: str, below: tuple[str, ...] = ()) -> None:
        self.numbers[name] = number
        self.files[f"/sys/class/block/{name}/dev"] = number + "\n"
        for slave in below:
            self.links[f"/sys/class/block/{name}/slaves/{slave}"] = f"../../{slave}"
            self.links[f"/sys/class/block/{slave}/holders/{name}"] = f"../../{name}"

    def disk(self, name: str, number: str, where: str = "pci0000:00", removable: int = 0) -> None:
        self.device(name, number)
        self.files[f"/sys/class/block/{name}/removable"] = f"{removable}\n"
        self.links[f"/sys/class/block/{name}"] = f"../../devices/{where}/{name}"

    def partition(self, disk: str, name: str, number: str, kind: str = "") -> None:
        self.device(name, number)
        self.files[f"/sys/class/block/{name}/partition"] = "1\n"
        above = self.links[f"/sys/class/block/{disk}"]
        self.links[f"/sys/class/block/{name}"] = f"{above}/{name}"
        self.udev(name, E_ID_PART_ENTRY_TYPE=kind or "0fc63daf-8483-4772-8e79-3d69d8477de4")

    def udev(self, name: str, **entries: str) -> None:
        path = f"/run/udev/data/b{self.numbers[name]}"
        lines = (f"{key[0]}:{key[2:]}={value}\n" for key, value in entries.items())
        self.files[path] = str(self.files.get(path, "")) + "".join(lines)

    def mapping(
        self, name: str, mapping: str, below: tuple[str, ...], uuid: str, target: str
    ) -> None:
        self.device(name, f"254:{name[3:]}", below)
        self.files[f"/sys/class/block/{name}/dm/name"] = mapping + "\n"
        self.files[f"/sys/class/block/{name}/dm/uuid"] = uuid + "\n"
        self.table += f"{mapping}: {target}\n"

    def luks(self, name: str, mapping: str, below: str, target: str = AES) -> None:
        self.mapping(name, mapping, (below,), LUKS_UUID + mapping, target)
        self.header(below, header())

    def header(self, device: str, content: Answer) -> None:
        line = f"cryptsetup luksDump --dump-json-metadata /dev/{device}"
        self.commands[line] = content

    def lvm(self, name: str, mapping: str, *below: str) -> None:
        target = "0 100 linear 254:0 2048"
        self.mapping(name, mapping, below, f"LVM-abcdef{mapping}", target)

    def mount(self, number: str, point: str, filesystem: str, source: str, more: str = "") -> None:
        options = f"rw{more}"
        self.mounts += f"30 1 {number} / {point} rw shared:1 - {filesystem} {source} {options}\n"

    def swap(self, path: str, kind: str = "partition") -> None:
        self.swaps += f"{path}\t{kind}\t\t524284\t\t0\t\t-2\n"

    def host(self) -> FakeHost:
        files = {
            "/proc/1/mountinfo": self.mounts,
            "/proc/swaps": self.swaps,
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
            **self.files,
        }
        commands = {"dmsetup table": self.table or "No devices found\n", **self.commands}
        return FakeHost(commands, files, self.links, self.folders)


def encrypted_laptop() -> Stack:
    """LUKS2 below LVM: / and swap, as an installer makes it."""
    stack = Stack()
    stack.luks("dm-0", "disk_crypt", "nvme0n1p3")
    stack.lvm("dm-1", "vg-swap", "dm-0")
    stack.lvm("dm-2", "vg-root", "dm-0")
    stack.mount("254:2", "/", "ext4", "/dev/mapper/vg-root")
    stack.swap("/dev/dm-1")
    return stack
