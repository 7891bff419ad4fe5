"""What judging a device left is kept in its row, and no index is written that need not be."""

from dataclasses import dataclass, fields
from datetime import datetime
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
JUDGED = tuple(each.name for each in fields(Judgement))
ANOTHER_STATE = setting(*JUDGED)
SAME_STATE = setting(*(name for name in JUDGED if name not in STATE))


def record_judgement(
    connection: Connection, device_id: str, judgement: Judgement, before: Standing | None = None
) -> None:
    """`before`: how the device stands in this transaction; spares what stays as it is."""
    values: dict[str, Any] = {name: getattr(judgement, name) for name in JUDGED}
    values |= {"of_device": device_id, "compliance": judgement.compliance.value}
    same = before is not None and all(
        getattr(before, name) == getattr(judgement, name) for name in STATE
    )
    (SAME_STATE if same else ANOTHER_STATE).run(connection, values)
