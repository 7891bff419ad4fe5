"""What a file of owners would change, said before anything is done; then all of it, or nothing."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from collector.owners.sheet import BadSheet, Line, Sheet, Trouble, read
from collector.store import Connection, ownership, persons
from collector.store.persons import Person, folded
from collector.translation import Text

EMAIL = re.compile(r"[^\s@,;<>\"'`=\\]{1,64}@[^\s@,;<>\"'`=\\]{1,180}\.[^\s@,;<>\"'`=\\.]{2,63}")
LANGUAGES = {
    "": "",
    **dict.fromkeys(("en", "english", "anglais"), "en"),
    **dict.fromkeys(("fr", "french", "français", "francais"), "fr"),
}
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
FRENCH_DAY = re.compile(r"\d{2}/\d{2}/\d{4}")
KEPT = ("name", "department", "language", "left_at")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file says: `people` with what it says of each, and whose each device is, by line."""

    people: Mapping[str, tuple[int, Mapping[str, object]]]
    owners: Mapping[str, tuple[int, str]]
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change. `moves` maps a device's id to its owner-to-be; `missing` are lines whose
    device is not enrolled: the person is taken over, and the device when it is there next time.
    """

    new: tuple[Person, ...]
    changed: tuple[Person, ...]
    same: int
    moves: Mapping[str, str]
    missing: tuple[Trouble, ...] = ()
    unused: tuple[str, ...] = ()
    version: str = field(default="", compare=False)

    @property
    def changes_nothing(self) -> bool:
        return not (self.new or self.changed or self.moves)


class ChangedMeanwhile(Exception):
    """What would change is no longer what was looked at; look again."""


def wanted_by(content: bytes) -> Wanted:
    """What the file says, checked as far as it can be without the store. Raises BadSheet."""
    sheet = read(content)
    troubles: list[Trouble] = []
    people: dict[str, tuple[int, Mapping[str, object]]] = {}
    owners: dict[str, tuple[int, str]] = {}
    for line in sheet.lines:
        try:
            email, said = _person_of(line, sheet)
            _agree(people, email, said, line.number)
            _give(owners, line, email)
        except ValueError as why:
            troubles.append(Trouble(line.number, why.args[0]))
    if troubles:
        raise BadSheet(troubles)
    return Wanted(people, owners, sheet.unused)


def plan(c: Connection, wanted: Wanted) -> Plan:
    """What would change now. Raises BadSheet where a name means several devices."""
    known = persons.get_many(c, wanted.people)
    new, changed, same = [], [], 0
    for email, (_, said) in wanted.people.items():
        before = known.get(email)
        after = replace(before or Person(email), **said)  # type: ignore[arg-type]
        if before is None:
            new.append(after)
        elif before != after:
            changed.append(after)
        else:
            same += 1
    moves, missing = _moves(c, wanted)
    made = Plan(tuple(new), tuple(changed), same, moves, missing, wanted.unused)
    return replace(made, version=hashlib.sha256(repr(made).encode()).hexdigest()[:16])


def apply(
    c: Connection, wanted: Wanted, now: datetime, by: str, source: str, seen: str = ""
) -> Plan:
    """Take it over, in the transaction of `c`. `seen`: the version of the plan that was shown.

    Raises ChangedMeanwhile when it would change something else now; then nothing is changed.
    """
    made = plan(c, wanted)
    if seen and seen != made.version:
        raise ChangedMeanwhile
    touched = (replace(each, imported_at=now, source=source) for each in (*made.new, *made.changed))
    persons.put_many(c, touched, now)
    ownership.set_owners(c, made.moves, now, by)
    return made


def _person_of(line: Line, sheet: Sheet) -> tuple[str, dict[str, object]]:
    """The address, and what the file says of the person. Raises ValueError."""
    cells = line.cells
    email = folded(cells["email"])
    if not email:
        raise ValueError(Text("no e-mail address: it is what a person is known by"))
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise ValueError(Text("%(cell)r is no e-mail address", cell=cells["email"][:60]))
    said: dict[str, object] = {name: cells[name] for name in KEPT if name in sheet.columns}
    if "language" in said:
        said["language"] = _language(cells["language"])
    if "left_at" in said:
        said["left_at"] = _day(cells["left_at"], day_first=line.day_first)
    return email, said


def _agree(
    people: dict[str, tuple[int, Mapping[str, object]]],
    email: str,
    said: Mapping[str, object],
    number: int,
) -> None:
    first, before = people.setdefault(email, (number, said))
    for name, value in said.items():
        if before[name] != value:
            raise ValueError(
                Text(
                    "%(email)s has another %(what)s on line %(line)s: give one",
                    email=email,
                    what=name.replace("left_at", "leaver date"),
                    line=first,
                )
            )


def _give(owners: dict[str, tuple[int, str]], line: Line, email: str) -> None:
    words = line.cells.get("device", "")
    if not words:
        return
    first, owner = owners.setdefault(words, (line.number, email))
    if owner != email:
        raise ValueError(
            Text(
                "%(device)s belongs to %(owner)s on line %(line)s: a device has one owner",
                device=words,
                owner=owner,
                line=first,
            )
        )


def _language(cell: str) -> str:
    plain = cell.casefold()
    known = LANGUAGES.get(plain, LANGUAGES.get(re.split("[-_]", plain)[0]))
    if known is None:
        raise ValueError(
            Text("language %(cell)r: write en or fr, or leave it empty", cell=cell[:20])
        )
    return known


def _day(cell: str, *, day_first: bool) -> datetime | None:
    """Midnight (UTC) of the day. 31/01/2027 is read in files of semicolons only: with commas it
    could be either way round.
    """
    if not cell:
        return None
    try:
        if ISO_DAY.fullmatch(cell):
            return datetime.strptime(cell, "%Y-%m-%d").replace(tzinfo=UTC)
        if day_first and FRENCH_DAY.fullmatch(cell):
            return datetime.strptime(cell, "%d/%m/%Y").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise ValueError(Text("leaver date %(cell)r: write it as 2027-01-31", cell=cell[:20]))


def _moves(c: Connection, wanted: Wanted) -> tuple[dict[str, str], tuple[Trouble, ...]]:
    moves: dict[str, tuple[int, str]] = {}
    missing: list[Trouble] = []
    troubles: list[Trouble] = []
    for words, (line, email) in wanted.owners.items():
        found = persons.matching_device(c, words)
        if not found:
            missing.append(
                Trouble(line, Text("no device %(device)r is enrolled", device=words[:60]))
            )
        elif len(found) > 1:
            what = Text(
                "%(device)r could be several devices: give the id or the serial",
                device=words[:60],
            )
            troubles.append(Trouble(line, what))
        else:
            before = moves.setdefault(found[0], (line, email))
            if before[1] != email:
                what = Text(
                    "%(device)r is the device of line %(line)s: it has one owner",
                    device=words[:60],
                    line=before[0],
                )
                troubles.append(Trouble(line, what))
    if troubles:
        raise BadSheet(troubles)
    return _changing(c, {each: email for each, (_, email) in moves.items()}), tuple(missing)


def _changing(c: Connection, moves: Mapping[str, str]) -> dict[str, str]:
    """Those that would change hands."""
    owned = ownership.owners_of(c, list(moves))
    return {each: email for each, email in moves.items() if owned.get(each) != email}


def summary(made: Plan) -> Sequence[tuple[str, int]]:
    """What would change, as rows of words and a number."""
    return (
        ("people who are new", len(made.new)),
        ("people who change", len(made.changed)),
        ("people who stay as they are", made.same),
        ("devices that get another owner", len(made.moves)),
        ("lines whose device is not enrolled", len(made.missing)),
    )
