"""Many devices at once: how many is said first, then they are put in a group or a waiver asked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from collector import grouping, listing, waiving
from collector.accounts.roles import Permission, may
from collector.audit.entry import Action, Entry
from collector.grouping import NotPossible
from collector.listing import question_of
from collector.policy import RULES, title
from collector.store import Connection, groups
from collector.store.groups import Group
from collector.store.waivers import Asked
from collector.translation import gettext as _
from collector.translation import language, ngettext, said_of
from collector.waiving import NotWaived
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.noting import looked, noted_on
from collector.web.rendering import render
from collector.web.site import Site, site_of

PATH = "/devices/bulk"
METHODS = ("POST",)
PERMISSION = Permission.CHANGE_DEVICES
MOST = 100_000
CHUNK = 1_000
LONGEST_ID = 64
LONGEST_QUERY = 2_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """`scope` is "chosen" (these ids) or "all" (what `query`, an address of ours, lists)."""

    scope: str
    query: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    group: str = ""
    rule: str = ""
    until: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """`counted` says what was shown: when another number matches by then, nothing is done."""

    frame: Frame
    chosen: Chosen
    counted: int
    too_many: bool
    groups: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    may_ask: bool
    may_make: bool
    typed: Typed
    done: str
    error: str


async def page(request: Request) -> Response:
    form = await request.form()
    chosen = await run_in_threadpool(_chosen, request, form)
    typed = Typed(*(str(form.get(n, ""))[:500] for n in ("group", "rule", "until", "reason")))
    what = str(form.get("action", ""))
    if not what or not chosen.ids:
        seen = Entry(Action.VIEWED, actor_of(request), subject=f"page:{PATH}")
        await site_of(request.scope).record(seen)  # it says how many match, which is a look
        error = "" if chosen.ids else _("No device is chosen: tick some, or take all that match.")
        await looked(request, PATH, scope=chosen.scope, devices=str(len(chosen.ids)))
        return await _shown(request, chosen, typed, error=error)
    if chosen.scope == "all" and str(form.get("counted", "")) != str(len(chosen.ids)):
        error = _("Other devices match now than were counted: nothing was done. Look again.")
        return await _shown(request, chosen, typed, error=error, status_code=409)
    try:
        done = await _do(request, what, chosen, typed)
    except (NotPossible, NotWaived) as why:
        return await _shown(request, chosen, typed, error=said_of(why), status_code=400)
    return await _shown(request, chosen, Typed(), done=done)


def _chosen(request: Request, form: FormData) -> Chosen:
    """The ids, each once; of all that match no more than MOST and one."""
    scope, query = str(form.get("scope", "")), str(form.get("query", ""))[:LONGEST_QUERY]
    if scope != "all":
        ids = tuple(dict.fromkeys(str(each)[:LONGEST_ID] for each in form.getlist("device")))
        return Chosen("chosen", query, ids)
    site, role = site_of(request.scope), session_of(request).role
    sees = may(role, Permission.SEE_PEOPLE)
    asked = question_of(QueryParams(parse_qsl(urlsplit(query).query)), sees_people=sees)

    def find(c: Connection) -> tuple[str, ...]:
        now = site.clock()
        stale_after = timedelta(days=site.policy.current(c).stale_after_days)
        following: listing.Question | None = replace(asked, after_state=None, after=None)
        ids: list[str] = []
        while following is not None and len(ids) <= MOST:
            listed = listing.find(c, following, now, stale_after, CHUNK)
            ids += [device.device_id for device, _state in listed.devices]
            following = listed.next_question
        return tuple(ids[: MOST + 1])

    return Chosen("all", query, site.store.read(find))


async def _do(request: Request, what: str, chosen: Chosen, typed: Typed) -> str:
    """What is said afterwards. Raises NotPossible or NotWaived."""
    role = session_of(request).role
    if len(chosen.ids) > MOST:
        raise NotPossible(_("These are too many at once: narrow the list first."))
    if what in ("in", "out"):
        return await _group(request, what, chosen.ids, typed.group.strip())
    if what == "make" and may(role, Permission.MANAGE_PEOPLE):
        return await _new_group(request, chosen.ids, typed.group.strip())
    if what == "waive" and may(role, Permission.REQUEST_WAIVER):
        return await _waive(request, chosen.ids, typed)
    raise NotPossible(_("Choose what to do."))


async def _group(request: Request, what: str, ids: tuple[str, ...], name: str) -> str:
    site = site_of(request.scope)
    change, now = grouping.put_in if what == "in" else grouping.take_out, site.clock()
    await run_in_threadpool(site.store.read, lambda c: grouping.known(c, name))
    told = {"to": what, "devices": str(len(ids))}
    async with noted_on(request, Action.GROUP_CHANGED, f"group:{name}", **told):
        count = await _by_parts(site, ids, lambda c, part: change(c, name, part, now))
    return ngettext(
        "%(num)s device changed its groups.", "%(num)s devices changed their groups.", count
    )


async def _new_group(request: Request, ids: tuple[str, ...], name: str) -> str:
    site = site_of(request.scope)
    made = Group(name, "", "", site.clock())
    told = {"to": "made", "devices": str(len(ids))}
    async with noted_on(request, Action.GROUP_CHANGED, f"group:{name[:48]}", **told):
        await site.store.submit(lambda c: grouping.make(c, made))
        at, name = made.created_at, made.name
        count = await _by_parts(site, ids, lambda c, part: grouping.put_in(c, name, part, at))
    return ngettext(
        "%(num)s device is in the new group.", "%(num)s devices are in the new group.", count
    )


async def _waive(request: Request, ids: tuple[str, ...], typed: Typed) -> str:
    site, by = site_of(request.scope), session_of(request).username
    now = site.clock()
    asked = Asked(typed.rule, typed.reason, by, waiving.last_second(typed.until))
    told = {"rule": typed.rule, "until": typed.until, "devices": str(len(ids))}
    async with noted_on(request, Action.WAIVER_REQUESTED, "devices", **told):
        made, left = await site.store.submit(lambda c: waiving.request_for_all(c, ids, asked, now))
    return _(
        "%(made)s waivers are asked for and wait for somebody else; %(left)s were not possible.",
        made=len(made),
        left=len(left),
    )


async def _by_parts(
    site: Site, ids: tuple[str, ...], change: Callable[[Connection, tuple[str, ...]], int]
) -> int:
    """A transaction for each part, so that check-ins come between; doing it again is harmless."""
    count = 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        count += await site.store.submit(_of(change, part))
    return count


def _of(
    change: Callable[[Connection, tuple[str, ...]], int], part: tuple[str, ...]
) -> Callable[[Connection], int]:
    return lambda c: change(c, part)


async def _shown(
    request: Request,
    chosen: Chosen,
    typed: Typed,
    *,
    done: str = "",
    error: str = "",
    status_code: int = 200,
) -> Response:
    known = await run_in_threadpool(
        site_of(request.scope).store.read, lambda c: groups.find(c, limit=200).groups
    )
    context = Context(
        frame=frame_of(request.scope, _("Many devices at once")),
        chosen=chosen,
        counted=len(chosen.ids),
        too_many=len(chosen.ids) > MOST,
        groups=tuple(each.name for each in known),
        rules=tuple((rule.id, title(rule.id, language())) for rule in RULES),
        may_ask=may(session_of(request).role, Permission.REQUEST_WAIVER),
        may_make=may(session_of(request).role, Permission.MANAGE_PEOPLE),
        typed=typed,
        done=done,
        error=error,
    )
    return render("devices_bulk.html", context, status_code=status_code)
