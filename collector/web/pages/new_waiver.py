"""Asks for a waiver: for a device, for several that were chosen, or for a group."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import waiving
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.policy import RULES
from collector.store import Connection, devices, groups, waivers
from collector.store.waivers import Asked
from collector.translation import gettext as _
from collector.translation import said_of
from collector.waiving import LONGEST_REASON, MOST_AT_ONCE, NotWaived
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.pages.waivers import rule_title
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/waivers/new"
METHODS = ("GET", "POST")
PERMISSION = Permission.REQUEST_WAIVER
LONGEST = 100
MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Typed:
    """As it was typed or chosen. `devices` wins over `group` when both are there."""

    devices: tuple[str, ...] = ()
    group: str = ""
    rule: str = ""
    until: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """`field` is the one that `error` is about; `held` says what would be extended."""

    frame: Frame
    typed: Typed
    chosen: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    first_day: str
    last_day: str
    held: str
    longest: int
    field: str
    error: str


async def page(request: Request) -> Response:
    if request.method == "GET":
        return await _form(request, _typed(request.query_params))
    typed = _typed(await request.form())
    try:
        return await _ask(request, typed)
    except NotWaived as error:
        return await _form(request, typed, error)


def _typed(given: FormData | QueryParams) -> Typed:
    ids = dict.fromkeys(str(each)[:LONGEST] for each in given.getlist("device") if each)
    words = [str(given.get(name, "")) for name in ("group", "rule", "until")]
    group, rule, until = (each[:LONGEST].strip() for each in words)
    reason = str(given.get("reason", ""))[: 2 * LONGEST_REASON].strip()
    return Typed(tuple(ids)[: MOST_AT_ONCE + 1], group, rule, until, reason)


async def _ask(request: Request, typed: Typed) -> Response:
    site, by = site_of(request.scope), session_of(request).username
    now = site.clock()
    if not typed.devices and not typed.group:
        raise NotWaived("group", _("choose a group, or come here from the page of a device"))
    ends_at = waiving.last_second(typed.until)
    group = "" if typed.devices else typed.group
    asked = Asked(typed.rule, typed.reason, by, ends_at, "", group)
    if len(typed.devices) > 1:
        return await _ask_for_all(request, typed, asked)
    single = Asked(typed.rule, typed.reason, by, ends_at, "".join(typed.devices), group)
    fit = await run_in_threadpool(site.store.read, lambda c: waiving.checked(c, single, now))
    told = waiving.told(fit)
    async with noted_on(request, Action.WAIVER_REQUESTED, waiving.subject(fit), **told):
        await site.store.submit(lambda c: waiving.request(c, fit, now))
    return RedirectResponse("/waivers?show=waiting", 303)


async def _ask_for_all(request: Request, typed: Typed, asked: Asked) -> Response:
    """All of them that can have one; those that cannot are named."""
    site, ids, now = site_of(request.scope), typed.devices, site_of(request.scope).clock()
    await run_in_threadpool(site.store.read, lambda c: waiving.check_words(c, asked, now))
    told = {**waiving.told(asked), "devices": str(len(ids))}
    async with noted_on(request, Action.WAIVER_REQUESTED, "devices", **told):
        made, left_out = await site.store.submit(
            lambda c: waiving.request_for_all(c, ids, asked, now)
        )
    if left_out:
        device_id, why = next(iter(left_out.items()))
        words = _(
            "%(made)s are asked for; left out are %(count)s, the first of them %(device)s: %(why)s",
            made=len(made),
            count=len(left_out),
            device=device_id,
            why=why,
        )
        raise NotWaived("devices", words)
    return RedirectResponse("/waivers?show=waiting", 303)


async def _form(request: Request, typed: Typed, error: NotWaived | None = None) -> Response:
    site = site_of(request.scope)
    frame = frame_of(request.scope, _("Ask for a waiver"))

    def find(c: Connection) -> Context:
        known = [devices.get(c, each) for each in typed.devices]
        chosen = tuple((d.device_id, d.hostname or _("(no name)")) for d in known if d)
        most = site.policy.current(c).longest_waiver_days
        return Context(
            frame,
            typed,
            chosen,
            tuple(each.name for each in groups.find(c, limit=MOST_GROUPS).groups),
            tuple((rule.id, rule_title(rule.id)) for rule in RULES),
            f"{frame.now:%Y-%m-%d}",
            f"{frame.now + timedelta(days=most):%Y-%m-%d}",
            _held(c, typed, frame.now),
            LONGEST_REASON,
            error.field if error else "",
            said_of(error) if error else "",
        )

    context = await run_in_threadpool(site.store.read, find)
    return render("new_waiver.html", context, status_code=400 if error else 200)


def _held(c: Connection, typed: Typed, now: datetime) -> str:
    """Until when the same is waived already; empty: it is not, or it cannot be said of several."""
    if not typed.rule or len(typed.devices) > 1:
        return ""
    group = "" if typed.devices else typed.group
    same = Asked(typed.rule, "", "", now, "".join(typed.devices), group)
    found = waivers.in_force_for(c, same, now)
    return f"{found[-1].asked.ends_at:%Y-%m-%d}" if found else ""
