"""Answers for one block device: is everything below it encrypted? All of it, never some of it.

"Encrypted" rests on one thing only: the live device-mapper table shows a crypt target with a real
cipher (or the LUKS2 header says that the drive itself encrypts). The uuid prefix CRYPT-LUKS2- alone
is not enough: it also stands over a conversion that has encrypted nothing yet, over the null cipher
and over a plain mapping for OPAL drives. Table and header need root; without it the answer for an
encrypted-looking device is "cannot be told", while plain disks are still told as plain.
Prefixes: cryptsetup's lib/utils_devpath.c and dm_prepare_uuid; LVM, multipath, mdadm alike.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agent.checks.disk_encryption.blocks import Blocks
from agent.checks.disk_encryption.crypt import Header, Target, read_luks2_header
from agent.checks.disk_encryption.members import members
from agent.checks.disk_encryption.mounts import Mount, holding
from agent.host import CannotTell, NoData, Unparsable
from protos.posture.v1.signals_pb2 import Protection

ENCRYPTED = Protection.PROTECTION_ENCRYPTED
PLAIN = Protection.PROTECTION_PLAIN
PARTIAL = Protection.PROTECTION_PARTIAL
KEY_EXPOSED = Protection.PROTECTION_KEY_EXPOSED
MEMORY_ONLY = Protection.PROTECTION_MEMORY_ONLY

DEEPEST = 16
HIDDEN_BELOW = re.compile(r"CRYPT-(?!VERITY|INTEGRITY|SUBDEV)")
PASSED_DOWN = re.compile(
    r"LVM-|mpath-|part\d+-mpath-|DMRAID-|stratis-1-private-|VDO-|CRYPT-(VERITY|INTEGRITY|SUBDEV)-"
)
NOT_UNDERSTOOD = re.compile(r"drbd|nbd|rbd|zd|ublk|bcachefs")
NULL_CIPHER = "the null cipher is used: everything is stored in clear"
IN_DRIVE = "plain to the operating system; encryption inside the drive cannot be seen"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one device. `protection` is None when it cannot be told: see `trouble`."""

    protection: Protection.ValueType | None
    trouble: CannotTell | None = None
    method: str = ""
    remarks: tuple[str, ...] = ()
    disks: frozenset[str] = frozenset()
    crypts: frozenset[str] = frozenset()
    """The device-mapper names of the encrypting layers."""

    @property
    def safe(self) -> bool:
        return self.protection in (ENCRYPTED, MEMORY_ONLY)


def cannot(trouble: CannotTell, base: Answer | None = None) -> Answer:
    return replace(base or Answer(None), protection=None, trouble=trouble)


def together(answers: Iterable[tuple[str, Answer]]) -> Answer:
    """One answer for a device made of several: encrypted when every part is, plain when none is."""
    parts = list(answers)
    if not parts:
        return cannot(NoData("what the device is made of cannot be seen"))
    seen = [answer for _, answer in parts]
    joined = Answer(
        None,
        next((a.trouble for a in seen if a.trouble), None),
        ", ".join(sorted({a.method for a in seen if a.method})),
        tuple(dict.fromkeys(remark for a in seen for remark in a.remarks)),
        frozenset().union(*(a.disks for a in seen)),
        frozenset().union(*(a.crypts for a in seen)),
    )
    known = {a.protection for a in seen}
    if known == {MEMORY_ONLY}:
        return replace(joined, protection=MEMORY_ONLY)
    if known <= {ENCRYPTED, MEMORY_ONLY}:
        return replace(joined, protection=ENCRYPTED)
    if known == {PLAIN}:
        return replace(joined, protection=PLAIN)
    if known & {PLAIN, PARTIAL}:
        plain = tuple(f"{name} below it is plain" for name, a in parts if a.protection == PLAIN)
        remarks = tuple(remark for remark in joined.remarks if remark != IN_DRIVE)
        return replace(joined, protection=PARTIAL, trouble=None, remarks=(*plain, *remarks))
    return joined


@dataclass
class Walk:
    """Walks down from devices, keeping every answer. `tables` is the trouble when unreadable."""

    blocks: Blocks
    mounts: tuple[Mount, ...]
    tables: dict[str, tuple[Target, ...]] | CannotTell
    _answers: dict[str, Answer] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def answer(self, name: str) -> Answer:
        """For the kernel name of a device. Never raises: trouble is in the answer."""
        if name in self._answers:
            return self._answers[name]
        if name in self._open or len(self._open) >= DEEPEST:
            return cannot(Unparsable(f"the devices below {name} go in a circle or too deep"))
        self._open.append(name)
        try:
            found = self._look(name)
        except CannotTell as trouble:
            found = cannot(trouble)
        finally:
            self._open.pop()
        self._answers[name] = found
        return found

    def all_of(self, names: Iterable[str]) -> Answer:
        return together((name, self.answer(name)) for name in names)

    def on_path(self, path: str) -> Answer:
        """For a file, by the file system it lies on; a tmpfs is memory. Raises CannotTell."""
        mount = holding(self.mounts, path)
        if mount.filesystem in ("tmpfs", "ramfs", "devtmpfs"):
            return Answer(MEMORY_ONLY)
        return self.on_mount(mount)

    def on_mount(self, mount: Mount) -> Answer:
        return self.all_of(members(self.blocks, mount))

    def _look(self, name: str) -> Answer:
        blocks = self.blocks
        if name.startswith("dm-"):
            return self._mapping(name)
        if name.startswith("ram"):
            return Answer(MEMORY_ONLY)
        if name.startswith("zram"):
            backing = blocks.attribute(name, "backing_dev")
            if backing in (None, "none"):
                return Answer(MEMORY_ONLY, method="zram")
            assert backing is not None
            return self.answer(blocks.at(backing))
        parent = blocks.disk_of(name)
        if parent is not None:
            return self.answer(parent)
        if name.startswith("loop"):
            return self._loop(name)
        return self._whole(name)

    def _loop(self, name: str) -> Answer:
        backing = self.blocks.attribute(name, "loop/backing_file")
        if not backing or backing.endswith(" (deleted)"):
            raise NoData(f"the file behind {name} cannot be told")
        return self.on_path(backing)

    def _whole(self, name: str) -> Answer:
        below = self.blocks.below(name)
        if below:
            return self.all_of(below)
        if name not in self.blocks.names or NOT_UNDERSTOOD.match(name) or name.startswith("md"):
            raise NoData(f"what {name} is made of cannot be seen")
        return Answer(PLAIN, disks=frozenset((name,)), remarks=(IN_DRIVE,))

    def _mapping(self, name: str) -> Answer:
        mapping, uuid = self.blocks.mapping(name) or "", self.blocks.uuid(name)
        below = self.all_of(self.blocks.below(name))
        looks_encrypted = bool(HIDDEN_BELOW.match(uuid))
        if isinstance(self.tables, CannotTell) or mapping not in self.tables:
            if PASSED_DOWN.match(uuid) or below.protection == ENCRYPTED:
                return below
            trouble = self.tables if isinstance(self.tables, CannotTell) else None
            base = replace(below, method=method(uuid) if looks_encrypted else "", remarks=())
            return cannot(trouble or NoData(f"no live table for {mapping or name}"), base)
        answer = self._by_table(mapping, self.tables[mapping], below)
        if not looks_encrypted and all(t.kind != "crypt" for t in self.tables[mapping]):
            return answer
        answer = replace(answer, method=method(uuid))
        if not uuid.startswith("CRYPT-LUKS2-"):
            return answer
        try:
            header = read_luks2_header(self.blocks.host, *self._holders_of_header(name))
        except CannotTell as trouble:
            return self._without_header(answer, trouble)
        return self._by_header(mapping, header, answer)

    def _by_table(self, mapping: str, targets: tuple[Target, ...], below: Answer) -> Answer:
        odd = [t.kind for t in targets if not t.passes and t.kind != "crypt"]
        if odd or not targets:
            return cannot(NoData(f"the mapping type {odd[0] if odd else ''} is not understood"))
        kinds = dict.fromkeys(targets)
        parts = [(mapping, self._by_target(mapping, target, below)) for target in kinds]
        return parts[0][1] if len(parts) == 1 else together(parts)

    def _by_target(self, mapping: str, target: Target, below: Answer) -> Answer:
        if target.encrypts:
            crypts = below.crypts | {mapping}
            return Answer(ENCRYPTED, method="dm-crypt", disks=below.disks, crypts=crypts)
        if target.kind == "crypt" and below.protection == PLAIN:
            return replace(below, remarks=(NULL_CIPHER,))
        return below

    def _holders_of_header(self, name: str) -> list[str]:
        below = self.blocks.below(name)
        paths = [f"/dev/{device}" for device in below] + [self.blocks.path(d) for d in below]
        return list(dict.fromkeys(paths))

    def _without_header(self, answer: Answer, trouble: CannotTell) -> Answer:
        """A table of crypt targets stands by itself; a plain one may be an OPAL drive's."""
        if answer.protection == PLAIN and NULL_CIPHER not in answer.remarks:
            return cannot(trouble, replace(answer, remarks=()))
        return replace(answer, remarks=(*answer.remarks, "the LUKS2 header was not read"))

    def _by_header(self, mapping: str, header: Header, answer: Answer) -> Answer:
        """Add what the table does not say; only a header of an OPAL drive makes plain more."""
        remarks = (*(r for r in answer.remarks if r != IN_DRIVE), *self._remarks(header))
        if header.converting:
            remarks = ("encryption or re-encryption is still running", *remarks)
            return replace(answer, protection=PARTIAL, trouble=None, remarks=remarks)
        if header.hardware_only and answer.protection == PLAIN:
            crypts = answer.crypts | {mapping}
            in_drive = ("the drive encrypts (OPAL)", *remarks)
            return Answer(ENCRYPTED, None, "LUKS2 OPAL", in_drive, answer.disks, crypts)
        return replace(answer, remarks=remarks)

    @staticmethod
    def _remarks(header: Header) -> tuple[str, ...]:
        remarks = []
        if "systemd-tpm2" in header.tokens and not header.tpm_asks_pin:
            untold = header.tpm_asks_pin is None
            remarks.append("unlocks by TPM" if untold else "unlocks by TPM without a PIN")
        if "clevis" in header.tokens:
            remarks.append("unlocks by clevis, without a person")
        return tuple(remarks)


def method(uuid: str) -> str:
    """What encrypts, from the uuid's prefix.

    >>> method("CRYPT-PLAIN-cryptswap")
    'plain dm-crypt'
    """
    names = {"PLAIN": "plain dm-crypt", "TCRYPT": "VeraCrypt", "BITLK": "BitLocker"}
    kind = uuid.split("-")[1] if uuid.startswith("CRYPT-") and uuid.count("-") > 1 else "PLAIN"
    return names.get(kind, "FileVault" if kind == "FVAULT2" else kind)
