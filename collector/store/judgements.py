"""What judging a device left is kept in its row, and no index is written that need not be."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, update

from collector.model import Compliance
from collector.store.prepared import Prepared
from collector.store.schema import device
from collector.store.standing import Standing


@dataclass(frozen=True, slots=True)
class Judgement:
    """What judging a device left in its row; `severity` as in `Device`."""

    compliance: Compliance
    compliance_since: datetime
    answer_version: int
    answer_digest: bytes
    judged_policy_version: int
    evaluated_at: datetime
    next_evaluation_at: datetime | None
    severity: int = 0


def setting(*names: str) -> Prepared:
    """An UPDATE of one device that sets these columns to parameters of the same names."""
    one = device.c.device_id == bindparam("of_device")
    return Prepared(update(device).where(one).values({name: bindparam(name) for name in names}))


# A column that is set is written in every index that holds it, also when it stays the same.
STATE = ("compliance", "compliance_since", "severity")
STATE_OF = attrgetter(*STATE)
JUDGED = tuple(each.name for each in fields(Judgement))
ANOTHER_STATE = setting(*JUDGED)
SAME_STATE = setting(*(name for name in JUDGED if name not in STATE))


def record_judgement(connection: Connection, device_id: str, judgement: Judgement) -> None:
    """Of a device of which it is not known how it stands."""
    ANOTHER_STATE.run(connection, _values(device_id, judgement))


def record_judgements(connection: Connection, judged: Iterable[tuple[Standing, Judgement]]) -> None:
    """Each with how the device stands in this transaction: it spares what stays as it is."""
    same: list[dict[str, Any]] = []
    another: list[dict[str, Any]] = []
    for before, judgement in judged:
        changes = same if STATE_OF(before) == STATE_OF(judgement) else another
        changes.append(_values(before.device_id, judgement))
    if same:
        SAME_STATE.run(connection, *same)
    if another:
        ANOTHER_STATE.run(connection, *another)


def _values(device_id: str, judgement: Judgement) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(judgement, name) for name in JUDGED}
    return values | {"of_device": device_id, "compliance": judgement.compliance.value}
