"""What a device says of itself becomes the row that the store keeps; nothing is believed longer
than it is wide.
"""

import json

from google.protobuf.json_format import MessageToDict

from collector.model import FormFactor, Platform
from collector.store.devices import InventoryRow
from protos.posture.v1 import device_pb2 as wire

LONGEST_WORDS = 255

PLATFORMS = {
    wire.PLATFORM_LINUX: Platform.LINUX,
    wire.PLATFORM_MACOS: Platform.MACOS,
    wire.PLATFORM_WINDOWS: Platform.WINDOWS,
}
FORM_FACTORS = {
    wire.FORM_FACTOR_LAPTOP: FormFactor.LAPTOP,
    wire.FORM_FACTOR_DESKTOP: FormFactor.DESKTOP,
    wire.FORM_FACTOR_TABLET: FormFactor.TABLET,
    wire.FORM_FACTOR_SERVER: FormFactor.SERVER,
    wire.FORM_FACTOR_VIRTUAL_MACHINE: FormFactor.VIRTUAL_MACHINE,
    wire.FORM_FACTOR_CONTAINER: FormFactor.CONTAINER,
}


def row_of(inventory: wire.Inventory, agent_version: str) -> InventoryRow:
    """The row for a device's inventory. A value that this collector does not know is left out."""
    return InventoryRow(
        hostname=printable(inventory.hostname),
        platform=PLATFORMS.get(inventory.platform),
        form_factor=FORM_FACTORS.get(inventory.form_factor, FormFactor.UNKNOWN),
        os_id=printable(inventory.os_id),
        os_name=printable(inventory.os_name),
        os_version=printable(inventory.os_version),
        os_build=printable(inventory.os_build),
        manufacturer=printable(inventory.manufacturer),
        model=printable(inventory.model),
        serial=printable(inventory.serial),
        agent_version=printable(agent_version),
        document=_document(inventory),
        fingerprint=fingerprint_of(inventory),
    )


def fingerprint_of(inventory: wire.Inventory) -> dict[str, bytes]:
    """The parts that the device could give, by name."""
    parts = inventory.fingerprint
    return {field.name: value for field, value in parts.ListFields() if value}


def printable(words: str) -> str:
    """One line of at most `LONGEST_WORDS` characters without control characters.

    >>> printable("alice\\x1b[2J's\\nlaptop")
    "alice [2J's laptop"
    """
    if not words.isprintable():
        words = "".join(c if c.isprintable() else " " for c in words)
    line = " ".join(words.split())
    return line[:LONGEST_WORDS]


def _document(inventory: wire.Inventory) -> str:
    """As JSON with the names of the contract, without the fingerprint, which has its own table."""
    shown = wire.Inventory()
    shown.CopyFrom(inventory)
    shown.ClearField("fingerprint")
    document = MessageToDict(shown, preserving_proto_field_name=True)
    return json.dumps(document, sort_keys=True, ensure_ascii=False)
