"""Answers for ZFS datasets, one by one: a child may be plain below an encrypted parent.

Formats: zfs-get(8) with -Hp (tab separated), zpool-status(8) with -P -L (full, resolved paths).
"""

import re
from dataclasses import replace

from agent.checks.disk_encryption.mounts import holding
from agent.checks.disk_encryption.walk import (
    ENCRYPTED,
    KEY_EXPOSED,
    PLAIN,
    Answer,
    Walk,
    cannot,
    together,
)
from agent.host import CannotTell, Host, NoData, Unparsable

PROPERTIES = "type,encryption,encryptionroot,keystatus,keylocation,mounted,mountpoint"
GET = ("zfs", "get", "-Hp", "-t", "filesystem,volume", "-o", "name,property,value", PROPERTIES)
STATUS = ("zpool", "status", "-P", "-L")
Datasets = dict[str, dict[str, str]]


def parse_zfs_get(content: str) -> Datasets:
    """Properties by dataset. Raises Unparsable."""
    datasets: Datasets = {}
    for line in content.splitlines():
        columns = line.split("\t")
        if len(columns) != 3:
            raise Unparsable(f"not a line of zfs get: {line}")
        datasets.setdefault(columns[0], {})[columns[1]] = columns[2]
    return datasets


def parse_zpool_status(content: str) -> dict[str, tuple[str, ...]]:
    """The paths a pool's data lies on (data, log, special and cache devices), by pool."""
    pools: dict[str, tuple[str, ...]] = {}
    pool, listing, spare = "", False, False
    for line in content.splitlines():
        if found := re.match(r"\s*pool:\s*(\S+)", line):
            pool, listing = found[1], False
            pools[pool] = ()
        elif re.match(r"\s*config:", line):
            listing = True
        elif re.match(r"\s*(errors|status|action|scan|see):", line):
            listing = False
        elif listing and pool and line.split():
            word = line.split()[0]
            spare = word == "spares" if line.startswith("\t") and line[1:2] != " " else spare
            if word.startswith("/") and not spare:
                pools[pool] = (*pools[pool], word)
    return pools


class Zfs:
    """The datasets of one machine; the tools are asked when the first is looked for."""

    def __init__(self, host: Host, walk: Walk) -> None:
        self.host, self.walk = host, walk
        self._datasets: Datasets | None = None

    def answer(self, dataset: str) -> Answer:
        """For one mounted dataset, snapshot or volume. Never raises."""
        try:
            return self._look(dataset.partition("@")[0])
        except CannotTell as trouble:
            return cannot(trouble)

    def _look(self, dataset: str) -> Answer:
        if self._datasets is None:
            self._datasets = parse_zfs_get(self.host.run(*GET).text)
        seen = self._datasets.get(dataset)
        cipher = seen.get("encryption") if seen else None
        if seen is None or not cipher:
            raise NoData(f"zfs get says nothing about the encryption of {dataset}")
        if cipher in ("off", "-"):
            return self._by_pool(dataset.split("/", maxsplit=1)[0])
        root = self._datasets.get(seen.get("encryptionroot", ""), {})
        return self._by_key(Answer(ENCRYPTED, method="ZFS"), seen.get("encryptionroot", ""), root)

    def _by_pool(self, pool: str) -> Answer:
        """Without encryption of its own a dataset is as safe as every device of its pool."""
        try:
            paths = parse_zpool_status(self.host.run(*STATUS).text).get(pool, ())
        except CannotTell as trouble:
            return cannot(trouble)
        return together((path, self._device(path)) for path in paths)

    def _device(self, path: str) -> Answer:
        try:
            if not path.startswith("/dev/"):
                return self.walk.on_path(path)
            return self.walk.answer(self.walk.blocks.at(path))
        except CannotTell as trouble:
            return cannot(trouble)

    def _by_key(self, answer: Answer, name: str, root: dict[str, str]) -> Answer:
        location = root.get("keylocation", "none")
        if location == "prompt" or location.startswith("https://"):
            return answer
        if not location.startswith("file://"):
            raise NoData(f"where the key of the dataset lies is not told: {location}")
        path = location.removeprefix("file://")
        where, opened_by = self._place(path)
        if where.safe and name and name == opened_by:
            self._require_hidden_initramfs(path)
        if where.safe:
            return answer
        if where.protection is None:
            return cannot(where.trouble or NoData(f"where {path} lies cannot be told"), answer)
        words = f"the key file {path} lies on a volume that is not protected"
        return replace(answer, protection=KEY_EXPOSED, remarks=(words,))

    def _require_hidden_initramfs(self, path: str) -> None:
        """A key on what it opens has a copy where the system starts from. Raises NoData."""
        if self._place("/boot/initrd")[0].protection == PLAIN:
            raise NoData(f"the initramfs on the plain /boot may hold the key {path}")

    def _place(self, path: str) -> tuple[Answer, str]:
        """What a path lies on; and the dataset whose key opens that, if it is one."""
        mount = holding(self.walk.mounts, path)
        if mount.filesystem != "zfs":
            return self.walk.on_path(path), ""
        dataset = (self._datasets or {}).get(mount.source, {})
        return self._elsewhere(mount.source), dataset.get("encryptionroot", "")

    def _elsewhere(self, dataset: str) -> Answer:
        """Whether a dataset that holds a key is itself encrypted, whatever its own key."""
        seen = (self._datasets or {}).get(dataset, {})
        if seen.get("encryption", "off") not in ("off", "-"):
            return Answer(ENCRYPTED, method="ZFS")
        return self._by_pool(dataset.split("/", maxsplit=1)[0])
