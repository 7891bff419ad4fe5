"""ZFS answers dataset by dataset."""

from tests.agent.checks.disk_encryption.look import look
from tests.agent.checks.disk_encryption.stack import (
    Stack,
    encrypted_laptop,
)

SECOND = "22222222-2222-2222-2222-222222222222"


def zfs(stack: Stack, *rows: tuple[str, str, str]) -> None:
    answer = ""
    for name, encryption, location in rows:
        answer += f"{name}\tencryption\t{encryption}\n{name}\tencryptionroot\t{name}\n"
        answer += f"{name}\tkeylocation\t{location}\n"
    properties = "type,encryption,encryptionroot,keystatus,keylocation,mounted,mountpoint"
    question = f"zfs get -Hp -t filesystem,volume -o name,property,value {properties}"
    stack.commands[question] = answer


POOL = "  pool: tank\n state: ONLINE\nconfig:\n\n\tNAME\tSTATE\n\ttank\tONLINE\n\t  %s\tONLINE\n"


def test_every_dataset_answers_for_itself() -> None:
    stack = encrypted_laptop()
    stack.mount("0:50", "/tank", "zfs", "tank")
    stack.mount("0:51", "/tank/clear", "zfs", "tank/clear")
    stack.mount("0:52", "/tank/key", "zfs", "tank/key")
    zfs(
        stack,
        ("tank", "aes-256-gcm", "prompt"),
        ("tank/clear", "off", "none"),
        ("tank/key", "aes-256-gcm", "file:///boot/key"),
    )
    stack.disk("sdc", "8:32")
    stack.commands["zpool status -P -L"] = POOL % "/dev/sdc" + "errors: none\n"
    told = look(stack)
    assert told["/tank"] == "encrypted"
    assert told["/tank/clear"] == "plain"
    assert told["/tank/key"] == "key_exposed"
    stack.commands["zpool status -P -L"] = POOL % "/dev/mapper/vg-root"
    assert look(stack)["/tank/clear"] == "encrypted"


def test_zfs_without_its_tools_is_not_told() -> None:
    stack = encrypted_laptop()
    stack.mount("0:50", "/tank", "zfs", "tank")
    assert look(stack)["/tank"] == "-"


def test_a_mounted_snapshot_is_as_its_dataset() -> None:
    stack = encrypted_laptop()
    stack.mount("0:50", "/tank", "zfs", "tank")
    stack.mount("0:51", "/tank/.zfs/snapshot/monday", "zfs", "tank@monday")
    zfs(stack, ("tank", "aes-256-gcm", "prompt"))
    assert look(stack)["/tank/.zfs/snapshot/monday"] == "encrypted"


def test_a_key_on_the_dataset_it_opens_has_a_copy_in_the_initramfs() -> None:
    stack = Stack()
    stack.mount("0:50", "/", "zfs", "rpool")
    zfs(stack, ("rpool", "aes-256-gcm", "file:///etc/zfs/rpool.key"))
    assert look(stack)["/"] == "-"
    stack.mounts = stack.mounts.replace(" / /boot ", " / /mnt ")
    assert look(stack)["/"] == "encrypted"
