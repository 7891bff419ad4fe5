"""`muster-collector people`: whose the devices are, taken over from a file, listed, forgotten."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.surroundings import BadFile, BadInput, Surroundings
from collector.terminal import as_json, called, fitted, plain, row, say, sentence
from collector.wording import exact

if TYPE_CHECKING:
    from collector.owners.importing import Plan
    from collector.store.persons import Person

MOST_BYTES = 64 * 1024 * 1024
ONLY = ("without-device", "left-reporting")


@click.group(cls=CommandList, epilog="Example: muster-collector people list --only left-reporting")
def people() -> None:
    """Import, list and forget the people whose devices these are."""


@people.command("import", epilog="Example: muster-collector people import owners.csv --apply")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--apply", "applies", is_flag=True, help="Do it; else it is only said.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def import_(around: Surroundings, /, file: Path, applies: bool, wants_json: bool) -> None:
    """Take over a CSV of owners, all of it or nothing.

    Headings: email, name, department, language, device (host name, id or serial),
    leaver date; only email is needed. Without --apply it says what would change.
    """
    from collector.owners import importing
    from collector.owners.sheet import BadSheet

    around.must_be_there()
    content = _content(file)
    now, who = around.clock(), around.who()
    with around.store() as store:
        try:
            wanted = importing.wanted_by(content)
            made = store.read(lambda c: importing.plan(c, wanted))
            if applies and not made.changes_nothing:
                counts = {words: str(count) for words, count in importing.summary(made)}
                with around.noting("people.imported", "people", **counts):
                    store.write(lambda c: importing.apply(c, wanted, now, who, plain(file.name)))
            else:
                around.seen("people import")
        except BadSheet as error:
            raise BadFile("\n".join(_at(file, each) for each in error.troubles[:50])) from error
    if wants_json:
        say(as_json(_fields(made, applies)))
    else:
        _say_plan(made, applies)


@people.command("list", epilog="Example: muster-collector people list --search sales")
@click.option("--search", metavar="TEXT", default="", help="Begins a word of address or name.")
@click.option("--only", type=click.Choice(ONLY), help="Without a device; left, device reports.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, help="How many (200).")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_people(
    around: Surroundings, /, search: str, only: str | None, limit: int, wants_json: bool
) -> None:
    """List the people by address, with how many devices each has."""
    from collector.store import person_search

    wanted = person_search.PersonFilter(search, (only or "").replace("-", "_"), limit=limit)
    now = around.clock()
    with around.reading("people list") as store:
        page = store.read(lambda c: person_search.find(c, wanted, now))
    if wants_json:
        listed = [person_fields(each) for each in page.persons]
        say(as_json({"people": listed, "more": bool(page.next_after)}))
        return
    if not page.persons:
        say("Nobody is like that.")
    for each in page.persons:
        left = f"left {each.left_at:%Y-%m-%d}" if each.left_at else ""
        say(f"{fitted(each.email, 38)}  {fitted(each.name, 20)}  {each.devices:>3}  {left}")
    if page.next_after:
        say(f"More than {limit}: narrow it with --search, or give --limit.")


@people.command(epilog="Example: muster-collector people show alice@example.org")
@click.argument("email", metavar="EMAIL")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(around: Surroundings, /, email: str, wants_json: bool) -> None:
    """Show a person, and the devices that are theirs."""
    from collector.store import persons

    with around.reading("people show") as store:
        person = store.read(lambda c: persons.get(c, email))
        if person is None:
            raise BadInput(f"nobody has the address {plain(email)!r} (see people list)")
        mine = store.read(lambda c: persons.devices_of(c, email))
    if wants_json:
        ids = [{"device_id": each.device_id, "hostname": each.hostname} for each in mine]
        say(as_json(person_fields(person) | {"owns": ids}))
        return
    say(person.email)
    for label, said in (
        ("name", person.name),
        ("department", person.department),
        ("language", person.language),
        ("left", f"{person.left_at:%Y-%m-%d}" if person.left_at else ""),
        ("from", f"{person.source}, {exact(person.imported_at)}" if person.imported_at else ""),
    ):
        say(row(f"  {label}", said))
    for each in mine:
        say(row("  device", f"{called(each)}, {each.compliance.value}"))


@people.command(epilog="Example: muster-collector people forget alice@example.org --yes")
@click.argument("email", metavar="EMAIL")
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
@click.pass_obj
def forget(around: Surroundings, /, email: str, yes: bool) -> None:
    """Erase a person; the devices stay, without an owner."""
    from collector.store import ownership, persons

    with around.store() as store:
        person = store.read(lambda c: persons.get(c, email))
        if person is None:
            raise BadInput(f"nobody has the address {plain(email)!r} (see people list)")
        sure(yes, f"Forget {person.email}? Their devices will have no owner.")
        with around.noting("people.forgotten", "people", devices=str(person.devices)):
            store.write(lambda c: ownership.forget_person(c, email))
    say(sentence(f"{person.email} is forgotten."))


def sure(yes: bool, question: str) -> None:
    """Raises BadInput where nobody is there to ask."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput("nobody is there to ask: give --yes if you are sure")
    if not click.confirm(question):
        raise click.Abort


def person_fields(person: "Person") -> dict[str, object]:
    return {
        "email": person.email,
        "name": person.name,
        "department": person.department,
        "language": person.language,
        "left_at": person.left_at,
        "imported_at": person.imported_at,
        "source": person.source,
        "devices": person.devices,
    }


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{plain(str(file))} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise BadInput(f"{plain(str(file))} is larger than 64 MB: cut it in parts")
    return content


def _at(file: Path, trouble: object) -> str:
    return f"{plain(file.name)}: {trouble}"


def _say_plan(made: "Plan", applies: bool) -> None:
    from collector.owners.importing import summary

    for words, count in summary(made):
        say(f"{count:>8}  {words}")
    for each in made.missing[:20]:
        say(sentence(str(each)))
    if made.unused:
        say(sentence(f"Not kept: {', '.join(made.unused)}."))
    if made.changes_nothing:
        say("Nothing to change.")
    elif applies:
        say("Done.")
    else:
        say("Nothing was changed: give --apply to do it.")


def _fields(made: "Plan", applies: bool) -> dict[str, object]:
    return {
        "applied": applies and not made.changes_nothing,
        "new": len(made.new),
        "changed": len(made.changed),
        "same": made.same,
        "devices_with_another_owner": len(made.moves),
        "not_enrolled": [str(each) for each in made.missing],
        "not_kept": list(made.unused),
    }


COMMAND = people
