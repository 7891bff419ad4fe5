"""`muster-collector incident`: security events, what was found out, and how they ended."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, counted, fitted, indented, plain, row, say, sentence

if TYPE_CHECKING:
    from collector.store import Connection
    from collector.store.incidents import Incident, Note


@click.group(cls=CommandList, epilog="Example: muster-collector incident list")
def incident() -> None:
    """See, analyse and close security incidents."""


@incident.command("list", epilog="Example: muster-collector incident list --all --json")
@click.option("--all", "wants_all", is_flag=True, help="Those that are closed, too.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_incidents(around: Surroundings, /, wants_all: bool, wants_json: bool) -> None:
    """List the open incidents, newest first."""
    from collector.incidents.kinds import title_of
    from collector.store import incidents

    with around.reading("incident list", in_need=True) as store:
        found = store.read(lambda c: incidents.list_all(c, open_only=not wants_all))
    if wants_json:
        say(as_json({"incidents": [_fields(each) for each in found]}))
    elif not found:
        say("There was never an incident." if wants_all else "No incident is open.")
    else:
        say(f"{'NO':>4}  {'SEVERITY':10}{'OPENED':18}{'WHAT'}")
        for each in found:
            state = "" if each.closed_at is None else " (closed)"
            opened = f"{each.opened_at:%Y-%m-%d %H:%M}"
            what = fitted(f"{title_of(each.kind)}{state}", 46).rstrip()
            say(f"{each.number:>4}  {each.severity:10}{opened:18}{what}")
            say(indented(plain(each.subject), 6))


@incident.command(epilog="Example: muster-collector incident show 3")
@click.argument("number", type=click.IntRange(1))
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(around: Surroundings, /, number: int, wants_json: bool) -> None:
    """Show one incident with its analysis."""
    from collector.store import Connection, incidents

    def find(c: Connection) -> "tuple[Incident | None, list[Note]]":
        return incidents.get(c, number), incidents.notes(c, number)

    with around.reading("incident show", in_need=True) as store:
        found, notes = store.read(find)
    if found is None:
        raise BadInput(f"there is no incident {number} (see incident list --all)")
    if wants_json:
        told = [{"at": n.at, "by": n.written_by, "words": n.words} for n in notes]
        say(as_json(_fields(found) | {"notes": told}))
    else:
        say(_lines(found, notes))


def _lines(found: "Incident", notes: "list[Note]") -> Iterator[str]:
    from collector.incidents.kinds import first_step_of, title_of
    from collector.wording import exact

    yield from sentence(f"Incident {found.number}: {title_of(found.kind)}")
    yield from row("About", found.subject)
    yield from row("Severity", found.severity)
    yield from row("Detail", found.detail)
    yield from row("Opened", f"{exact(found.opened_at)}, seen {counted(found.times, 'time')}")
    yield from row("First", first_step_of(found.kind))
    if found.closed_at is not None:
        yield from row("Closed", f"{exact(found.closed_at)} by {found.closed_by}")
        yield from row("Cause", found.cause)
        yield from row("Consequence", found.consequence)
    for note in notes:
        yield from row(f"{note.at:%Y-%m-%d %H:%M}", f"{note.words} ({note.written_by})")


@incident.command(epilog='Example: muster-collector incident note 3 "Asked alice: a new laptop."')
@click.argument("number", type=click.IntRange(1))
@click.argument("words", metavar="TEXT")
@click.pass_obj
def note(around: Surroundings, /, number: int, words: str) -> None:
    """Write down what was found out."""
    from collector.incidents import handling
    from collector.store.incidents import Note

    def change(c: "Connection") -> None:
        written = Note(around.clock(), around.who(), handling.tidied("TEXT", words))
        handling.note(c, number, written)

    _change(around, number, "incident.noted", change)
    say(f"Noted on incident {number}.")


@incident.command(
    epilog='Example: muster-collector incident close 3 --cause "A cloned image" --consequence "..."'
)
@click.argument("number", type=click.IntRange(1))
@click.option("--cause", metavar="TEXT", required=True, help="Why it happened.")
@click.option("--consequence", metavar="TEXT", required=True, help="What follows from it.")
@click.pass_obj
def close(around: Surroundings, /, number: int, cause: str, consequence: str) -> None:
    """Close an incident with its cause and its consequence."""
    from collector.incidents import handling
    from collector.store.incidents import Closing, Note

    def change(c: "Connection") -> None:
        closing = Closing(
            around.who(),
            handling.tidied("--cause", cause),
            handling.tidied("--consequence", consequence),
        )
        handling.close(c, number, closing, Note(around.clock(), around.who(), "Closed."))

    _change(around, number, "incident.closed", change)
    say(f"Incident {number} is closed.")


def _change(
    around: Surroundings, number: int, action: str, change: "Callable[[Connection], None]"
) -> None:
    """Tried first and taken back, so that only what can be done is written down; then done."""
    from collector.incidents.handling import NotPossible

    class TakenBack(Exception):
        """The trial went well."""

    def trial(c: "Connection") -> None:
        change(c)
        raise TakenBack

    with around.store() as store:
        try:
            store.write(trial)
        except TakenBack:
            pass
        except NotPossible as error:
            raise BadInput(str(error)) from error
        with around.noting(action, f"incident:{number}"):
            store.write(change)


def _fields(found: "Incident") -> dict[str, object]:
    names = (
        *("number", "kind", "subject", "severity", "detail", "opened_at", "last_at", "times"),
        *("told_at", "closed_at", "closed_by", "cause", "consequence"),
    )
    return {name: getattr(found, name) for name in names}


COMMAND = incident
