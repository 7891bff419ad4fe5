"""Without dmsetup, cryptsetup says what a mapping does; of what it does not say nothing is said."""

import pytest

from agent.checks.disk_encryption.crypt import parse_status
from agent.host import Denied, ToolMissing, Unparsable
from tests.agent.checks.disk_encryption.look import look
from tests.agent.checks.disk_encryption.stack import Stack
from tests.fakes import Answer

STATUS = """\
/dev/mapper/root is active and is in use.
  type:    LUKS2
  cipher:  aes-xts-plain64
  keysize: 512 bits
  key location: keyring
  device:  /dev/nvme0n1p3
  sector size:  512
  offset:  32768 sectors
  size:    1000182784 sectors
  mode:    read/write
  flags:   discards
"""


def without_dmsetup(status: Answer) -> Stack:
    stack = Stack()
    stack.luks("dm-0", "root", "nvme0n1p3")
    stack.mapping("dm-1", "vg-root", ("dm-0",), "LVM-x", "0 100 linear 254:0 0")
    stack.mount("254:1", "/", "ext4", "/dev/mapper/vg-root")
    stack.commands["dmsetup table"] = ToolMissing("dmsetup is not installed")
    stack.commands["cryptsetup status root"] = status
    return stack


def test_cryptsetup_stands_in_for_dmsetup() -> None:
    assert look(without_dmsetup(STATUS))["/"] == "encrypted"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (STATUS.replace("aes-xts-plain64", "cipher_null-ecb"), "plain"),
        (STATUS.replace("  cipher:  aes-xts-plain64\n", ""), "-"),
        ("/dev/mapper/root is inactive.\n", "-"),
        ("", "-"),
        (Denied("cryptsetup"), "-"),
        (ToolMissing("cryptsetup"), "-"),
    ],
)
def test_what_it_does_not_say_is_not_encrypted(status: Answer, said: str) -> None:
    assert look(without_dmsetup(status))["/"] == said


def test_a_plain_disk_is_plain_whatever_is_installed() -> None:
    stack = without_dmsetup(STATUS)
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.mount("259:4", "/home", "ext4", "/dev/nvme0n1p4")
    assert look(stack)["/home"] == "plain"


@pytest.mark.parametrize("end", range(0, STATUS.index("\n  keysize"), 3))
def test_a_status_cut_short_is_unparsable(end: int) -> None:
    with pytest.raises(Unparsable):
        parse_status(STATUS[:end])
