"""Machines for disk encryption: one volume of every kind, protected, in clear, or out of sight."""

from agent.host import Denied
from tests.agent.checks.disk_encryption.stack import Stack
from tests.agent.checks.disk_encryption.test_zfs import POOL, zfs
from tests.fakes import FakeHost

MEMBERS = "/sys/fs/btrfs/22222222-2222-2222-2222-222222222222/devices"
PASSWD = (
    "root:x:0:0::/root:/bin/bash\n"
    "alice:x:1000:1000::/home/alice:/bin/bash\n"
    "bob:x:1001:1001::/home/bob:/bin/bash\n"
)


def _begin(homes: tuple[str, str]) -> Stack:
    """`homes`: the attributes lsattr shows of each person's home.

    No records of udev, whose names hold a colon: no Windows machine could check this out.
    """
    stack = Stack()
    stack.files = {path: text for path, text in stack.files.items() if ":" not in path}
    stack.files["/etc/passwd"] = PASSWD
    stack.files["/etc/crypttab"] = ""
    for person, attributes in zip(("alice", "bob"), homes, strict=True):
        stack.folders.append(f"/home/{person}")
        stack.commands[f"lsattr -d /home/{person}"] = f"{attributes} /home/{person}\n"
    for letter, number in (("b", "8:16"), ("c", "8:32"), ("d", "8:48")):
        stack.disk(f"sd{letter}", number)
    stack.device("zram0", "251:0")
    stack.swap("/dev/zram0")
    stack.mount("254:2", "/", "ext4", "/dev/mapper/vg-root")
    stack.mount("9:127", "/srv", "xfs", "/dev/md127")
    stack.mount("0:26", "/data", "btrfs", "/dev/sdb")
    stack.mount("0:50", "/tank", "zfs", "tank")
    return stack


def good() -> FakeHost:
    """LUKS2 below LVM, below an array, below both members of a btrfs; an encrypted dataset."""
    stack = _begin(("----------E--e-------", "-------------e-------"))
    stack.luks("dm-0", "disk_crypt", "nvme0n1p3")
    stack.lvm("dm-2", "vg-root", "dm-0")
    stack.luks("dm-3", "left", "sdb")
    stack.luks("dm-4", "right", "sdc")
    stack.device("md127", "9:127", ("dm-3", "dm-4"))
    stack.links |= {f"{MEMBERS}/dm-3": "x", f"{MEMBERS}/dm-4": "x"}
    stack.mounts = stack.mounts.replace("btrfs /dev/sdb", "btrfs /dev/mapper/left")
    stack.mount("0:60", "/home/bob", "ecryptfs", "/home/bob/.Private")
    zfs(stack, ("tank", "aes-256-gcm", "prompt"))
    return stack.host()


def bad() -> FakeHost:
    """The same without LUKS, save for one of the two members of the btrfs."""
    stack = _begin(("-------------e-------", "-------------e-------"))
    stack.lvm("dm-2", "vg-root", "nvme0n1p3")
    stack.device("md127", "9:127", ("sdb", "sdc"))
    stack.luks("dm-3", "left", "sdd")
    stack.links |= {f"{MEMBERS}/dm-3": "x", f"{MEMBERS}/sdb": "x"}
    stack.mounts = stack.mounts.replace("btrfs /dev/sdb", "btrfs /dev/mapper/left")
    stack.files["/sys/class/block/zram0/backing_dev"] = "/dev/nvme0n1p2\n"
    zfs(stack, ("tank", "off", "none"))
    stack.commands["zpool status -P -L"] = POOL % "/dev/sdc" + "errors: none\n"
    return stack.host()


def blind() -> FakeHost:
    """What lies below is out of sight, each time for another reason."""
    stack = _begin(("-------------e-------", "-------------e-------"))
    stack.commands["lsattr -d /home/alice"] = Denied("lsattr")
    stack.luks("dm-0", "disk_crypt", "nvme0n1p3")
    stack.lvm("dm-2", "vg-root", "dm-0")
    stack.device("md127", "9:127")
    host = stack.host()
    host.commands = {**host.commands, "dmsetup table": Denied("dmsetup table")}
    host.files = {**host.files, "/proc/swaps": Denied("/proc/swaps")}
    return host
