"""The inventory: one row a device, small enough that a check-in can touch it every time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from collector.model import Compliance, Device, FormFactor, Platform
from collector.store import groups, letters, ownership, past, schema
from collector.store.columns import whole
from collector.store.device_few import few
from collector.store.device_filter import DeviceFilter, DevicePage
from collector.store.device_rows import SHOWN, device_of
from collector.store.device_search import find, find_among, named, walk
from collector.store.judgements import Judgement, record_judgement, record_judgements, setting
from collector.store.prepared import Prepared
from collector.store.standing import Standing, heard, standing, standings, touch
from collector.store.tallies import count_by_state

__all__ = [
    "DeviceFilter",
    "DevicePage",
    "InventoryRow",
    "Judgement",
    "Standing",
    "add",
    "count_by_state",
    "document",
    "due",
    "few",
    "find",
    "find_among",
    "fingerprint_of",
    "first_by_id",
    "get",
    "heard",
    "judge_again",
    "named",
    "quarantine",
    "record_check_in",
    "record_judgement",
    "record_judgements",
    "release",
    "retire",
    "standing",
    "standings",
    "touch",
    "walk",
    "with_fingerprint",
]

DEVICE = schema.device


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """What a device says of itself. Empty: it did not say.

    `document` is the whole inventory as JSON; `fingerprint` maps a part's name to its hash.
    """

    hostname: str
    platform: Platform | None
    form_factor: FormFactor
    os_id: str = ""
    os_name: str = ""
    os_version: str = ""
    os_build: str = ""
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    agent_version: str = ""
    document: str = "{}"
    fingerprint: Mapping[str, bytes] = field(default_factory=dict)


DESCRIBED = (
    "hostname", "platform", "form_factor", "os_id", "os_name", "os_version", "os_build",
    "manufacturer", "model", "serial", "agent_version", "searched",
)  # fmt: skip
ONE = DEVICE.c.device_id == bindparam("of_device")
GET = select(*(DEVICE.c[name] for name in SHOWN)).where(ONE)
# The columns to set are those that are handed in beside `of_device`.
CHANGE = update(DEVICE).where(ONE)
PARTS = Prepared(
    select(schema.fingerprint.c.part, schema.fingerprint.c.value).where(
        schema.fingerprint.c.device_id == bindparam("of_device")
    )
)
_DOCUMENT = upsert(schema.inventory)
KEEP_DOCUMENT = Prepared(
    _DOCUMENT.on_conflict_do_update(
        index_elements=["device_id"], set_={"document": _DOCUMENT.excluded.document}
    )
)


ARRIVED = ("last_sequence", "digest", "last_seen_at", "last_report_at")
SAID_BEFORE = Prepared(
    select(*(DEVICE.c[name] for name in DESCRIBED), schema.inventory.c.document)
    .select_from(
        DEVICE.outerjoin(schema.inventory, schema.inventory.c.device_id == DEVICE.c.device_id)
    )
    .where(ONE)
)
RECORD_CHECK_IN = setting(*DESCRIBED, *ARRIVED)
RECORD_REPORT = setting(*ARRIVED)


def add(
    connection: Connection, device_id: str, inventory: InventoryRow, enrolled_at: datetime
) -> None:
    """Enrol a device. Enrolment is the first sign of life: `last_seen_at` begins with it."""
    connection.execute(
        insert(DEVICE).values(
            device_id=device_id,
            **_described(inventory),
            enrolled_at=enrolled_at,
            last_seen_at=enrolled_at,
            last_sequence=0,
            compliance=Compliance.UNKNOWN.value,
            compliance_since=enrolled_at,
            answer_version=0,
            answer_digest=b"",
            quarantined_because="",
        )
    )
    _keep_beside(connection, device_id, inventory)


def get(connection: Connection, device_id: str) -> Device | None:
    row = connection.execute(GET, {"of_device": device_id}).first()
    return None if row is None else device_of(row)


def document(connection: Connection, device_id: str) -> str:
    """The whole inventory as JSON."""
    wanted = select(schema.inventory.c.document).where(schema.inventory.c.device_id == device_id)
    return connection.execute(wanted).scalar() or "{}"


def record_check_in(
    connection: Connection,
    device_id: str,
    inventory: InventoryRow,
    sequence: int,
    digest: bytes,
    received_at: datetime,
) -> None:
    """A new posture: the row says what the device now says of itself."""
    described = _described(inventory)
    values = {
        "of_device": device_id,
        "last_sequence": sequence,
        "digest": digest,
        "last_seen_at": received_at,
        "last_report_at": received_at,
    }
    if _said_before(connection, device_id) == {**described, "document": inventory.document}:
        RECORD_REPORT.run(connection, values)
        _keep_fingerprint(connection, device_id, inventory)
        return
    past.keep_description_if_changed(connection, device_id, described, received_at)
    RECORD_CHECK_IN.run(connection, values | described)
    _keep_beside(connection, device_id, inventory)


def _said_before(connection: Connection, device_id: str) -> dict[str, str]:
    row = SAID_BEFORE.first(connection, of_device=device_id)
    return {} if row is None else row._asdict()


def judge_again(connection: Connection, device_id: str, at: datetime) -> None:
    """Have the device judged at its next check-in or by the upkeep after `at`."""
    _set(connection, device_id, next_evaluation_at=whole(at))


def due(connection: Connection, policy_version: int, now: datetime, most: int) -> list[str]:
    """Devices with a report whose verdicts have run out or rest on another policy."""
    columns = DEVICE.c
    judged = select(columns.device_id).where(
        columns.digest.is_not(None), columns.retired_at.is_(None)
    )
    ran_out = judged.where(columns.next_evaluation_at <= now)
    never = judged.where(columns.judged_policy_version.is_(None))
    behind = judged.where(columns.judged_policy_version < policy_version)
    ahead = judged.where(columns.judged_policy_version > policy_version)
    found: dict[str, None] = {}
    for query in (ran_out, never, behind, ahead):
        if len(found) < most:
            found.update(dict.fromkeys(connection.execute(query.limit(most)).scalars()))
    return list(found)[:most]


def first_by_id(connection: Connection, most: int) -> tuple[list[str], int]:
    """The first devices in service by their id, which is random, and how many there are."""
    in_service = DEVICE.c.retired_at.is_(None)
    query = select(DEVICE.c.device_id).where(in_service).order_by(DEVICE.c.device_id)
    counted = connection.execute(select(func.sum(schema.device_tally.c.devices))).scalar() or 0
    return list(connection.execute(query.limit(most)).scalars()), int(counted)


def overtaken(connection: Connection, moment: datetime, most: int) -> list[str]:
    """Devices whose verdicts had run out by then and were not judged since."""
    columns = DEVICE.c
    query = select(columns.device_id).where(
        columns.next_evaluation_at <= moment,
        columns.evaluated_at <= moment,
        columns.digest.is_not(None),
        columns.retired_at.is_(None),
    )
    return list(connection.execute(query.limit(most)).scalars())


def quarantine(connection: Connection, device_id: str, because: str, at: datetime) -> None:
    """Keep what it sends aside until a person decides. An empty reason is refused."""
    if not because:
        raise ValueError("a quarantine needs a reason")
    past.keep_description(connection, device_id, at)
    _set(connection, device_id, quarantined_because=because)


def release(connection: Connection, device_id: str, at: datetime) -> None:
    """End the quarantine; what was set aside stays unjudged."""
    past.keep_description(connection, device_id, at)
    _set(connection, device_id, quarantined_because="")


def retire(connection: Connection, device_id: str, at: datetime) -> None:
    """Take the device out of every list, count and group; its history and its owner stay."""
    known = get(connection, device_id)
    groups.leave_all(connection, device_id, at)
    _set(connection, device_id, retired_at=at, next_evaluation_at=None)
    ownership.recount(connection, [known.owner] if known else [])


def with_fingerprint(connection: Connection, part: str, value: bytes) -> list[str]:
    """The devices in service that have shown this part, oldest enrolment first."""
    known = schema.fingerprint
    query = (
        select(DEVICE.c.device_id)
        .join(known, known.c.device_id == DEVICE.c.device_id)
        .where(known.c.part == part, known.c.value == value, DEVICE.c.retired_at.is_(None))
        .order_by(DEVICE.c.enrolled_at, DEVICE.c.device_id)
    )
    return list(connection.execute(query).scalars())


def fingerprint_of(connection: Connection, device_id: str) -> dict[str, bytes]:
    rows = PARTS.rows(connection, of_device=device_id)
    return {row.part: row.value for row in rows}


def _set(connection: Connection, device_id: str, **values: object) -> None:
    connection.execute(CHANGE, values | {"of_device": device_id})


def _described(inventory: InventoryRow) -> dict[str, str]:
    words = (inventory.hostname, inventory.serial, inventory.model, inventory.os_name)
    return {
        "hostname": inventory.hostname,
        "platform": inventory.platform.value if inventory.platform else "",
        "form_factor": inventory.form_factor.value,
        "os_id": inventory.os_id,
        "os_name": inventory.os_name,
        "os_version": inventory.os_version,
        "os_build": inventory.os_build,
        "manufacturer": inventory.manufacturer,
        "model": inventory.model,
        "serial": inventory.serial,
        "agent_version": inventory.agent_version,
        "searched": letters.described(*words),
    }


def _keep_beside(connection: Connection, device_id: str, inventory: InventoryRow) -> None:
    kept = {"device_id": device_id, "document": inventory.document}
    KEEP_DOCUMENT.run(connection, kept)
    _keep_fingerprint(connection, device_id, inventory)


def _keep_fingerprint(connection: Connection, device_id: str, inventory: InventoryRow) -> None:
    known = schema.fingerprint
    if fingerprint_of(connection, device_id) == dict(inventory.fingerprint):
        return
    connection.execute(delete(known).where(known.c.device_id == device_id))
    parts = inventory.fingerprint.items()
    rows = [{"device_id": device_id, "part": part, "value": value} for part, value in parts]
    if rows:
        connection.execute(insert(known), rows)
