"""Analysis is noted on an incident; it is closed with a cause and a consequence, never empty."""

from collector.store import Connection, incidents
from collector.store.incidents import Closing, Incident, Note
from collector.translation import Text

LONGEST = 4_000


class NotPossible(Exception):
    """It cannot be noted or closed like that; str() says why."""


class ChangedMeanwhile(NotPossible):
    """It is no longer as it was looked at."""


def tidied(field: str, text: str) -> str:
    """What a person wrote, without what would steer a terminal. Raises NotPossible."""
    words = "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()
    if not words:
        raise NotPossible(Text("%(field)s: write at least a word", field=field))
    if len(words) > LONGEST:
        raise NotPossible(
            Text("%(field)s: at most %(longest)s characters", field=field, longest=LONGEST)
        )
    return words


def note(c: Connection, number: int, written: Note) -> None:
    """Also on one that is closed: what is found out later belongs to it. Raises NotPossible."""
    require(c, number)
    incidents.add_note(c, number, written)


def close(c: Connection, number: int, closing: Closing, written: Note) -> None:
    """Raises NotPossible."""
    if require(c, number).closed_at is not None:
        raise NotPossible(Text("incident %(number)s is closed already", number=number))
    incidents.close(c, number, closing, written.at)
    incidents.add_note(c, number, written)


def require(c: Connection, number: int) -> Incident:
    """The incident of this number. Raises NotPossible."""
    found = incidents.get(c, number)
    if found is None:
        raise NotPossible(Text("there is no incident %(number)s", number=number))
    return found
