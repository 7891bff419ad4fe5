"""`muster-collector release`: how far a signed release of the agent is let go, and how it fares."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, indented, plain, say

FIELDS = ("version", "state", "percent", "begun", "back", "failing", "added_at", "added_by")
HALTED = ("halted_at", "halted_by", "halted_because")


@click.group(cls=CommandList, epilog="Example: muster-collector release list")
def release() -> None:
    """Let devices take a new version of the agent: 1, 10, then 100 of 100."""


@release.command("list", epilog="Example: muster-collector release list --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_releases(around: Surroundings, /, wants_json: bool) -> None:
    """List the releases, newest first, with how devices fare with them."""
    from collector.store import releases

    with around.reading("release list") as store:
        found = store.read(releases.newest)
    if wants_json:
        rows = [{name: getattr(each, name) for name in (*FIELDS, *HALTED)} for each in found]
        say(as_json({"releases": rows}))
        return
    if not found:
        say("There is no release yet. Add one: muster-collector release add 1.2.0")
        return
    say(f"{'VERSION':12}{'STATE':9}{'RING':>5}{'BEGUN':>9}{'BACK':>9}{'FAILING':>9}")
    for each in found:
        ring, counts = f"{each.percent} %", (each.begun, each.back, each.failing)
        numbers = "".join(f"{count:>9}" for count in counts)
        say(f"{each.version:12}{each.state:9}{ring:>5}{numbers}")
        if each.halted_because:
            say(indented(plain(each.halted_because), 6))


@release.command(epilog="Example: muster-collector release add 1.2.0")
@click.argument("version")
@click.pass_obj
def add(around: Surroundings, /, version: str) -> None:
    """Let 1 of 100 devices take a release that you have signed."""
    from collector import releasing

    with around.store() as store, _in_one_line():
        store.read(lambda c: releasing.addable(c, version))
        with around.noting("release.added", f"release:{version}", ring="1"):
            store.write(lambda c: releasing.add(c, version, around.who(), around.clock()))
    say(f"1 of 100 devices with Windows or macOS may take {version} now.")


@release.command(epilog="Example: muster-collector release promote 1.2.0")
@click.argument("version")
@click.pass_obj
def promote(around: Surroundings, /, version: str) -> None:
    """Let the next ring of devices take it: 10, then 100 of 100."""
    from collector import releasing

    with around.store() as store, _in_one_line():
        wider = store.read(lambda c: releasing.promotable(c, version))
        with around.noting("release.promoted", f"release:{version}", ring=str(wider)):
            store.write(lambda c: releasing.promote(c, version))
    say(f"{wider} of 100 devices with Windows or macOS may take {version} now.")


@release.command(epilog='Example: muster-collector release halt 1.2.0 --reason "It hangs."')
@click.argument("version")
@click.option("--reason", required=True, help="Why; auditors read it.")
@click.pass_obj
def halt(around: Surroundings, /, version: str, reason: str) -> None:
    """Let no further device take it, for good."""
    from collector import releasing

    with around.store() as store, _in_one_line():
        because = store.read(lambda c: releasing.haltable(c, version, reason))
        with around.noting("release.halted", f"release:{version}", what=because):
            store.write(lambda c: releasing.halt(c, version, around.who(), because, around.clock()))
    say(f"No further device takes {version}. Devices that have it keep it.")


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What cannot be done, as the command line says it."""
    from collector.releasing import NotPossible

    try:
        yield
    except NotPossible as error:
        raise BadInput(str(error).rstrip(".")) from error


COMMAND = release
