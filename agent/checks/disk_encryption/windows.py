"""Says what lies on this Windows machine's disks in clear, volume by volume.

The order of belief: the methods of Win32_EncryptableVolume (they need elevation), then the text
of manage-bde. Which volumes there are is asked of Win32_Volume, because a loop over drive letters
misses the ones in folders. The page file lies on these volumes and is no volume of its own.
"""

from dataclasses import dataclass, replace

from agent.checks.disk_encryption.bitlocker import (
    DATA_VOLUME,
    OS_VOLUME,
    REMOVABLE_VOLUME,
    Answer,
    Told,
    answer,
    read_row,
)
from agent.checks.disk_encryption.boot_filters import product_below
from agent.checks.disk_encryption.fixed_volumes import (
    BOOT,
    DATA,
    REMOVABLE,
    SYSTEM,
    UNMOUNTED,
    Place,
    Places,
    read_places,
)
from agent.checks.disk_encryption.manage_bde import read_status
from agent.host import CannotTell, Denied, Host, NoData, ToolMissing
from agent.observation import Seen
from agent.windows.edition import is_server
from protos.posture.v1.signals_pb2 import DiskEncryption, Protection

ORDER = (SYSTEM, DATA, BOOT, REMOVABLE, UNMOUNTED, None)
ROLES = {OS_VOLUME: SYSTEM, DATA_VOLUME: DATA, REMOVABLE_VOLUME: REMOVABLE}
WITHOUT_TYPE = "manage-bde does not say whether it is removable"


@dataclass(frozen=True, slots=True)
class _Source:
    """Who told of the volumes, or that a server has no BitLocker (`told` is then empty)."""

    name: str
    told: tuple[Told, ...]
    absent: bool = False

    def of(self, place: Place) -> Told | None:
        by_device = (t for t in self.told if t.device and t.device == place.device)
        by_letter = (t for t in self.told if place.letter and t.letter == place.letter)
        return next(by_device, None) or next(by_letter, None)


def observe(host: Host) -> Seen:
    """Every volume on fixed disks. Raises CannotTell."""
    seen = Seen(DiskEncryption())
    places = _places(host, seen)
    source = _source(host, places)
    pairs = [(place, source.of(place)) for place in places.volumes]
    known = {id(told) for _, told in pairs} | {id(source.of(each)) for each in places.left_out}
    pairs += [(_place(told), told) for told in source.told if id(told) not in known]
    if not pairs:
        raise NoData("neither Windows nor BitLocker named a volume")
    product = product_below(host)
    for place, told in sorted(pairs, key=lambda pair: (ORDER.index(pair[0].role), pair[0].name)):
        _add(seen, *_settled(place, told, source, product))
    seen.because(source.name, _shown(source))
    if product:
        seen.because("drivers that start before Windows", product)
    return seen


def _places(host: Host, seen: Seen) -> Places:
    try:
        places = read_places(host)
    except CannotTell as trouble:
        seen.missing("volumes", trouble)
        seen.because("Win32_Volume", f"no answer: {trouble}")
        return Places()
    names = ", ".join(sorted(place.name for place in places.volumes))
    files = (f"{place.name} lies in a file on another volume" for place in places.left_out)
    seen.because("Win32_Volume", "; ".join([names or "no volume", *sorted(files)]))
    return places


def _source(host: Host, places: Places) -> _Source:
    """Raises CannotTell when nobody tells of any volume."""
    name = "Win32_EncryptableVolume"
    try:
        return _Source(name, tuple(map(read_row, host.cim(name))))
    except CannotTell as trouble:
        if isinstance(trouble, ToolMissing) and places.volumes and is_server(host):
            return _Source(name, (), absent=True)
        try:
            line, told = read_status(host)
        except CannotTell as other:
            raise other if isinstance(other, Denied) else trouble from None
        return _Source(line, tuple(told))


def _place(told: Told) -> Place:
    """A volume that only BitLocker named."""
    role = ROLES.get(told.kind) if told.kind is not None else None
    if role is None and told.letter == "C:":
        role = SYSTEM
    return Place(told.letter or told.device or "a volume", told.device, told.letter, "", role)


def _settled(
    place: Place, told: Told | None, source: _Source, product: str | None
) -> tuple[Place, Answer]:
    """The volume and what is known of its protection, the third-party product thought of."""
    if told is not None and told.kind in (OS_VOLUME, REMOVABLE_VOLUME) and place.role == DATA:
        place = replace(place, role=ROLES[told.kind])
    found = answer(told) if told is not None else _unlisted(place, source)
    if place.role == UNMOUNTED and told is None and not place.typed and not source.absent:
        place = replace(place, role=BOOT)
    if product and found.protection == Protection.PROTECTION_PLAIN and place.role != BOOT:
        trouble = NoData(f"{product} is set up to encrypt disks, and only it can tell")
        return place, Answer(None, trouble=trouble)
    return place, found


def _unlisted(place: Place, source: _Source) -> Answer:
    """BitLocker lists what it can encrypt: never what boots, nor the recovery partition."""
    if place.role == BOOT or (place.role == UNMOUNTED and not place.typed):
        return Answer(Protection.PROTECTION_PLAIN)
    if not place.filesystem:
        return Answer(None, trouble=NoData("Windows knows no file system on it"))
    if source.absent or place.role == UNMOUNTED:
        return Answer(Protection.PROTECTION_PLAIN)
    return Answer(None, trouble=NoData(f"{source.name} does not list it"))


def _add(seen: Seen, place: Place, found: Answer) -> None:
    assert isinstance(seen.value, DiskEncryption)
    volume = seen.value.volumes.add(name=place.name, remarks=found.remarks)
    if place.role is None:
        seen.missing(f"volumes[{place.name}].role", NoData(f"{WITHOUT_TYPE} ({place.name})"))
    else:
        volume.role = place.role
    if place.filesystem:
        volume.filesystem = place.filesystem
    if found.protection is not None:
        volume.protection = found.protection
        if found.protection != Protection.PROTECTION_PLAIN:
            volume.method = "BitLocker"
        return
    trouble = found.trouble or NoData("nothing was said of it")
    seen.missing(f"volumes[{place.name}].protection", type(trouble)(f"{trouble} ({place.name})"))


def _shown(source: _Source) -> str:
    if source.absent:
        return "not on this system: a server without the BitLocker feature encrypts no volume"
    shown = sorted(
        f"{told.letter or told.device} conversion {_number(told.conversion)} "
        f"protection {_number(told.protection)}"
        for told in source.told
    )
    return "; ".join(shown) or "no volume"


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)
