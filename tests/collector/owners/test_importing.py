"""A file of owners is taken over as a whole, or refused with its lines."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.model import FormFactor, Language, Platform
from collector.owners.importing import ChangedMeanwhile, Plan, apply, plan, wanted_by
from collector.owners.sheet import BadSheet
from collector.store import Connection, Store, devices, person_search, persons
from collector.store.devices import InventoryRow
from collector.translation import reading
from tests.fakes import FixedClock

HEAD = "email,name,department,language,device,leaver date\n"


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Store:
    opened = Store.open(tmp_path / "data", clock=clock)

    def build(c: Connection) -> None:
        for each, name in (("d1", "lap-1"), ("d2", "lap-2"), ("d3", "twin"), ("d4", "twin")):
            row = InventoryRow(name, Platform.LINUX, FormFactor.LAPTOP, serial=f"S-{each}")
            devices.add(c, each, row, clock())

    opened.write(build)
    return opened


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def take(store: Store, text: str | bytes, seen: str = "") -> Plan:
    content = text if isinstance(text, bytes) else text.encode()
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return store.write(lambda c: apply(c, wanted_by(content), at, "carol", "a file", seen))


def troubles(store: Store, text: str | bytes) -> list[str]:
    with pytest.raises(BadSheet) as refused:
        take(store, text)
    everybody = person_search.PersonFilter()
    page = store.read(lambda c: person_search.find(c, everybody, FixedClock()()))
    assert page.persons == ()
    return str(refused.value).splitlines()


def test_people_and_their_devices_are_taken_over(store: Store) -> None:
    made = take(
        store,
        HEAD + "Alice@Example.org,Alice,Sales,FR,lap-1,\nbob@example.org,,,,S-d2,2027-01-31\n",
    )
    assert (len(made.new), dict(made.moves)) == (
        2, {"d1": "alice@example.org", "d2": "bob@example.org"},
    )  # fmt: skip
    alice = store.read(lambda c: persons.get(c, "alice@example.org"))
    bob = store.read(lambda c: persons.get(c, "bob@example.org"))
    assert alice is not None
    assert (alice.name, alice.language, alice.devices, alice.source) == ("Alice", "fr", 1, "a file")
    assert bob is not None
    assert bob.left_at == datetime(2027, 1, 31, tzinfo=UTC)


def test_the_same_file_again_changes_nothing(store: Store) -> None:
    text = HEAD + "alice@example.org,Alice,Sales,fr,lap-1,\n"
    take(store, text)
    again = take(store, text)
    assert again.changes_nothing
    assert again.same == 1


def test_a_column_that_is_not_in_the_file_stays_as_it_was(store: Store) -> None:
    take(store, HEAD + "alice@example.org,Alice,Sales,fr,,\n")
    take(store, "email,department\nalice@example.org,\n")
    alice = store.read(lambda c: persons.get(c, "alice@example.org"))
    assert alice is not None
    assert (alice.name, alice.department, alice.language) == ("Alice", "", "fr")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_a_french_spreadsheet_is_read(store: Store, encoding: str) -> None:
    head = "Courriel;Nom;Service;Langue;Appareil;Date de départ\r\n"
    text = head + "zoe@example.org;Zoé;Été;français;lap-1;31/01/2027\r\n"
    take(store, text.encode(encoding))
    zoe = store.read(lambda c: persons.get(c, "zoe@example.org"))
    assert zoe is not None
    assert (zoe.name, zoe.department, zoe.left_at) == (
        "Zoé", "Été", datetime(2027, 1, 31, tzinfo=UTC),
    )  # fmt: skip


def test_what_is_not_kept_is_named_and_left_out(store: Store) -> None:
    made = take(store, "email,phone,salary\nalice@example.org,1,2\n")
    assert made.unused == ("phone", "salary")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("name\nAlice\n", "line 1: no column email"),
        ("email,mail\na@b.org,a@b.org\n", "line 1: two columns mean email"),
        (HEAD, "no line below the headings"),
        (HEAD + "nobody,,,,,\n", "line 2: 'nobody' is no e-mail address"),
        (HEAD + ",,,,lap-1,\n", "line 2: no e-mail address"),
        (HEAD + "a@b.org,,,,\n", "line 2: 5 columns: give it 6"),
        (HEAD + "a@b.org,=1+1,,,,\n", "line 2: name: '=1+1' begins like a formula"),
        (HEAD + "a@b.org,@SUM(1),,,,\n", "line 2: name: '@SUM(1)' begins like a formula"),
        (HEAD + 'a@b.org,"x\ny",,,,\n', "line 2: name: it holds a line break"),
        (HEAD + "a@b.org,,,de,,\n", "line 2: language 'de': write en or fr"),
        (HEAD + "a@b.org,,,,,31/01/2027\n", "line 2: leaver date '31/01/2027': write it as"),
        (HEAD + "a@b.org,,,,,2027-02-31\n", "line 2: leaver date '2027-02-31'"),
        (HEAD + "a@b.org,A,,,,\na@b.org,B,,,,\n", "line 3: a@b.org has another name on line 2"),
        (HEAD + "a@b.org,,,,lap-1,\nc@d.org,,,,lap-1,\n", "line 3: lap-1 belongs to a@b.org"),
        (HEAD + "a@b.org,,,,d1,\nc@d.org,,,,lap-1,\n", "line 3: 'lap-1' is the device of line 2"),
        (HEAD + "a@b.org,,,,twin,\n", "line 2: 'twin' could be several devices"),
        (HEAD + 'a@b.org,"x,,,,\n', "line 2: a quotation mark is out of place"),
        (HEAD.encode() + b"a@b.org,Zo\xe9,,,,\n", "line 2: not UTF-8: save the file as"),
        (HEAD + "a@b.org,a\0b,,,,\n", "line 2: a zero byte"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_line_and_nothing_is_taken_over(
    store: Store, text: str | bytes, said: str
) -> None:
    assert troubles(store, text)[0].startswith(said)


def test_every_line_that_is_wrong_is_named(store: Store) -> None:
    said = troubles(store, HEAD + "x,,,,,\na@b.org,,,,,\ny,,,,,\n")
    assert [each.split(":")[0] for each in said] == ["line 2", "line 4"]


def test_a_device_that_is_not_enrolled_is_said_and_holds_nothing_up(store: Store) -> None:
    made = take(store, HEAD + "a@b.org,,,,lap-9,\n")
    assert [str(each) for each in made.missing] == ["line 2: no device 'lap-9' is enrolled"]
    assert store.read(lambda c: persons.get(c, "a@b.org")) is not None


def test_what_was_looked_at_is_what_is_done_or_nothing_is(store: Store) -> None:
    wanted = wanted_by((HEAD + "a@b.org,,,,lap-1,\n").encode())
    shown = store.read(lambda c: plan(c, wanted))
    take(store, HEAD + "c@d.org,,,,lap-1,\na@b.org,,,,,\n")
    with pytest.raises(ChangedMeanwhile):
        take(store, HEAD + "a@b.org,,,,lap-1,\n", shown.version)
    held = store.read(lambda c: devices.get(c, "d1"))
    assert held is not None
    assert held.owner == "c@d.org"


def test_what_is_wrong_with_a_line_is_said_in_the_readers_language(store: Store) -> None:
    with pytest.raises(BadSheet) as refused:
        take(store, HEAD + "nobody,,,,,\n")
    (found,) = refused.value.troubles
    with reading(Language.FR):
        assert found.said.startswith("ligne 2\xa0: 'nobody' ")
    assert str(found) == "line 2: 'nobody' is no e-mail address"
