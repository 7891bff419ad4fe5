"""When people are told, and when a check is doubted: each hour and number within its bounds."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from collector.policy import values
from collector.policy.settings import Disputes, Notices, Owners
from collector.policy.sheet import Sheet

NOTICES, DISPUTES = ("notifications",), ("disputes",)


def notices(page: Sheet, document: Mapping[str, Any]) -> Notices:
    """From the table [notifications]."""
    usual, table = Notices(), _table(page, document, NOTICES, Notices)

    def hour(key: str, default: int) -> int:
        return page.number(table, key, (default, 0, 23), NOTICES)

    return Notices(
        owners=page.take(table, (*NOTICES, "owners"), values.one_of(Owners), usual.owners),
        digest_hour=hour("digest_hour", usual.digest_hour),
        quiet_from=hour("quiet_from", usual.quiet_from),
        quiet_until=hour("quiet_until", usual.quiet_until),
        waiver_days=page.number(table, "waiver_days", (usual.waiver_days, 1, 60), NOTICES),
        on_device=page.take(table, (*NOTICES, "on_device"), values.truth, usual.on_device),
    )


def disputes(page: Sheet, document: Mapping[str, Any]) -> Disputes:
    """From the table [disputes]."""
    usual, table = Disputes(), _table(page, document, DISPUTES, Disputes)
    share = (usual.share_percent, 5, 100)
    least = (usual.least_devices, 3, 100_000)
    return Disputes(
        enabled=page.take(table, (*DISPUTES, "enabled"), values.truth, usual.enabled),
        share_percent=page.number(table, "share_percent", share, DISPUTES),
        least_devices=page.number(table, "least_devices", least, DISPUTES),
    )


def _table(
    page: Sheet, document: Mapping[str, Any], path: tuple[str], form: type[Notices | Disputes]
) -> Mapping[str, Any]:
    table: Mapping[str, Any] = page.take(document, path, values.table, {})
    page.unknown_keys(table, path, tuple(each.name for each in fields(form)))
    return table
