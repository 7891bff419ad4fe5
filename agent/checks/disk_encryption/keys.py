"""Finds keys that lie in clear: a key file of crypttab on a volume that is not encrypted.

Format: crypttab(5) of systemd and of Debian's cryptsetup, which adds keyscript=.
"""

from dataclasses import dataclass, replace

from agent.checks.disk_encryption.walk import ENCRYPTED, KEY_EXPOSED, PLAIN, Answer, Walk, cannot
from agent.host import (
    CannotTell,
    FileMissing,
    Host,
    NoData,
    NotRecorded,
    Unparsable,
    read_text,
)

RANDOM = ("/dev/urandom", "/dev/random", "/dev/hwrng")
KEEPS_ASKING = (
    "decrypt_keyctl",
    "decrypt_derived",
    "decrypt_opensc",
    "decrypt_gnupg",
    "decrypt_gnupg-sc",
    "askpass",
)
"""Debian's own key scripts that end in a person, a card, or another encrypted volume."""
ON_COMMAND_LINE = ("rd.luks.key=", "luks.key=", "cryptkey=")
BY_NAME = "/etc/cryptsetup-keys.d/{}.key"
"""Where systemd looks for a key when crypttab names none: crypttab(5), KEY ACQUISITION."""
BY_DEFAULT = "/crypto_keyfile.bin"
"""Where Arch's hook "encrypt" looks in the initramfs when nothing names a key (mkinitcpio)."""
UNIFIED = ("/efi/EFI/Linux", "/boot/efi/EFI/Linux", "/boot/EFI/Linux")
"""Where boot loaders look for kernels with their initramfs inside (UAPI group, BLS type 2)."""
MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of crypttab; `key` is empty for a passphrase."""

    name: str
    device: str
    key: str
    options: tuple[str, ...]

    def option(self, name: str) -> str | None:
        for option in self.options:
            key, _, value = option.partition("=")
            if key == name:
                return value
        return None


def parse_crypttab(content: str) -> dict[str, Entry]:
    """By the name of the mapping. Raises Unparsable on a line without a device."""
    entries = {}
    for line in content.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) < 2:
            raise Unparsable(f"not a line of crypttab: {line}")
        key = words[2] if len(words) > 2 and words[2] not in ("none", "-") else ""
        options = tuple(words[3].split(",")) if len(words) > 3 else ()
        entries[words[0]] = Entry(words[0], words[1], key, options)
    return entries


def read_crypttab(host: Host) -> dict[str, Entry]:
    """Empty when there is none. Raises CannotTell when it is there and cannot be read."""
    try:
        return parse_crypttab(read_text(host, "/etc/crypttab"))
    except FileMissing:
        return {}


class Keys:
    """Judges where the keys of an encrypted volume lie."""

    def __init__(self, host: Host, walk: Walk) -> None:
        self.walk = walk
        self._host = host
        self._open: set[str] = set()
        self.entries: dict[str, Entry] | CannotTell
        try:
            self.entries = read_crypttab(host)
        except CannotTell as trouble:
            self.entries = trouble
        self._key_on_command_line = _key_on_command_line(host)

    def judged(self, answer: Answer) -> Answer:
        """The answer, lowered when a key below it lies in clear or cannot be told."""
        if answer.protection != ENCRYPTED:
            return answer
        if isinstance(self.entries, CannotTell):
            return cannot(self.entries, answer) if answer.crypts else answer
        for crypt in sorted(answer.crypts):
            try:
                answer = self._one(answer, crypt, self.entries.get(crypt))
            except CannotTell as trouble:
                answer = cannot(trouble, answer)
            if answer.protection != ENCRYPTED:
                return answer
        return answer

    def _one(self, answer: Answer, crypt: str, entry: Entry | None) -> Answer:
        if entry is None:
            if self._key_on_command_line:
                raise NoData(f"the kernel command line names a key file that may open {crypt}")
            return self._by_name(answer, crypt)
        remarks = dict.fromkeys((*answer.remarks, *_remarks(entry)))
        answer = replace(answer, remarks=tuple(remarks))
        if entry.option("try-empty-password") in _YES:
            raise NoData(f"whether an empty password opens {crypt}, which crypttab has tried first")
        if (script := entry.option("keyscript")) is not None:
            _require_asking(script, crypt)
            return answer
        if entry.key:
            return self._by_file(answer, crypt, entry.key)
        return self._by_name(answer, crypt)

    def _by_name(self, answer: Answer, crypt: str) -> Answer:
        for path in (BY_NAME.format(crypt), BY_DEFAULT):
            try:
                self._host.head(path, 1)
            except (FileMissing, NotRecorded):
                continue
            return self._by_file(answer, crypt, path)
        return answer

    def _by_file(self, answer: Answer, crypt: str, key: str) -> Answer:
        if key in RANDOM:
            return answer
        path, colon, device = key.partition(":")
        if colon and device.startswith(("/dev/", "UUID=", "LABEL=", "PARTUUID=")):
            raise NoData(f"the key of {crypt} lies on the separate device {device}")
        if not path.startswith("/"):
            raise Unparsable(f"not a key file in crypttab: {key}")
        if not path.startswith("/dev/"):
            path = followed(self._host, path)
        if path.startswith("/dev/"):
            where = self.walk.answer(self.walk.blocks.at(path))
        else:
            where = self.walk.on_path(path)
        if crypt in where.crypts and where.safe:
            return self._inside_itself(answer, crypt, path)
        return self._by_place(answer, path, where)

    def _by_place(self, answer: Answer, path: str, where: Answer) -> Answer:
        if where.protection == ENCRYPTED and not self._open & where.crypts:
            self._open |= answer.crypts
            where = self.judged(where)
            self._open -= answer.crypts
        if where.safe:
            return answer
        if where.protection is None:
            return cannot(where.trouble or NoData(f"where {path} lies cannot be told"), answer)
        words = f"the key file {path} lies on a volume that is not protected"
        return replace(answer, protection=KEY_EXPOSED, remarks=(words, *answer.remarks))

    def _inside_itself(self, answer: Answer, crypt: str, path: str) -> Answer:
        """A key on the volume it opens must have a copy in the initramfs, which lies on /boot or,
        in a unified kernel image, on the ESP.
        """
        if self.walk.on_path("/boot/initrd").protection == PLAIN:
            raise NoData(f"the initramfs on the plain /boot may hold the key {path} of {crypt}")
        for folder in UNIFIED:
            if self._has_images(folder) and self.walk.on_path(folder).protection == PLAIN:
                raise NoData(f"the kernel image in {folder} may hold the key {path} of {crypt}")
        return answer

    def _has_images(self, folder: str) -> bool:
        try:
            return any(name.lower().endswith(".efi") for name in self._host.list(folder))
        except CannotTell:
            return False


def followed(host: Host, path: str) -> str:
    """Where a path leads when its symbolic links are followed. Raises Unparsable in a circle."""
    done, left = "", path.split("/")
    for _ in range(MOST_STEPS):
        if not left:
            return done
        part = left.pop(0)
        if part == "..":
            done = done.rpartition("/")[0]
        elif part not in ("", "."):
            try:
                target = host.link(f"{done}/{part}")
            except CannotTell:
                done = f"{done}/{part}"
                continue
            done, left = "" if target.startswith("/") else done, [*target.split("/"), *left]
    raise Unparsable(f"the links on the way to {path} do not end")


def _remarks(entry: Entry) -> list[str]:
    remarks = ["discards reach the disk"] if "discard" in entry.options else []
    if entry.option("tpm2-device") is not None and entry.option("tpm2-pin") not in _YES:
        remarks.append("unlocks by TPM without a PIN")
    return remarks


def _require_asking(script: str, crypt: str) -> None:
    """Raises NoData when a key script may print a key that it keeps."""
    if script.rsplit("/", 1)[-1] not in KEEPS_ASKING:
        raise NoData(f"whether the key script {script} of {crypt} keeps a key in clear")


_YES = ("1", "yes", "true", "on", "")


def _key_on_command_line(host: Host) -> bool:
    try:
        words = read_text(host, "/proc/cmdline").split()
    except CannotTell:
        return False
    return any(word.startswith(ON_COMMAND_LINE) for word in words)
