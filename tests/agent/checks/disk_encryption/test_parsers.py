"""The parsers of the disk check: what they read, and that they refuse what they do not know."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.accounts import PeoplesIds, parse_login_defs
from agent.checks.disk_encryption.crypt import (
    parse_dm_table,
    parse_luks2_json,
    parse_luks2_text,
)
from agent.checks.disk_encryption.homes import parse_lsattr, parse_passwd_homes
from agent.checks.disk_encryption.keys import parse_crypttab
from agent.checks.disk_encryption.lsblk import parse_lsblk_json, parse_lsblk_text
from agent.checks.disk_encryption.members import parse_btrfs_show
from agent.checks.disk_encryption.mounts import Swap, holding, parse_mountinfo, parse_swaps
from agent.checks.disk_encryption.zfs import parse_zfs_get, parse_zpool_status
from agent.host import CannotTell, Unparsable
from tests.agent.checks.disk_encryption.stack import SWAPS, header

ROOT = "29 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro\n"

PARSERS: list[Callable[[str], object]] = [
    parse_mountinfo,
    parse_swaps,
    parse_dm_table,
    parse_luks2_json,
    parse_luks2_text,
    parse_crypttab,
    parse_lsblk_json,
    parse_lsblk_text,
    parse_btrfs_show,
    parse_zfs_get,
    parse_zpool_status,
    parse_lsattr,
    lambda content: parse_passwd_homes(content, PeoplesIds()),
]


@pytest.mark.parametrize("parse", PARSERS)
@given(content=st.text(max_size=200))
def test_a_parser_answers_or_cannot_tell(parse: Callable[[str], object], content: str) -> None:
    with contextlib.suppress(CannotTell):
        assert parse(content) is not None


def test_mountinfo_undoes_octal_escapes_and_skips_optional_fields() -> None:
    line = "40 29 8:1 / /media/my\\040disk rw shared:1 master:2 - vfat /dev/sda1 rw\n"
    disk = parse_mountinfo(ROOT + line)[1]
    assert (disk.point, disk.device, disk.source) == ("/media/my disk", "8:1", "/dev/sda1")


@pytest.mark.parametrize(
    "content", ["", ROOT[:-1], ROOT + "30 29\n", ROOT.replace(" / / ", " / /x ")]
)
def test_a_list_of_mounts_that_is_not_whole_is_refused(content: str) -> None:
    with pytest.raises(Unparsable):
        parse_mountinfo(content)


def test_a_path_lies_on_the_deepest_mount_and_the_last_one_there() -> None:
    again = ROOT.replace(" / / ", " / /home ")
    mounts = parse_mountinfo(ROOT + again + again.replace("8:2", "8:9"))
    assert holding(mounts, "/home/alice").device == "8:9"
    assert holding(mounts, "/homestead").point == "/"


def test_swaps_tell_files_from_partitions() -> None:
    rows = "/dev/dm-1 partition 1 0 -2\n/swap\\040file file 1 0 -3\n"
    assert parse_swaps(SWAPS + rows) == (Swap("/dev/dm-1", False), Swap("/swap file", True))
    assert parse_swaps(SWAPS) == ()


@pytest.mark.parametrize("content", ["", "/dev/sda1 partition 1 0 -2\n", SWAPS + "/dev/sda1\n"])
def test_swaps_without_their_form_are_refused(content: str) -> None:
    with pytest.raises(Unparsable):
        parse_swaps(content)


def test_the_null_cipher_does_not_encrypt() -> None:
    table = parse_dm_table("a: 0 9 crypt cipher_null-ecb - 0 8:1 0\nb: 0 9 crypt aes 00 0 8:1 0\n")
    assert [table[name][0].encrypts for name in "ab"] == [False, True]


def test_a_table_that_is_cut_off_is_refused() -> None:
    with pytest.raises(Unparsable):
        parse_dm_table("a: 0 9 crypt aes-xts-plain64 :64:log")


def test_no_mappings_are_an_empty_table_and_garbage_is_none() -> None:
    assert parse_dm_table("No devices found\n") == {}
    with pytest.raises(Unparsable):
        parse_dm_table("Segmentation fault\n")


def test_backup_segments_of_a_luks2_header_are_not_live() -> None:
    flagged = header().replace('"type":"crypt"', '"type":"linear","flags":["backup-previous"]')
    assert parse_luks2_json(flagged).segments == ()
    assert parse_luks2_json(header("linear")).converting


def test_a_tpm_that_asks_for_a_pin_is_told_from_one_that_does_not() -> None:
    token = '"0":{"type":"systemd-tpm2","tpm2-pin":%s}'
    assert parse_luks2_json(header(token=token % "true")).tpm_asks_pin
    assert not parse_luks2_json(header(token=token % "false")).tpm_asks_pin


TEXT = """LUKS header information
Version:       \t2
UUID:          \t0

Data segments:
  0: linear
\toffset: 83886080 [bytes]

  4: crypt
\toffset: 16777216 [bytes]
\tflags : backup-final

Keyslots:
  0: luks2
\tKey:        512 bits
Tokens:
  0: systemd-tpm2
\tKeyslot:    2
Digests:
  0: pbkdf2
"""


def test_the_text_form_of_a_header_says_the_same() -> None:
    read = parse_luks2_text(TEXT)
    assert (read.segments, read.tokens, read.converting) == (("linear",), ("systemd-tpm2",), True)
    assert read.tpm_asks_pin is None
    done = parse_luks2_text(TEXT.replace("0: linear", "0: crypt"))
    assert (done.segments, done.converting) == (("crypt",), False)


def test_crypttab_reads_keys_and_options() -> None:
    entries = parse_crypttab(
        "# name\n\nroot UUID=1 none luks,discard\nx UUID=2 /k tpm2-device=auto\n"
    )
    assert entries["root"].key == ""
    assert entries["root"].option("discard") == ""
    assert (entries["x"].key, entries["x"].option("tpm2-device")) == ("/k", "auto")


def test_lsblk_of_every_age_is_read() -> None:
    old = '{"blockdevices":[{"name":"sda","type":"disk","rm":"1","mountpoint":"/mnt"}]}'
    new = '{"blockdevices":[{"name":"sda","type":"disk","rm":true,"mountpoints":["/mnt",null]}]}'
    assert parse_lsblk_json(old) == parse_lsblk_json(new)
    assert parse_lsblk_json(old)[0].points == ("/mnt",)


def test_a_btrfs_with_a_missing_member_is_refused() -> None:
    show = "Label: none  uuid: 1\n\tTotal devices %d FS\n\tdevid 1 size 9 used 1 path /dev/sda1\n"
    assert parse_btrfs_show(show % 1) == [("/dev/sda1",)]
    with pytest.raises(Unparsable):
        parse_btrfs_show(show % 2)


POOL = """  pool: tank
 state: ONLINE
config:

\tNAME            STATE
\ttank            ONLINE
\t  mirror-0      ONLINE
\t    /dev/sda1   ONLINE
\t    /dev/sdb1   ONLINE
\tlogs
\t  /dev/sdc1     ONLINE
\tspares
\t  /dev/sdd1     AVAIL

errors: No known data errors
"""


def test_a_pool_lists_its_data_and_log_devices_without_spares() -> None:
    assert parse_zpool_status(POOL) == {"tank": ("/dev/sda1", "/dev/sdb1", "/dev/sdc1")}


def test_only_people_have_homes() -> None:
    passwd = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"
    passwd += "homed:x:60100:60100::/home/homed:/bin/sh\nnobody:x:65534:65534::/home/x:/bin/sh\n"
    passwd += "old:x:500:500::/home/my home:/bin/sh\n"
    assert parse_passwd_homes(passwd, PeoplesIds()) == ("/home/alice", "/home/homed")
    old = parse_login_defs("# UID_MIN 0\nUID_MIN\t500\nUID_MAX 5000\n")
    assert parse_passwd_homes(passwd, old) == ("/home/alice", "/home/homed", "/home/my home")


def test_login_defs_widens_who_is_a_person_and_never_narrows_it() -> None:
    ids = parse_login_defs("UID_MIN 5000\nUID_MAX 9999999999\n")
    assert 1001 in ids
    assert 100_000 in ids
    assert not {0, 999, 65534} & {uid for uid in (0, 999, 65534) if uid in ids}
    assert 1 not in parse_login_defs("UID_MIN x\n")
