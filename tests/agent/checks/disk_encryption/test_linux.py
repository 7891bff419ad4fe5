"""What the check says of whole machines."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.disk_encryption.linux import observe
from agent.host import CannotTell, Denied, NotApplicableHere, Output, Sandboxed
from protos.posture.v1.signals_pb2 import Protection, UnknownReason
from tests.agent.checks.disk_encryption.look import look, role, volumes
from tests.agent.checks.disk_encryption.stack import (
    AES,
    SWAPS,
    VIRTUAL,
    Stack,
    encrypted_laptop,
    header,
)
from tests.fakes import FakeHost

SECOND = "22222222-2222-2222-2222-222222222222"


def test_luks_below_lvm_is_encrypted_and_boot_is_told_apart() -> None:
    stack = encrypted_laptop()
    assert look(stack) == {
        "/": "encrypted",
        "[swap]": "encrypted",
        "/boot": "plain",
        "/boot/efi": "plain",
    }
    assert role(stack, "/boot/efi") == role(stack, "/boot") == "boot"
    assert volumes(observe(stack.host()))["/"].method == "LUKS2"


def test_a_plain_swap_beside_an_encrypted_root_is_plain() -> None:
    stack = Stack()
    stack.luks("dm-0", "root", "nvme0n1p3")
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/root")
    stack.swap("/dev/nvme0n1p4")
    assert (look(stack)["/"], look(stack)["[swap]"]) == ("encrypted", "plain")


def test_a_swap_file_is_as_safe_as_the_file_system_that_holds_it() -> None:
    stack = encrypted_laptop()
    stack.swaps = SWAPS
    stack.swap("/var/swap\\040file", "file")
    assert look(stack)["[swap]"] == "encrypted"


def test_a_volume_over_an_encrypted_and_a_plain_disk_is_partial_and_names_the_plain_one() -> None:
    stack = encrypted_laptop()
    stack.disk("sdb", "8:16")
    stack.partition("sdb", "sdb1", "8:17")
    stack.lvm("dm-2", "vg-root", "dm-0", "sdb1")
    assert look(stack)["/"] == "partial"
    assert "sdb1 below it is plain" in volumes(observe(stack.host()))["/"].remarks


def test_luks_over_a_mirror_and_a_mirror_over_luks_are_encrypted() -> None:
    stack = Stack()
    stack.device("md127", "9:127", ("nvme0n1p3", "nvme0n1p2"))
    stack.luks("dm-0", "over", "md127")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/over")
    stack.device("md1", "9:1", ("dm-0",))
    stack.mount("9:1", "/srv", "xfs", "/dev/md1")
    assert (look(stack)["/"], look(stack)["/srv"]) == ("encrypted", "encrypted")


def test_an_array_whose_members_cannot_be_seen_is_not_told() -> None:
    stack = Stack()
    stack.device("md127", "9:127")
    stack.mount("9:127", "/", "ext4", "/dev/md127")
    assert look(stack)["/"] == "-"


@pytest.mark.parametrize(("second", "expected"), [("dm-1", "encrypted"), ("sdb", "partial")])
def test_every_member_of_a_btrfs_counts(second: str, expected: str) -> None:
    stack = Stack()
    stack.luks("dm-0", "one", "nvme0n1p3")
    stack.disk("sdb", "8:16")
    stack.luks("dm-1", "two", "nvme0n1p2")
    stack.links |= {
        f"/sys/fs/btrfs/{SECOND}/devices/dm-0": "x",
        f"/sys/fs/btrfs/{SECOND}/devices/{second}": "x",
    }
    stack.mount("0:26", "/", "btrfs", "/dev/mapper/one")
    stack.mount("0:26", "/home", "btrfs", "/dev/mapper/one")
    assert look(stack)["/"] == expected
    assert "/home" not in look(stack)


def test_a_btrfs_whose_members_cannot_be_seen_is_not_told() -> None:
    stack = encrypted_laptop()
    stack.mount("0:26", "/data", "btrfs", "/dev/mapper/vg-root")
    assert look(stack)["/data"] == "-"


def test_verity_and_integrity_are_not_encryption() -> None:
    for kind in ("VERITY", "INTEGRITY"):
        stack = Stack()
        target = f"0 100 {kind.lower()} 1 259:3 259:2"
        stack.mapping("dm-0", "usr", ("nvme0n1p3",), f"CRYPT-{kind}-abc-usr", target)
        stack.mount("254:0", "/", "ext4", "/dev/mapper/usr")
        assert look(stack)["/"] == "plain"


def test_verity_over_luks_is_as_safe_as_the_luks_below() -> None:
    stack = encrypted_laptop()
    target = "0 100 verity 1 254:0 254:0"
    stack.mapping("dm-3", "usr", ("dm-0",), "CRYPT-VERITY-abc-usr", target)
    stack.mount("254:3", "/usr", "ext4", "/dev/mapper/usr")
    assert look(stack)["/usr"] == "encrypted"
    assert volumes(observe(stack.host()))["/usr"].method == "LUKS2"


def test_the_null_cipher_is_plain() -> None:
    stack = encrypted_laptop()
    stack.table = stack.table.replace("aes-xts-plain64", "cipher_null-ecb")
    assert look(stack)["/"] == look(stack)["[swap]"] == "plain"


def test_a_drive_that_encrypts_is_told_by_its_header_only() -> None:
    stack = Stack()
    stack.luks("dm-0", "opal", "nvme0n1p3", "0 100 linear 259:3 32768")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/opal")
    stack.header("nvme0n1p3", header("hw-opal"))
    assert look(stack)["/"] == "encrypted"
    stack.header("nvme0n1p3", Denied("no"))
    assert look(stack)["/"] == "-"
    stack.header("nvme0n1p3", header("crypt"))
    assert look(stack)["/"] == "plain"


def test_a_running_conversion_is_partial() -> None:
    stack = encrypted_laptop()
    stack.header("nvme0n1p3", header(requirement='"online-reencrypt-v2"'))
    assert look(stack)["/"] == "partial"
    half = Stack()
    half.luks("dm-0", "half", "nvme0n1p3", f"{AES}\nhalf: 100 100 linear 259:3 0")
    half.mount("254:0", "/", "ext4", "/dev/mapper/half")
    half.header("nvme0n1p3", Denied("no"))
    assert look(half)["/"] == "partial"


def test_unlocking_without_a_person_is_remarked() -> None:
    stack = encrypted_laptop()
    stack.header("nvme0n1p3", header(token='"0":{"type":"systemd-tpm2","keyslots":["1"]}'))
    assert "unlocks by TPM without a PIN" in volumes(observe(stack.host()))["/"].remarks


def test_without_rights_an_encrypted_looking_volume_is_not_told_and_a_plain_one_is() -> None:
    stack = encrypted_laptop()
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.mount("259:4", "/home", "ext4", "/dev/nvme0n1p4")
    complaint = "/dev/mapper/control: open failed: Permission denied"
    stack.commands["dmsetup table"] = Output("", complaint, 1)
    seen = observe(stack.host())
    assert look(stack)["/"] == "-"
    assert look(stack)["/home"] == "plain"
    gaps = {gap.field: gap.reason for gap in seen.gaps}
    assert gaps["volumes[/].protection"] == UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


def test_swap_in_memory_never_reaches_a_disk_unless_it_is_written_back() -> None:
    stack = encrypted_laptop()
    stack.device("zram0", "251:0")
    stack.swaps = SWAPS
    stack.swap("/dev/zram0")
    assert look(stack)["[swap]"] == "memory_only"
    stack.files["/sys/class/block/zram0/backing_dev"] = "/dev/nvme0n1p2\n"
    assert look(stack)["[swap]"] == "plain"


def test_a_change_of_key_leaves_nothing_in_clear() -> None:
    stack = encrypted_laptop()
    parts = ("", "", ',"flags":["backup-previous"]', ',"flags":["backup-final"]')
    segments = ",".join(f'"{n}":{{"type":"crypt"{flags}}}' for n, flags in enumerate(parts))
    whole = header(requirement='"online-reencrypt-v2"')
    stack.header("nvme0n1p3", whole.replace('"0":{"type":"crypt"}', segments))
    assert look(stack)["/"] == "encrypted"
    ending = segments.replace(
        '"crypt","flags":["backup-final"]', '"linear","flags":["backup-final"]'
    )
    stack.header("nvme0n1p3", whole.replace('"0":{"type":"crypt"}', ending))
    assert look(stack)["/"] == "partial"


@pytest.mark.parametrize("point", ["/home", "/home/alice"])
def test_homes_on_a_disk_behind_usb_are_judged(point: str) -> None:
    stack = encrypted_laptop()
    stack.disk("sda", "8:0", "pci0000:00/usb2/2-1")
    stack.mount("8:0", "/srv", "ext4", "/dev/sda")
    stack.mount("8:0", point, "ext4", "/dev/sda")
    assert role(stack, point) == "data"


def test_a_stick_is_removable_and_a_root_on_usb_is_not() -> None:
    stack = encrypted_laptop()
    stack.disk("sda", "8:0", "pci0000:00/usb2/2-1")
    stack.mount("8:0", "/media/alice/STICK", "vfat", "/dev/sda")
    assert role(stack, "/media/alice/STICK") == "removable"
    booted = Stack()
    booted.disk("sda", "8:0", "pci0000:00/usb2/2-1", removable=1)
    booted.partition("sda", "sda1", "8:1")
    booted.partition("sda", "sda2", "8:2")
    booted.mount("8:1", "/", "ext4", "/dev/sda1")
    booted.mount("8:2", "/data", "ext4", "/dev/sda2")
    assert (role(booted, "/"), role(booted, "/data")) == ("system", "data")


def test_boot_is_known_by_type_or_place_and_never_by_file_system() -> None:
    stack = encrypted_laptop()
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.mount("259:4", "/exchange", "vfat", "/dev/nvme0n1p4")
    assert role(stack, "/exchange") == "data"
    root_on_esp = Stack()
    root_on_esp.mount("259:1", "/", "ext4", "/dev/nvme0n1p1")
    assert role(root_on_esp, "/") == "system"


def test_a_plain_file_system_that_nothing_mounts_is_reported() -> None:
    stack = encrypted_laptop()
    stack.partition("nvme0n1", "nvme0n1p4", "259:4")
    stack.udev("nvme0n1p4", E_ID_FS_TYPE="ntfs", E_ID_FS_USAGE="filesystem")
    assert look(stack)["/dev/nvme0n1p4"] == "plain"
    assert role(stack, "/dev/nvme0n1p4") == "unmounted"


@pytest.mark.parametrize(
    "host",
    [
        FakeHost(files={"/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n"}),
        FakeHost(files={"/run/systemd/container": "docker\n"}),
        FakeHost(commands={"systemd-detect-virt": "lxc\n"}),
    ],
)
def test_a_container_has_no_disks_of_its_own(host: FakeHost) -> None:
    with pytest.raises(NotApplicableHere, match="container"):
        observe(host)


def test_a_diskless_machine_has_none() -> None:
    stack = Stack()
    stack.mounts = VIRTUAL + "30 1 0:30 / / rw - nfs4 server:/root rw\n"
    with pytest.raises(NotApplicableHere, match="nfs4"):
        observe(stack.host())


def test_a_mount_namespace_of_its_own_is_no_witness() -> None:
    stack = encrypted_laptop()
    stack.files["/proc/1/mountinfo"] = Denied("no")
    stack.files["/proc/self/mountinfo"] = stack.mounts
    assert look(stack)["/"] == "encrypted"
    stack.links |= {"/proc/1/ns/mnt": "mnt:[1]", "/proc/self/ns/mnt": "mnt:[2]"}
    with pytest.raises(Sandboxed):
        observe(stack.host())


def test_swaps_that_cannot_be_read_stay_in_the_answer_as_untold() -> None:
    stack = encrypted_laptop()
    stack.files["/proc/swaps"] = Denied("no")
    assert look(stack)["[swap]"] == "-"


LSBLK = """NAME          MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT
vda           252:0    0    9G  0 disk
|-vda1        252:1    0  500M  0 part /boot
`-vda2        252:2    0  8.5G  0 part
  |-vg-root   253:0    0  7.6G  0 lvm  /
  `-hidden    253:1    0  924M  0 crypt
    `-vg-swap 253:2    0  924M  0 lvm  [SWAP]
"""


def test_lsblk_alone_tells_what_is_plain_and_never_what_is_encrypted() -> None:
    seen = observe(FakeHost(commands={"lsblk": LSBLK}))
    told = {name: volume.protection for name, volume in volumes(seen).items()}
    plain = Protection.PROTECTION_PLAIN
    assert told == {"/": plain, "/boot": plain, "[swap]": Protection.PROTECTION_UNSPECIFIED}


def test_nothing_to_go_by_is_no_answer() -> None:
    for host in (FakeHost(), FakeHost(commands={"lsblk": Output("garbage", "", 0)})):
        with pytest.raises(CannotTell):
            observe(host)


def test_users_with_encrypted_homes_are_counted_and_not_named() -> None:
    stack = encrypted_laptop()
    people = ("alice", "bob")
    rows = (f"{who}:x:{1000 + i}:1000::/home/{who}:/bin/sh\n" for i, who in enumerate(people))
    stack.files["/etc/passwd"] = "".join(rows)
    stack.folders += [f"/home/{who}" for who in people]
    stack.commands["lsattr -d /home/alice"] = "----------E--e------- /home/alice\n"
    stack.commands["lsattr -d /home/bob"] = "-------------e------- /home/bob\n"
    seen = observe(stack.host())
    assert seen.value.encrypted_homes == 1  # type: ignore[attr-defined]
    assert "alice" not in str(seen.value)


def test_devices_that_go_in_a_circle_end() -> None:
    stack = Stack()
    stack.lvm("dm-0", "a", "dm-1")
    stack.lvm("dm-1", "b", "dm-0")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/a")
    assert look(stack)["/"] == "-"


class Counting:
    """Counts the questions that go through the door."""

    def __init__(self, host: FakeHost) -> None:
        self._host = host
        self.questions = 0

    def __getattr__(self, name: str) -> Any:
        self.questions += 1
        return getattr(self._host, name)


def test_ten_thousand_mounts_cost_no_more_questions_and_little_space() -> None:
    few = Counting(encrypted_laptop().host())
    observe(few)  # type: ignore[arg-type]
    stack = encrypted_laptop()
    for number in range(10_000):
        stack.mount("254:2", f"/var/lib/containers/{number}", "ext4", "/dev/mapper/vg-root")
        stack.mount("0:99", f"/snap/{number}", "tmpfs", "tmpfs")
    many = Counting(stack.host())
    assert len(volumes(observe(many))) == 4  # type: ignore[arg-type]
    assert many.questions == few.questions


def test_equal_machines_give_equal_bytes() -> None:
    first, second = (observe(encrypted_laptop().host()) for _ in range(2))
    assert first.value.SerializeToString() == second.value.SerializeToString()
    assert first.evidence == second.evidence


SOUP = st.text(alphabet="012:/ -\\\tabcdemnrtxzx,=\n", max_size=60)


@given(data=st.data())
def test_damaged_sources_never_raise_anything_else_and_never_encrypt_a_plain_machine(
    data: st.DataObject,
) -> None:
    stack = Stack()
    stack.lvm("dm-0", "vg-root", "nvme0n1p3")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/vg-root")
    stack.swap("/dev/nvme0n1p2")
    host = stack.host()
    files = dict(host.files)
    for path in data.draw(st.lists(st.sampled_from(sorted(files)), max_size=4)):
        whole = str(files[path])
        cut = data.draw(st.integers(0, len(whole)))
        files[path] = whole[:cut] + data.draw(SOUP)
    files["/etc/crypttab"] = data.draw(SOUP)
    try:
        seen = observe(replace(host, files=files))
    except (CannotTell, NotApplicableHere):
        return
    found = {volume.protection for volume in volumes(seen).values()}
    assert Protection.PROTECTION_ENCRYPTED not in found


def test_a_mount_point_with_a_strange_name_hides_nothing() -> None:
    stack = encrypted_laptop()
    stack.mount("0:60", "/home/alice/a\u2028b\x0cc", "fuse.sshfs", "alice@host:")
    assert look(stack)["/"] == "encrypted"


@pytest.mark.parametrize("plain", [False, True])
def test_among_ten_thousand_mounts_the_one_that_is_plain_is_found(plain: bool) -> None:
    stack = Stack()
    stack.luks("dm-0", "root", "nvme0n1p3")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/root")
    stack.disk("sdb", "8:16")
    for n in range(5_000):
        stack.mounts += f"{n} 1 0:{n} / /var/lib/docker/{n}/merged rw - overlay overlay rw\n"
        where = "8:16" if plain and n == 4_321 else "254:0"
        stack.mounts += f"{n} 1 {where} /{n} /var/lib/pods/{n} rw - ext4 /dev/mapper/root rw\n"
    expected = {"/": "encrypted", "/boot": "plain", "/boot/efi": "plain"}
    assert look(stack) == expected | ({"/var/lib/pods/4321": "plain"} if plain else {})
