"""`muster-collector export`: the state of every device as one sealed file, for those who check."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.commands.export_packs import deliver, list_packs, schedule
from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import plain, say

if TYPE_CHECKING:
    from collector.export.verifying import Checked
    from collector.store import Store


@click.group(
    cls=CommandList,
    invoke_without_command=True,
    epilog="Example: muster-collector export --as-of 2026-11-22",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where to put the pack (here).",
)
@click.option("--as-of", metavar="DATE", help="The end of that day, or a time in ISO 8601 (now).")
@click.option("--group", metavar="NAME", help="Only those that are (or were) in this group.")
@click.option("--pseudonyms", is_flag=True, help="People and host names under pseudonyms.")
@click.pass_context
def export(
    context: click.Context,
    /,
    out: Path,
    as_of: str | None,
    group: str | None,
    *,
    pseudonyms: bool,
) -> None:
    """Write one sealed pack of the whole fleet, and print its name.

    README.txt in it explains every file and column. The pack appears when it is
    complete, or not at all.
    """
    if context.invoked_subcommand is not None:
        return
    around: Surroundings = context.obj
    with around.store() as store:
        scope = _scope(store, group, as_of)
        say(str(_packed(around, store, out, scope, as_of, pseudonyms=pseudonyms)))


@export.command(epilog="Example: muster-collector export verify posture-2026-W47.zip")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--previous", type=click.Path(path_type=Path), metavar="FILE", help="The pack before it."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The collector's public key, audit.pub (the one of this data folder).",
)
@click.pass_obj
def verify(around: Surroundings, file: Path, previous: Path | None, key: Path | None) -> None:
    """Say whether a pack is complete and unchanged, and follows the pack before it."""
    from collector.audit.signing import PUBLIC_FILE, open_verifier
    from collector.export.verifying import NotAPack, check, follows
    from collector.identity.key_files import KeyFileError

    try:
        verifier = open_verifier(key or around.folder / PUBLIC_FILE)
        checked = check(file, verifier)
        problems = list(checked.problems)
        if previous is not None:
            before = check(previous, verifier)
            problems += [f"{previous}: {each}" for each in before.problems]
            problems += follows(checked, before)
    except (KeyFileError, NotAPack) as error:
        raise BadInput(str(error)) from error
    for problem in problems:
        say(plain(problem))
    if problems:
        raise Trouble(f"{file} is not valid")
    say(_valid(checked, linked=previous is not None))


def _valid(checked: "Checked", *, linked: bool) -> str:
    manifest = checked.manifest
    link = "follows the pack before it; " if linked else ""
    files = len(manifest["files"])
    return plain(
        f"Valid: as of {manifest['as_of']}, {manifest['scope']}, {files} files, {link}"
        f"signed by {manifest['signed_by']}"
    )


def _packed(
    around: Surroundings,
    store: "Store",
    out: Path,
    scope: str,
    as_of: str | None,
    *,
    pseudonyms: bool,
) -> Path:
    from collector.export import packing
    from collector.export.desk import Desk
    from collector.identity.key_files import KeyFileError
    from collector.upkeep import rejudge_due

    try:
        desk = Desk.of(store, around.folder)
        at = _moment(around, as_of)
        if as_of is None:
            # The collector may be stopped: no verdict is told that time has overtaken since.
            rejudge_due(store, around.clock)
        order = packing.Order(at, out, scope, desk.names(pseudonyms=pseudonyms))
        order = packing.follow(desk, order)
        told = {"scope": packing.variant(order), "as_of": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        with around.noting("export.written", "posture", **told):
            return packing.pack(desk, order, _progress).path
    except (packing.CannotExport, KeyFileError) as error:
        raise Trouble(str(error)) from error


def _scope(store: "Store", group: str | None, as_of: str | None) -> str:
    """As of a past moment, a group that was removed since is told as well."""
    from collector.store import Connection, belonging, groups

    def is_known(c: Connection) -> bool:
        known = groups.get(c, group or "") is not None
        return known or (as_of is not None and belonging.was_a_group(c, group or ""))

    if group is None:
        return "all"
    if not store.read(is_known):
        raise BadInput(f"no group {group!r}: `muster-collector group list` has their names")
    return f"group:{group}"


def _moment(around: Surroundings, asked: str | None) -> datetime:
    from collector.export.settings import weekly_of

    now = around.clock().replace(microsecond=0)
    if asked is None:
        return now
    try:
        moment = (
            weekly_of(around.folder).on(date.fromisoformat(asked))
            if len(asked) == len("2026-11-22")
            else datetime.fromisoformat(asked)
        )
    except ValueError as error:
        raise BadInput(
            f"--as-of: {asked!r} is no day or time: write 2026-11-22 or 2026-11-22T23:59:00Z"
        ) from error
    if moment.tzinfo is None:
        raise BadInput(f"--as-of: {asked!r} names no time zone: add Z for UTC")
    if moment > now:
        raise BadInput(f"--as-of: {asked!r} has not come yet ({moment:%Y-%m-%d %H:%M} UTC)")
    return moment


def _progress(what: str, count: int) -> None:
    """On a terminal, how far it is; into a file, nothing."""
    if sys.stderr.isatty():
        click.echo(f"\r{what} {count or ''}".ljust(40), nl=False, err=True)


for _command in (list_packs, schedule, deliver):
    export.add_command(_command)

COMMAND = export
