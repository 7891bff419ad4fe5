"""A key that lies in clear protects nothing, and one that cannot be followed is not believed."""

import pytest

from agent.host import Denied
from tests.agent.checks.disk_encryption.look import look
from tests.agent.checks.disk_encryption.stack import (
    Stack,
    encrypted_laptop,
)

SECOND = "22222222-2222-2222-2222-222222222222"


def test_a_key_file_on_a_plain_volume_exposes_what_it_opens() -> None:
    stack = Stack()
    stack.luks("dm-0", "home_crypt", "nvme0n1p3")
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.mount("259:4", "/", "ext4", "/dev/nvme0n1p4")
    stack.mount("254:0", "/home", "ext4", "/dev/mapper/home_crypt")
    stack.files["/etc/crypttab"] = "home_crypt UUID=1 /etc/home.key luks\n"
    assert look(stack)["/home"] == "key_exposed"
    stack.files["/etc/crypttab"] = "home_crypt UUID=1 /dev/urandom plain\n"
    assert look(stack)["/home"] == "encrypted"
    stack.files["/etc/crypttab"] = "home_crypt UUID=1 /run/key luks\n"
    assert look(stack)["/home"] == "encrypted"


def test_a_key_file_on_an_encrypted_root_is_no_exposure() -> None:
    stack = encrypted_laptop()
    stack.luks("dm-3", "data", "nvme0n1p2")
    stack.mounts = stack.mounts.replace("259:2 / /boot ", "254:3 / /data ")
    stack.files["/etc/crypttab"] = "data UUID=1 /etc/keys/data.key luks\n"
    assert look(stack)["/data"] == "encrypted"


@pytest.mark.parametrize(
    "line",
    [
        "disk_crypt UUID=1 /etc/own.key luks",  # the copy of it is in the initramfs on /boot
        "disk_crypt UUID=1 /key:UUID=2 luks",
        "disk_crypt UUID=1 none luks,keyscript=/usr/local/bin/anything",
        "disk_crypt UUID=1 none luks,try-empty-password",
        "disk_crypt UUID=1 - luks,try-empty-password=yes",
        "disk_crypt",
    ],
)
def test_a_key_that_cannot_be_followed_leaves_the_volume_untold(line: str) -> None:
    stack = encrypted_laptop()
    stack.files["/etc/crypttab"] = line + "\n"
    assert look(stack)["/"] == "-"


def test_a_unified_kernel_image_on_the_plain_esp_may_hold_the_key() -> None:
    stack = encrypted_laptop()
    stack.mounts = stack.mounts.replace(" /boot ext4", " /mnt ext4").replace(
        " / /boot ", " / /mnt "
    )
    stack.files["/etc/crypttab"] = "disk_crypt UUID=1 /.root.key luks\n"
    assert look(stack)["/"] == "encrypted"
    stack.files["/boot/efi/EFI/Linux/arch-linux.efi"] = b"MZ"
    assert look(stack)["/"] == "-"


def test_a_key_named_on_the_kernel_command_line_leaves_the_volume_untold() -> None:
    stack = encrypted_laptop()
    stack.files["/proc/cmdline"] = "root=/dev/vg/root rd.luks.key=/etc/key quiet\n"
    assert look(stack)["/"] == "-"


def test_a_crypttab_that_may_not_be_read_leaves_the_volume_untold() -> None:
    stack = encrypted_laptop()
    stack.files["/etc/crypttab"] = Denied("/etc/crypttab may not be read")
    assert look(stack)["/"] == "-"


def home_on_a_plain_root() -> Stack:
    stack = Stack()
    stack.luks("dm-0", "home_crypt", "nvme0n1p3")
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.mount("259:4", "/", "ext4", "/dev/nvme0n1p4")
    stack.mount("254:0", "/home", "ext4", "/dev/mapper/home_crypt")
    return stack


@pytest.mark.parametrize("crypttab", ["home_crypt UUID=1 none luks\n", "other UUID=2\n"])
def test_a_key_file_that_systemd_finds_by_the_name_of_the_volume_exposes_it(crypttab: str) -> None:
    stack = home_on_a_plain_root()
    stack.files["/etc/crypttab"] = crypttab
    assert look(stack)["/home"] == "encrypted"
    stack.files["/etc/cryptsetup-keys.d/home_crypt.key"] = b"\0\1\2"
    assert look(stack)["/home"] == "key_exposed"


def test_a_key_file_is_where_its_links_lead() -> None:
    stack = encrypted_laptop()
    stack.luks("dm-3", "data", "nvme0n1p2")
    stack.mounts = stack.mounts.replace("259:2 / /boot ", "254:3 / /data ")
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.mount("259:4", "/srv", "ext4", "/dev/nvme0n1p4")
    stack.files["/etc/crypttab"] = "data UUID=1 /etc/keys/data.key luks\n"
    stack.links["/etc/keys"] = "../srv/keys"
    assert look(stack)["/data"] == "key_exposed"
    stack.links["/srv/keys"] = "/srv/keys"
    assert look(stack)["/data"] == "-"


def test_a_key_that_the_initramfs_takes_by_default_is_looked_for() -> None:
    stack = encrypted_laptop()
    stack.files["/crypto_keyfile.bin"] = b"key"
    assert look(stack)["/"] == "-"
    stack.mounts = stack.mounts.replace(" / /boot ", " / /mnt ")
    assert look(stack)["/"] == "encrypted"


def test_a_password_that_is_not_tried_empty_is_no_doubt() -> None:
    stack = encrypted_laptop()
    stack.files["/etc/crypttab"] = "disk_crypt UUID=1 none luks,try-empty-password=no\n"
    assert look(stack)["/"] == "encrypted"
