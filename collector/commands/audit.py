"""`muster-collector audit`: who did or tried what; and whether anybody changed that afterwards."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import as_json, counted, fitted, hint, plain, say, sentence

if TYPE_CHECKING:
    from collector.audit.chain import Head
    from collector.audit.reading import Shown
    from collector.audit.verifying import Result
    from collector.commands.audit_replicas import Known


@click.group(cls=CommandList, epilog="Example: muster-collector audit verify")
def audit() -> None:
    """Read, verify and copy the log of every access, change and failure."""


@audit.command("list", epilog="Example: muster-collector audit list --action login --last 50")
@click.option(
    "--last",
    type=click.IntRange(1, 100_000),
    default=100,
    metavar="N",
    show_default=True,
    help="How many records, the newest.",
)
@click.option(
    "--action", metavar="WORD", default="", help="Only actions that begin so: login, account."
)
@click.option("--actor", metavar="NAME", default="", help="Only of this actor.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_records(
    around: Surroundings, /, last: int, action: str, actor: str, wants_json: bool
) -> None:
    """List what happened, oldest first."""
    from collector.audit.reading import newest

    with around.reading("audit list", in_need=True):
        found = newest(_folder(around), last, action, actor)
    if wants_json:
        say(as_json({"records": [each.fields for each in found]}))
    elif not found:
        say("Nothing of that is in the log.")
    else:
        say(_lines(found))


def _lines(found: "list[Shown]") -> Iterator[str]:
    yield f"{'AT':20}{'WHO':14}{'WHAT':25}ON"
    for each in found:
        at, who = each.at[:19].replace("T", " "), fitted(plain(each.name) or each.actor, 13)
        what = each.action if each.outcome == "done" else f"{each.action} {each.outcome}"
        yield f"{at:20}{who:14}{fitted(what, 24):25}{fitted(plain(each.subject), 20)}".rstrip()


@audit.command(epilog="Example: muster-collector audit verify --checkpoint 1042:9f0c...")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A copy of the log (this collector's).",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The public key, audit.pub (this collector's).",
)
@click.option(
    "--checkpoint",
    "known",
    metavar="RECORDS:HASH",
    multiple=True,
    help="A checkpoint that was kept elsewhere (may be repeated).",
)
@click.option(
    "--seen",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    multiple=True,
    help="What a log host wrote: its checkpoints are compared (may be repeated).",
)
@click.pass_obj
def verify(
    around: Surroundings,
    /,
    folder: Path | None,
    key: Path | None,
    known: tuple[str, ...],
    seen: tuple[Path, ...],
) -> None:
    """Check every record, every checkpoint, and that nothing is missing.

    The collector's own log is compared with what each replica holds. Exit status 1 when anything is
    wrong; each place is named.
    """
    from collector.audit.signing import PUBLIC_FILE, open_verifier
    from collector.audit.verifying import Kept
    from collector.audit.verifying import verify as check
    from collector.commands.audit_replicas import known_elsewhere
    from collector.identity.key_files import KeyFileError

    own = folder is None
    if folder is None or key is None:
        with around.store():
            folder, key = folder or _folder(around), key or around.folder / PUBLIC_FILE
    if not folder.is_dir():
        raise BadInput(f"{plain(str(folder))} is no folder with an audit log")
    try:
        verifier = open_verifier(key)
        elsewhere = known_elsewhere(around if own else None, verifier, seen)
        given = (Kept(_head(each), "--checkpoint") for each in known)
        found = check(folder, verifier, [*given, *elsewhere.checkpoints])
    except KeyFileError as error:
        raise BadInput(str(error)) from error
    except OSError as error:
        why = error.strerror or str(error)
        raise Trouble(f"the audit log in {plain(str(folder))} cannot be read: {why}") from error
    if own:
        _raise_alarms(around, [str(each) for each in found.problems], elsewhere.problems)
    say(_verdict(found, elsewhere))
    if own:  # afterwards: a log that was put back must not be written on, or it is another one
        around.seen_if_possible("audit verify")


def _raise_alarms(around: Surroundings, of_log: Sequence[str], of_replicas: Sequence[str]) -> None:
    """What was found opens an incident in the store, once while it is open: the log itself may
    take no record, and the running collector looks at all of it once a day only."""
    from collector.incidents.following import raise_alarm
    from collector.incidents.kinds import alarm

    found = [("audit_break", of_log), ("replica_refuses", of_replicas)]
    try:
        for kind, said in found:
            if said:
                with around.store() as store:
                    raise_alarm(store, alarm(kind, "log", said[0]), around.clock())
    except Trouble as error:
        hint(f"No incident could be opened: {error.format_message()}")


def _verdict(found: "Result", elsewhere: "Known") -> Iterator[str]:
    """What the verification found. Raises Trouble when anything is wrong."""
    for line in (*elsewhere.unheard, *(str(each) for each in found.notices)):
        hint(line)
    problems = [*(str(each) for each in found.problems), *elsewhere.problems]
    if problems:
        raise Trouble("\n".join(["the audit log is not as it was written:", *problems]))
    yield (
        f"{counted(found.records, 'record')}, {counted(found.checkpoints, 'checkpoint')}: "
        "nothing was changed, removed or added."
    )
    if elsewhere.names:
        yield from sentence(f"It is what was acknowledged by {', '.join(elsewhere.names)}.")
    if found.records:
        yield f"From {found.first_at} to {found.last_at}."
        yield "Kept elsewhere, these lines prove that the end is there (--checkpoint):"
        yield f"  {found.head.records}:{found.head.hash.hex()}"
    if found.unsigned:
        later = counted(found.unsigned, "record")
        yield f"{later} after the last checkpoint; the running collector signs them."


@audit.command(epilog="Example: muster-collector audit export --out /srv/evidence/audit")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="A new folder."
)
@click.option("--replica", metavar="NAME", default="", help="What this replica holds of it.")
@click.pass_obj
def export(around: Surroundings, /, out: Path, replica: str) -> None:
    """Copy the whole log with its public key, to be verified anywhere."""
    from collector.audit.signing import PUBLIC_FILE
    from collector.commands.audit_replicas import fetch

    if out.exists():
        raise BadInput(f"{plain(str(out))} is there already: name a new folder")
    subject = f"replica:{replica}" if replica else "audit"
    with around.store(), _written_down(around, subject, str(out)):
        fresh = out.with_name(out.name + ".part")
        try:
            fresh.mkdir(mode=0o700)
            if replica:
                fetch(around, replica, fresh)
            else:
                _copy(_folder(around), fresh)
            shutil.copyfile(around.folder / PUBLIC_FILE, fresh / PUBLIC_FILE)
            fresh.rename(out)
        except OSError as error:
            raise Trouble(f"{plain(str(out))} cannot be written: {error.strerror}") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    say(plain(str(out)))
    hint("To verify it: audit verify --folder DIR --key DIR/audit.pub")


@contextmanager
def _written_down(around: Surroundings, subject: str, to: str) -> Iterator[None]:
    """A log that was changed takes no record, and is what has to be copied then: as evidence."""
    if around.is_changed():
        hint("This copy is not written down: the audit log was changed; see `audit verify`.")
        yield
        return
    with around.noting("audit.exported", subject, to=to):
        yield


def _copy(folder: Path, to: Path) -> None:
    from collector.audit.segments import segments

    for segment in segments(folder):
        shutil.copyfile(segment.path, to / segment.path.name)


@audit.command("replicas", epilog="Example: muster-collector audit replicas --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_replicas(around: Surroundings, /, wants_json: bool) -> None:
    """List the replicas: how far behind each is, and its last checkpoint."""
    from collector.commands.audit_replicas import seen_here, table

    with around.reading("audit replicas", in_need=True):
        found = seen_here(around)
    say(as_json(found.as_fields()) if wants_json else table(found))


def _folder(around: Surroundings) -> Path:
    from collector.audit.alone import leading
    from collector.audit.journal import FOLDER

    return leading(around.folder / FOLDER)


def _head(text: str) -> "Head":
    from collector.audit.chain import Head

    records, _, digits = text.partition(":")
    try:
        if len(digits) == 64:
            return Head(int(records), bytes.fromhex(digits))
    except ValueError:
        pass
    raise BadInput(f"--checkpoint {plain(text)!r}: give RECORDS:HASH as `audit verify` prints it")


COMMAND = audit
