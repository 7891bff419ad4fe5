"""Windows Update's own cached search: what waits, and what of it closes holes.

An update is one of security by its category, by a severity of Microsoft's, or as a cumulative
update of the system: those carry no severity. Titles are in the system's language; the wording is
known in the languages of `CUMULATIVE` only, and elsewhere the category decides. Category
identifiers: learn.microsoft.com/previous-versions/windows/desktop/ff357803.
"""

import re
from collections.abc import Sequence

from agent.host import Row, Unparsable
from agent.windows.rows import each, flag, words
from protos.posture.v1.signals_pb2 import PendingUpdate

SECURITY = "0fa1201d-4330-4fa8-8ae9-b877473b6441"
CRITICAL = "e6cf1350-c01b-414d-a61f-263d14d133b4"
UPDATES = "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83"
ROLLUPS = "28bc880e-0592-4cbf-8f95-c79b17911d5f"
DEFINITIONS = "e0789628-ce08-4437-be74-2495b842f43b"
UPGRADES = "3689bdc8-b205-4af4-8d4a-a63924c5e9d5"
DRIVERS = "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0"
ELSEWHERE = {DEFINITIONS, UPGRADES, DRIVERS}
"""The antivirus answers for its definitions; a new release is no update of this one."""
MIXED = {UPDATES, ROLLUPS}
"""Categories that hold fixes of holes among others, and do not say which."""
CUMULATIVE = (
    "cumulative update",
    "mise à jour cumulative",
    "kumulatives update",
    "actualización acumulativa",
    "aggiornamento cumulativo",
    "atualização cumulativa",
    "cumulatieve update",
    "накопительное обновление",
    "aktualizacja zbiorcza",
    "累积更新",
    "累積更新",
    "누적 업데이트",
)
PREVIEW = "preview"
CHANGING = (
    r"\((?:KB)?\d[\d.]*\)",  # (KB5066835), (26100.6899)
    r"\b\d{4}-\d{2}\b",
    r"\bKB\d{6,8}\b",
    r"\bv\d+(?:\.\d+)+\b",
)
"""What a title of the same line of updates changes from month to month."""


def pending(rows: Sequence[Row]) -> list[PendingUpdate]:
    """The updates that wait, without those that something else answers for. Raises Unparsable."""
    return [_update(row) for row in rows if _waits(row)]


def _waits(row: Row) -> bool:
    if words(row, "Title") is None:
        raise Unparsable("Windows Update lists an update without a title")
    return not flag(row, "BrowseOnly") and not ELSEWHERE & _categories(row)


def _categories(row: Row) -> set[str]:
    return {str(found).strip("{} ").lower() for found in each(row, "CategoryIDs")}


def _update(row: Row) -> PendingUpdate:
    title = words(row, "Title") or ""
    update = PendingUpdate(name=line_of(title))
    if articles := sorted(str(one).upper().removeprefix("KB") for one in each(row, "KBArticleIDs")):
        update.candidate = " ".join(f"KB{one}" for one in articles)
    if severity := words(row, "MsrcSeverity"):
        update.severity = severity.lower()
    if (security := _security(row, title.lower())) is not None:
        update.security = security
    return update


def _security(row: Row, title: str) -> bool | None:
    """None: its category may hold fixes of holes, and nothing says whether this is one."""
    categories = _categories(row)
    if {SECURITY, CRITICAL} & categories or words(row, "MsrcSeverity"):
        return True
    if any(known in title for known in CUMULATIVE):
        return PREVIEW not in title
    return None if not categories or MIXED & categories else False


def line_of(title: str) -> str:
    """The title without month, article and build, which a successor changes: what waits since
    October and is followed by November's waits since October.

    >>> line_of("2025-10 Cumulative Update for Windows 11 (KB5066835) (26100.6899)")
    'Cumulative Update for Windows 11'
    >>> line_of("Aggiornamento cumulativo 2025-10 per Windows 11 (KB5066835)")
    'Aggiornamento cumulativo per Windows 11'
    """
    line = title
    for part in CHANGING:
        line = re.sub(part, " ", line, flags=re.IGNORECASE)
    return " ".join(line.split()).strip(" -—") or title
