"""Whether a service runs, by Win32_Service.State: yes, no, or not told.

Windows writes the state in English everywhere; other tools translate it, and a word that is not
known is not told. https://learn.microsoft.com/windows/win32/cimwin32prov/win32-service
"""

from agent.host import Row
from agent.windows.rows import words

RUNS = {"running": True, "stopped": False}
ON_ITS_WAY = ("start pending", "stop pending", "continue pending", "pause pending", "paused")


def name_of(row: Row) -> str:
    """In lower case: Windows compares names so."""
    return (words(row, "Name") or "").lower()


def runs(row: Row) -> bool | None:
    """None: it is on its way between the two, or the word is not known."""
    return RUNS.get(_state(row))


def on_its_way(row: Row) -> bool:
    return _state(row) in ON_ITS_WAY


def _state(row: Row) -> str:
    return (words(row, "State") or "").lower()
