"""What fstab names and nothing mounts: counted when it is mounted on use, else told."""

import pytest

from agent.checks.disk_encryption.fstab import parse_fstab
from tests.agent.checks.disk_encryption.look import look, role
from tests.agent.checks.disk_encryption.stack import Stack

UUID = "0b9a3f3e-52c0-4a0e-9d6f-7a1f4a4b7d11"
HOME = f"UUID={UUID} /home ext4 defaults,noatime,x-systemd.automount 0 2\n"
AUTOFS = "60 22 0:48 / /home rw - autofs systemd-1 rw,fd=58,direct\n"


def with_home(line: str = HOME) -> Stack:
    stack = Stack()
    stack.luks("dm-0", "root", "nvme0n1p3")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/root")
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.files["/run/udev/data/b259:4"] = f"S:disk/by-uuid/{UUID}\nE:ID_PART_ENTRY_TYPE=x\n"
    stack.files["/etc/fstab"] = "# <file system> <mount point>\n" + line
    return stack


def test_a_plain_home_that_is_mounted_when_somebody_logs_in_counts() -> None:
    stack = with_home()
    stack.mounts += AUTOFS
    assert look(stack)["/home"] == "plain"
    assert role(stack, "/home") == "data"


def test_the_same_home_once_it_is_mounted_is_one_volume() -> None:
    stack = with_home()
    stack.mounts += AUTOFS
    stack.mount("259:4", "/home", "ext4", "/dev/nvme0n1p4")
    assert list(look(stack)) == ["/", "/home", "/boot", "/boot/efi"]


def test_one_that_is_mounted_only_by_hand_is_told_and_does_not_count() -> None:
    stack = with_home(HOME.replace("x-systemd.automount", "noauto"))
    assert look(stack)["/dev/nvme0n1p4"] == "plain"
    assert role(stack, "/dev/nvme0n1p4") == "unmounted"


@pytest.mark.parametrize(
    "line",
    [
        "UUID=ffffffff-0000-0000-0000-000000000000 /srv ext4 x-systemd.automount 0 2\n",
        "server:/export /home nfs x-systemd.automount 0 0\n",
        "tmpfs /tmp tmpfs defaults 0 0\n",
        "/dev/mapper/closed /home ext4 x-systemd.automount 0 2\n",
        "UUID\n",
        "",
    ],
)
def test_what_is_not_there_or_lies_on_no_disk_adds_nothing(line: str) -> None:
    assert list(look(with_home(line))) == ["/", "/boot", "/boot/efi"]


def test_an_encrypted_home_that_is_mounted_on_use_is_encrypted() -> None:
    stack = with_home("/dev/mapper/home /home ext4 x-systemd.automount 0 2\n")
    stack.luks("dm-1", "home", "nvme0n1p4")
    assert look(stack)["/home"] == "encrypted"


def test_tags_quotes_and_escapes_are_read() -> None:
    entries = parse_fstab('LABEL="data" /mnt/my\\040disk auto nofail\nPARTLABEL=x / ext4\n')
    assert [(entry.path, entry.point) for entry in entries] == [
        ("/dev/disk/by-label/data", "/mnt/my disk"),
        ("/dev/disk/by-partlabel/x", "/"),
    ]
