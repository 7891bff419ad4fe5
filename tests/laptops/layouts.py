"""How the disks of a laptop are laid out: a script that builds them, one that opens them at boot.

Both run as init of a small first system under user-mode Linux, whose kernel has device-mapper, md
and btrfs whatever the kernel of this machine has. The system to install is an image on the last
disk; it is copied into the layout. The passphrase is the word "laptop".
"""

from dataclasses import dataclass

START = """
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tmpfs run /run
for module in dm-crypt xts sha256_generic aes_generic btrfs raid1; do modprobe -q $module; done
open() { printf laptop | cryptsetup open --key-file - "$1" "$2"; }
seal() {
  printf laptop | cryptsetup luksFormat --type luks2 --batch-mode --pbkdf pbkdf2 \
    --pbkdf-force-iterations 1000 --key-file - "$1"
}
"""
ALWAYS_END = """
trap "systemctl --force --force poweroff" EXIT; set -e
"""
BUILD_END = """
sync; echo LAYOUT-BUILT
"""
BOOT_END = """
mount --move /dev /mnt/dev; mount --move /proc /mnt/proc; mount --move /sys /mnt/sys
umount /run; cd /mnt; pivot_root . mnt
exec chroot . /bin/sh -c 'umount -l /mnt; exec /sbin/init' </dev/console >/dev/console 2>&1
"""
PARTED = """
sfdisk -q /dev/ubda <<TABLE
label: gpt
size=48M, type=BC13C2FF-59E6-4262-A352-B275FD6F7172
{table}
TABLE
mke2fs -q -t ext4 /dev/ubda1
"""
BOOT_FSTAB = "/dev/ubda1 /boot ext4 defaults 0 2\n"


@dataclass(frozen=True)
class Layout:
    """`extra_mb` is what the disk holds beside the system. `source` is the disk to copy from."""

    filesystem: str = "ext4"
    extra_mb: int = 0
    disks: int = 1
    packages: tuple[str, ...] = ()
    fstab: str = ""
    build: str = ""
    open: str = ""

    @property
    def staged(self) -> bool:
        """Whether a first system has to open the root; a plain root boots by itself."""
        return bool(self.open)

    @property
    def source(self) -> str:
        return f"/dev/ubd{'abcd'[self.disks]}"

    def build_script(self) -> str:
        copied = self.build.replace("SOURCE", self.source)
        return f"#!/bin/sh\n{START}{ALWAYS_END}{copied}{BUILD_END}"

    def open_script(self) -> str:
        return f"#!/bin/sh\n{START}{self.open}{BOOT_END}"


def _parted(table: str) -> str:
    return PARTED.replace("{table}", table)


COPY = "dd if=SOURCE of={to} bs=4M status=none\n"

LAYOUTS = {
    "plain": Layout(),
    "luks-lvm": Layout(
        extra_mb=256,
        packages=("cryptsetup-bin", "lvm2"),
        fstab=BOOT_FSTAB + "/dev/mapper/vg0-swap none swap sw,nofail 0 0\n",
        build=_parted("size=+") + "seal /dev/ubda2; open /dev/ubda2 cryptlvm\n"
        "pvcreate -q /dev/mapper/cryptlvm; vgcreate -q vg0 /dev/mapper/cryptlvm\n"
        "lvcreate -q -Wn -Zn -L 64M -n swap vg0; lvcreate -q -Wn -Zn -l 100%FREE -n root vg0\n"
        "vgmknodes; mkswap -q /dev/vg0/swap\n"
        + COPY.format(to="/dev/vg0/root")
        + "vgchange -an vg0; cryptsetup close cryptlvm\n",
        open="open /dev/ubda2 cryptlvm; vgchange -q -ay vg0; vgmknodes\nmount /dev/vg0/root /mnt\n",
    ),
    "luks-root-plain-swap": Layout(
        extra_mb=256,
        packages=("cryptsetup-bin",),
        fstab=BOOT_FSTAB + "/dev/ubda2 none swap sw,nofail 0 0\n",
        build=_parted("size=64M, type=swap\nsize=+")
        + "mkswap -q /dev/ubda2; seal /dev/ubda3; open /dev/ubda3 cryptroot\n"
        + COPY.format(to="/dev/mapper/cryptroot")
        + "cryptsetup close cryptroot\n",
        open="open /dev/ubda3 cryptroot\nmount /dev/mapper/cryptroot /mnt\n",
    ),
    "btrfs-on-luks": Layout(
        filesystem="btrfs",
        extra_mb=256,
        packages=("cryptsetup-bin", "btrfs-progs"),
        fstab=BOOT_FSTAB,
        build=_parted("size=+")
        + "seal /dev/ubda2; open /dev/ubda2 cryptroot\n"
        + COPY.format(to="/dev/mapper/cryptroot")
        + "cryptsetup close cryptroot\n",
        open="open /dev/ubda2 cryptroot\nmount -t btrfs /dev/mapper/cryptroot /mnt\n",
    ),
    "luks-on-md": Layout(
        extra_mb=128,
        disks=2,
        packages=("cryptsetup-bin", "mdadm"),
        build="mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.2"
        " --assume-clean /dev/ubda /dev/ubdb\n"
        "seal /dev/md0; open /dev/md0 cryptroot\n"
        + COPY.format(to="/dev/mapper/cryptroot")
        + "cryptsetup close cryptroot; mdadm --stop /dev/md0\n",
        open="mdadm --assemble /dev/md0 --run /dev/ubda /dev/ubdb\nopen /dev/md0 cryptroot\n"
        "mount /dev/mapper/cryptroot /mnt\n",
    ),
    "encrypted-home": Layout(
        extra_mb=256,
        packages=("cryptsetup-bin",),
        fstab=BOOT_FSTAB,
        build=_parted("size=96M\nsize=+")
        + "seal /dev/ubda2; open /dev/ubda2 crypthome; mke2fs -q -t ext4 /dev/mapper/crypthome\n"
        + COPY.format(to="/dev/ubda3")
        + "cryptsetup close crypthome\n",
        open="mount /dev/ubda3 /mnt\n",
    ),
}
