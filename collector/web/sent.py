"""What a device sent, decoded for people: the helpdesk sees no less and no more than its owner."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf import text_format
from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from google.protobuf.message import DecodeError

from collector import wording
from collector.model import Device
from collector.store.reports import StoredReport
from collector.translation import gettext as _
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.posture_service_pb2 import Posture


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a list: a time when there is one, else what is said."""

    label: str
    said: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The last report. `inventory` is None when the bytes cannot be read."""

    sequence: int
    received_at: datetime
    size: str
    text: str
    inventory: Inventory | None


def sent(stored: StoredReport | None) -> Sent | None:
    if stored is None:
        return None
    posture = Posture()
    inventory: Inventory | None = None
    try:
        posture.ParseFromString(stored.posture)
        inventory, text = posture.inventory, as_text(posture)
    except DecodeError:
        text = (
            _("These bytes cannot be decoded by this collector:") + "\n" + stored.posture.hex(" ")
        )
    return Sent(
        stored.sequence, stored.received_at, wording.size(len(stored.posture)), text, inventory
    )


def as_text(posture: Posture) -> str:
    """JSON under the names of the published contract, in its order; protobuf's own text for a
    time that no calendar has, which JSON cannot hold.
    """
    try:
        fields: dict[str, Any] = MessageToDict(posture, preserving_proto_field_name=True)
    except (SerializeToJsonError, ValueError):
        return text_format.MessageToString(posture, as_utf8=True)
    return json.dumps(fields, indent=2, ensure_ascii=False)


def inventory_facts(device: Device, report: Sent | None) -> tuple[Fact, ...]:
    """What the machine is; lines of which it said nothing are left out."""
    facts = [
        Fact(_("Hostname"), device.hostname),
        Fact(_("Kind"), wording.FORM_FACTORS[device.form_factor]),
        Fact(_("Model"), wording.model_name(device)),
        Fact(_("Serial number"), device.serial),
        Fact(_("System"), wording.os_name(device)),
    ]
    if report is not None and report.inventory is not None:
        facts += _machine_facts(report.inventory)
    return tuple(fact for fact in facts if fact.said)


def _machine_facts(inventory: Inventory) -> list[Fact]:
    cores = (
        " " + _("(%(count)s cores)", count=inventory.cpu_cores)
        if inventory.HasField("cpu_cores")
        else ""
    )
    memory = wording.size(inventory.memory_bytes) if inventory.HasField("memory_bytes") else ""
    disks = [
        " ".join(filter(None, (disk.model, wording.size(disk.size_bytes))))
        for disk in inventory.disks
    ]
    return [
        Fact(_("Build"), inventory.os_build),
        Fact(_("Processor"), f"{inventory.cpu}{cores}" if inventory.cpu else ""),
        Fact(_("Architecture"), inventory.architecture),
        Fact(_("Memory"), memory),
        Fact(_("Disks"), ", ".join(disks)),
        Fact(_("Runs inside"), inventory.virtualization),
    ]
