"""The findings of a pack as rows, without the pack."""

from datetime import datetime

from collector.export.columns import FINDINGS, FindingRow
from collector.export.heading import Heading
from collector.export.pseudonyms import Names
from collector.export.telling import Telling
from collector.policy import Policy
from collector.store import Store


def findings_told(store: Store, policy: Policy, at: datetime) -> list[FindingRow]:
    told: list[FindingRow] = []
    heading = Heading(at, "muster-collector", "test", policy.version)
    telling = Telling(
        heading,
        policy,
        Names(),
        lambda table, values: told.append(FindingRow(*values)) if table is FINDINGS else None,
    )
    store.read(lambda c: telling.walk(c, lambda count: None))
    return told
