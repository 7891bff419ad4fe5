"""Each kind of incident: opened once however often it is seen, noted on, closed, opened anew."""

from pathlib import Path

import pytest

from collector.incidents import handling
from collector.incidents.handling import NotPossible
from collector.incidents.kinds import KINDS, alarm
from collector.store import Store, incidents
from collector.store.incidents import Closing, Incident, Note
from tests.fakes import FixedClock


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder: Path = tmp_path_factory.mktemp("incidents")
    return Store.open(folder, clock=FixedClock())


def open_of(store: Store, kind: str) -> list[Incident]:
    found = store.read(lambda c: incidents.list_all(c, open_only=True))
    return [each for each in found if each.kind == kind]


@pytest.mark.parametrize("kind", KINDS)
def test_it_opens_once_takes_notes_and_is_closed_with_cause_and_consequence(
    store: Store, kind: str
) -> None:
    clock = FixedClock()
    now, seen = clock(), alarm(kind, "subject", "detail")
    for _ in range(3):
        store.write(lambda c: incidents.open_or_count(c, seen, now))
    (opened,) = open_of(store, kind)
    assert (opened.times, opened.severity) == (3, KINDS[kind].severity)
    store.write(lambda c: handling.note(c, opened.number, Note(now, "olga", "looked at it")))
    closing = Closing("olga", "a cause", "a consequence")
    last = Note(now, "olga", "Closed.")
    store.write(lambda c: handling.close(c, opened.number, closing, last))
    assert open_of(store, kind) == []
    with pytest.raises(NotPossible, match="closed already"):
        store.write(lambda c: handling.close(c, opened.number, closing, last))
    store.write(lambda c: incidents.open_or_count(c, seen, now))
    (again,) = open_of(store, kind)
    assert again.number != opened.number
    told = store.read(lambda c: incidents.notes(c, opened.number))
    assert [each.words for each in told] == ["looked at it", "Closed."]


@pytest.mark.parametrize("words", ["", "  \n", "\x1b\x00"])
def test_nothing_is_closed_without_words(words: str) -> None:
    with pytest.raises(NotPossible, match="at least a word"):
        handling.tidied("cause", words)
