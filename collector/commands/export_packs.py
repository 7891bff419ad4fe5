"""`export list`, `export schedule` and `export deliver`: the packs that the collector keeps."""

from datetime import UTC
from typing import TYPE_CHECKING

import click

from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import as_json, fitted, indented, plain, say
from collector.wording import span

if TYPE_CHECKING:
    from collector.export_settings import ExportSettings
    from collector.settings import Settings
    from collector.store import Store
    from collector.store.deliveries import Delivery
    from collector.store.exports import Run


@click.command("list", epilog="Example: muster-collector export list --json")
@click.option("--limit", type=click.IntRange(1, 200), default=50, help="How many, the newest.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_packs(around: Surroundings, /, limit: int, wants_json: bool) -> None:
    """List the packs, newest first: how far each is, and where it was taken."""
    from collector.store import deliveries, exports

    with around.reading("export list") as store:
        found = store.read(
            lambda c: [
                (run, deliveries.of_run(c, run.number)) for run in exports.newest(c, limit=limit)
            ]
        )
    if wants_json:
        say(as_json({"packs": [fields_of(run, taken) for run, taken in found]}))
    elif not found:
        say("No pack was made yet.")
    else:
        say(f"{'NO':>6}  {'AS OF':18}{'STATE':12}{'NAME'}")
        for run, taken in found:
            _say_one(run, taken)


@click.command(epilog="Example: muster-collector export schedule")
@click.pass_obj
def schedule(around: Surroundings, /) -> None:
    """Say when the next pack is sealed, for whom, and where it is taken."""
    from collector.clock_watch import ahead

    around.must_be_there()
    exports = _settings(around).exports
    around.seen("export schedule")
    if found := ahead(around.folder):
        say(f"Waits: the clock is ahead by {span(found.by)} of the time that has passed. Set it")
        say(f"right, or let a time service confirm it; after {span(found.left)} it is believed.")
    weekly = exports.weekly
    local = weekly.next(around.clock()).astimezone(weekly.zone)
    say(f"Next: {local:%A %Y-%m-%d %H:%M} {weekly.zone.key} ({local.astimezone(UTC):%H:%M} UTC)")
    say(f"Packs: {', '.join(exports.variants)}; kept for {exports.keep_days} days")
    say(f"Encrypted for: {', '.join(exports.recipients) or 'nobody'}")
    for each in exports.targets:
        say(f"To {each.name}: {each.way.kind}, {each.where} ({', '.join(each.packs)})")


@click.command(epilog="Example: muster-collector export deliver posture-2026-W47.zip")
@click.argument("name")
@click.option("--to", metavar="PLACE", help="Only to this one of collector.toml.")
@click.pass_obj
def deliver(around: Surroundings, /, name: str, to: str | None) -> None:
    """Take a pack where the settings say, now, and say what became of it.

    NAME is a pack's file name or number, as `export list` shows them.
    """
    from collector.store import Connection, deliveries

    around.must_be_there()
    settings = _settings(around)
    with around.store() as store:
        run = _run(store, name)
        targets = _targets(settings.exports, run, to)
        now = around.clock()

        def put(c: Connection) -> "list[Delivery]":
            deliveries.put(c, run.number, targets, now)
            return [each for each in deliveries.of_run(c, run.number) if each.target in targets]

        troubles = _delivered(around, store, settings, store.write(put))
    if troubles:
        raise Trouble("; ".join(troubles))


def fields_of(run: "Run", taken: "list[Delivery]") -> dict[str, object]:
    names = (
        *("number", "variant", "as_of", "asked_by", "asked_at", "phase", "told", "finished_at"),
        *("name", "size", "manifest_sha256", "trouble"),
    )
    words = ("target", "state", "attempts", "next_at", "sent_at", "failed_at", "trouble")
    told = [{word: getattr(each, word) for word in words} for each in taken]
    return {name: getattr(run, name) for name in names} | {"deliveries": told}


def _say_one(run: "Run", taken: "list[Delivery]") -> None:
    name = run.name or run.variant
    say(f"{run.number:>6}  {run.as_of:%Y-%m-%d %H:%M}  {run.phase:12}{fitted(name, 70).rstrip()}")
    if run.told and not run.is_over:
        say(indented(f"{run.told} devices so far", 8))
    if run.trouble:
        say(indented(plain(run.trouble), 8))
    for each in taken:
        say(indented(plain(f"{each.target}: {each.state} {each.trouble}".rstrip()), 8))


def _settings(around: Surroundings) -> "Settings":
    from collector.config import ConfigError
    from collector.settings import read_settings

    try:
        return read_settings(around.folder)
    except ConfigError as error:
        raise BadInput(str(error)) from error


def _run(store: "Store", name: str) -> "Run":
    from collector.store import exports

    number = int(name) if name.isascii() and name.isdecimal() and len(name) < 10 else 0
    found = store.read(lambda c: exports.get(c, number) or exports.of_name(c, name))
    if found is None or not found.is_there:
        raise BadInput(f"no pack {name!r} is kept here: `muster-collector export list` has them")
    return found


def _targets(settings: "ExportSettings", run: "Run", to: str | None) -> list[str]:
    names = [each.name for each in settings.to(run.variant)]
    if to is not None and to not in names:
        known = ", ".join(names) or "nowhere"
        raise BadInput(f"--to: this pack goes to {known} (collector.toml)")
    if not names:
        raise BadInput("collector.toml names no place for this pack: write one under [[export_to]]")
    return names if to is None else [to]


def _delivered(
    around: Surroundings, store: "Store", settings: "Settings", waiting: "list[Delivery]"
) -> list[str]:
    """What went wrong, by place."""
    from collector.audit.journal import AuditUnavailable
    from collector.export.delivering import Delivering

    try:
        journal = around.journal()
        exports, mail = settings.exports, settings.told.mail
        going = Delivering(store, around.folder, exports, mail, journal, around.clock, _web(around))
        troubles = []
        for each in waiting:
            why = going.deliver(each, around.actor())
            troubles += [f"{each.target}: {why}"] if why else []
            if not why:
                say(f"{each.target}: taken")
        return troubles
    except AuditUnavailable as error:
        raise Trouble(str(error)) from error


def _web(around: Surroundings) -> str:
    """Where the pages are, when the collector runs."""
    try:
        return around.web_address()
    except Trouble:
        return ""
