"""Packs: asked for, followed, verified and fetched; as on the pages, names only for who may."""

from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool

from collector.audit.entry import Action
from collector.clock_watch import ahead
from collector.export.safe import moment
from collector.store import Connection, deliveries, exports
from collector.store.exports import Run
from collector.web import packs
from collector.web.api.calls import Call, File, One, Several
from collector.web.api.problems import Problem, Wrong, conflict, not_found, unfit
from collector.web.packs import NotAsked, Wish


async def list_exports(call: Call) -> Several:
    limit, cursor = call.query["limit"], call.query["cursor"]
    if cursor and not (cursor.isascii() and cursor.isdecimal()):
        raise unfit([Wrong("cursor", "give `next` of the page before as it was, or leave it out")])
    before, only = int(cursor) if cursor else None, packs.only(call.bearer.holds)

    def look(c: Connection) -> tuple[list[Run], list[dict[str, Any]]]:
        runs = exports.newest(c, before=before, only=only, limit=limit + 1)
        return runs, [_shown(c, run) for run in runs[:limit]]

    runs, shown = await call.read(look)
    return Several(shown, str(runs[limit - 1].number) if len(runs) > limit else None)


async def make(call: Call) -> One:
    body, now, site = call.body, call.now, call.site
    day = body["day"]
    written = f"{day:%Y-%m-%d}" if isinstance(day, datetime) else ""
    wish = Wish(written, body["group"], body["pseudonyms"])
    settings, holds = site.keeping.exports, call.bearer.holds
    try:
        variant, at = await call.read(lambda c: packs.wanted(c, wish, settings, holds, now))
    except NotAsked as error:
        raise _refused(error) from None

    def write(c: Connection) -> dict[str, Any]:
        number, _new = exports.ask(c, variant, at, call.bearer.username, now)
        return _shown(c, _there(c, number))

    told = {"scope": variant, "as_of": moment(at)}
    return One(await call.change(Action.EXPORTED, "posture", told, write))


async def one_export(call: Call) -> One:
    run = await _run(call)
    return One(await call.read(lambda c: _shown(c, run)))


async def verify(call: Call) -> One:
    run = await _run(call)
    problems, linked = await run_in_threadpool(packs.verified, call.site, run)
    return One({"valid": not problems, "linked": linked, "problems": list(problems)})


async def stop(call: Call) -> One:
    run = await _run(call)
    if run.is_over or not run.asked_by:
        raise conflict("It is over already, or it is the schedule's: there is nothing to stop.")

    def write(c: Connection) -> dict[str, Any]:
        exports.want_stopped(c, run.number)
        return _shown(c, _there(c, run.number))

    return One(await call.change(Action.EXPORT_STOPPED, f"export:{run.number}", {}, write))


async def schedule(call: Call) -> One:
    settings, only = call.site.keeping.exports, packs.only(call.bearer.holds)
    found = ahead(packs.folder(call.site))
    places = [
        {
            "name": each.name,
            "kind": each.way.kind,
            "where": each.where,
            "packs": [name for name in each.packs if name.endswith(only)],
        }
        for each in settings.targets
    ]
    return One(
        {
            "next_at": settings.weekly.next(call.now),
            "clock_ahead_seconds": round(found.by.total_seconds()) if found else 0,
            "packs": [name for name in settings.variants if name.endswith(only)],
            "keep_days": settings.keep_days,
            "recipients": list(settings.recipients),
            "places": [each for each in places if each["packs"]],
        }
    )


async def deliver(call: Call) -> One:
    """It is taken within moments, by the collector; how that went stands in `deliveries`."""
    run = await _run(call)
    names = [each.name for each in call.site.keeping.exports.to(run.variant)]
    if not run.is_there or not names:
        raise conflict("It is not there, or collector.toml names no place for it.")
    to = call.body["to"]
    if to and to not in names:
        raise unfit([Wrong("to", f"give one of {', '.join(names)}, or leave it out")])
    wanted = [to] if to else names

    def write(c: Connection) -> dict[str, Any]:
        deliveries.put(c, run.number, wanted, call.now)
        return _shown(c, _there(c, run.number))

    told = {"again_to": ", ".join(wanted)}
    return One(await call.change(Action.DELIVERED, f"export:{run.number}", told, write))


async def fetch(call: Call) -> File:
    """As asked for; else the readable file where it is kept, else the encrypted one."""
    run, wanted = await _run(call), call.query["as"]
    kinds = (wanted == "age",) if wanted else (False, True)
    found = (packs.file_of(call.site, run, encrypted=kind) for kind in kinds)
    path = next((each for each in found if each is not None), None)
    if path is None:
        raise not_found()
    await call.note(Action.FETCHED, f"export:{run.number}", {"file": path.name})
    return File(path)


async def _run(call: Call) -> Run:
    """Raises Problem."""
    number, holds = call.path["export"], call.bearer.holds
    run = await call.read(lambda c: packs.find(c, number, holds))
    if run is None:
        raise not_found()
    return run


def _refused(error: NotAsked) -> Problem:
    return unfit([Wrong(error.field, str(error))]) if error.field else conflict(str(error))


def _there(c: Connection, number: int) -> Run:
    run = exports.get(c, number)
    assert run is not None, "it was changed in this transaction"
    return run


def _shown(c: Connection, run: Run) -> dict[str, Any]:
    return {
        "number": run.number,
        "pack": run.variant,
        "as_of": run.as_of,
        "asked_by": run.asked_by,
        "asked_at": run.asked_at,
        "phase": run.phase.value,
        "devices_so_far": run.told,
        "name": run.name,
        "bytes": run.size,
        "manifest_sha256": run.manifest_sha256,
        "trouble": run.trouble,
        "deliveries": [
            {
                "to": each.target,
                "state": each.state,
                "attempts": each.attempts,
                "sent_at": each.sent_at,
                "trouble": each.trouble,
            }
            for each in deliveries.of_run(c, run.number)
        ],
    }
