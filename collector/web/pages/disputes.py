"""Checks that are doubted because they turned on many devices at once, and what was decided."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector import wording
from collector.accounts.roles import Permission, may
from collector.model import Platform
from collector.policy import RULES, title
from collector.store import disputes
from collector.store.disputes import AGENT, Dispute, Place
from collector.translation import gettext as _
from collector.translation import language
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/disputes"
METHODS = ("GET",)
PERMISSION = Permission.SEE_INCIDENTS


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and cannot be taken like that, to be shown again at its dispute."""

    number: int = 0
    decision: str = ""
    until: str = ""
    reason: str = ""
    seen: str = disputes.OPEN
    error: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`where` in the words of the reader."""

    dispute: Dispute
    title: str
    where: str


@dataclass(frozen=True, slots=True)
class Context:
    """`open`: those that stand, because nobody has decided or because the check is wrong."""

    frame: Frame
    open: tuple[Row, ...]
    decided: tuple[Row, ...]
    may_change: bool
    typed: Typed


async def page(request: Request) -> Response:
    return await shown(request, Typed())


async def shown(request: Request, typed: Typed, status_code: int = 200) -> Response:
    found = await run_in_threadpool(site_of(request.scope).store.read, disputes.newest)
    rows = [_row(each) for each in found]
    context = Context(
        frame_of(request.scope, _("Doubted checks")),
        tuple(row for row in rows if row.dispute.state != disputes.RIGHT),
        tuple(row for row in rows if row.dispute.state == disputes.RIGHT),
        may(session_of(request).role, Permission.HANDLE_INCIDENTS),
        typed,
    )
    return render("disputes.html", context, status_code=status_code)


def _row(found: Dispute) -> Row:
    known = found.rule_id in {rule.id for rule in RULES}
    named = title(found.rule_id, language()) if known else found.rule_id
    return Row(found, named, _where(found.place))


def _where(place: Place) -> str:
    """Of an odd platform what is stored."""
    platform = place.value.partition(" ")[0]
    if platform not in set(Platform):
        return place.value
    words = wording.PLATFORMS[Platform(platform)]
    if place.scope == AGENT:
        return _("%(platform)s, agent %(version)s", platform=words, version=place.version)
    return f"{words} {place.version}"
