"""Packs as pages and API show them: whoever may not see people has the pseudonymised ones alone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from collector.accounts.roles import Permission
from collector.export.encrypting import ENDING
from collector.export.making import files_of
from collector.export.verifying import NotAPack, check, follows
from collector.export_settings import ALL, GROUP, PSEUDONYMS, ExportSettings
from collector.store import Connection, belonging, exports, groups, policies
from collector.store import packs as sealed_packs
from collector.store.exports import Run
from collector.translation import gettext as _
from collector.translation import marked
from collector.web.site import Site

PHASES = {
    "waiting": marked("Waits for its turn"),
    "devices": marked("Reads the devices"),
    "files": marked("Finishes the files"),
    "summary": marked("Sets the summary"),
    "sealing": marked("Is sealed"),
    "encrypting": marked("Is encrypted"),
    "done": marked("Ready"),
    "failed": marked("Failed"),
    "stopped": marked("Stopped"),
    "dropped": marked("No longer kept"),
}
MOST_WAITING = 5
"""So many that people asked for and that are not made yet."""


class NotAsked(Exception):
    """Nothing was asked for; `field` says what about, str() what to do."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(what)
        self.field = field


@dataclass(frozen=True, slots=True)
class Wish:
    """`day`: as written, empty for now. `group`: empty for the whole fleet."""

    day: str = ""
    group: str = ""
    pseudonyms: bool = False


def only(holds: Collection[Permission]) -> str:
    """How the variants end that somebody may see; "" is every one."""
    return "" if Permission.SEE_PEOPLE in holds else PSEUDONYMS


def may_see(run: Run, holds: Collection[Permission]) -> bool:
    return run.variant.endswith(only(holds))


def find(c: Connection, number: str, holds: Collection[Permission]) -> Run | None:
    """One that is there for them."""
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    run = exports.get(c, int(number))
    return run if run is not None and may_see(run, holds) else None


def wanted(
    c: Connection,
    wish: Wish,
    settings: ExportSettings,
    holds: Collection[Permission],
    now: datetime,
) -> tuple[str, datetime]:
    """Variant and moment. Raises NotAsked."""
    moment = _moment(c, wish.day, settings, now)
    if wish.group and not _is_known(c, wish):
        raise NotAsked("group", _("There is no such group: choose one of the list."))
    waiting = [run for run in exports.unfinished(c) if run.asked_by]
    if len(waiting) >= MOST_WAITING:
        raise NotAsked("", _("Several packs wait to be made already. Ask again when they are."))
    scope = f"{GROUP}{wish.group}" if wish.group else ALL
    hidden = wish.pseudonyms or only(holds) != ""
    return scope + (PSEUDONYMS if hidden else ""), moment


def _is_known(c: Connection, wish: Wish) -> bool:
    """Of a past day, also a group that was removed since."""
    known = groups.get(c, wish.group) is not None
    return known or (wish.day != "" and belonging.was_a_group(c, wish.group))


def _moment(c: Connection, day: str, settings: ExportSettings, now: datetime) -> datetime:
    if not day:
        return now.replace(microsecond=0)
    try:
        moment = settings.weekly.on(date.fromisoformat(day))
    except (ValueError, OverflowError):
        raise NotAsked("day", _("Write the day as 2026-11-22.")) from None
    if moment > now:
        raise NotAsked("day", _("That day is not over yet: leave it empty for now.")) from None
    first = policies.first_applied_at(c)
    if first is None or moment < first:
        raise NotAsked("day", _("This collector did not exist yet on that day."))
    return moment


def folder(site: Site) -> Path:
    return site.store.path.parent


def file_of(site: Site, run: Run, *, encrypted: bool) -> Path | None:
    """The one that was asked for, where it is kept."""
    files = [
        path for path in files_of(folder(site), run) if path.name.endswith(ENDING) == encrypted
    ]
    return files[0] if files else None


def title(run: Run) -> str:
    """What it is of, for people."""
    scope = run.variant.removesuffix(PSEUDONYMS)
    words = _("The whole fleet") if scope == ALL else scope.removeprefix(GROUP)
    if scope == run.variant:
        return words
    return _("%(what)s, under pseudonyms", what=words)


def verified(site: Site, run: Run) -> tuple[tuple[str, ...], bool]:
    """What is wrong with its file, and whether the pack before it was there to compare with."""
    path = file_of(site, run, encrypted=False)
    if path is None:
        return (_("There is no readable file of it here: its recipients can check theirs."),), False
    try:
        verifier = site.keeping.journal.verifier
        found = check(path, verifier)
        before = _previous(site, run)
        if before is None:
            return found.problems, False
        return (*found.problems, *follows(found, check(before, verifier))), True
    except NotAPack as error:
        return (str(error).replace(f"{path.parent}/", ""),), False


def _previous(site: Site, run: Run) -> Path | None:
    """The file of the sealed pack that it follows."""

    def look(c: Connection) -> Run | None:
        last = sealed_packs.last_before(c, run.variant, run.as_of)
        return exports.of_moment(c, run.variant, last.as_of) if last else None

    held = site.store.read(look)
    return file_of(site, held, encrypted=False) if held else None
