"""What to fix first: the same remediation for many devices at once, and whose they are."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from collector import wording
from collector.accounts.roles import Permission, may
from collector.model import Status
from collector.store import Connection, tallies
from collector.store.affected import owners_affected
from collector.translation import gettext, language
from collector.web.fixes import Fix, queue_of
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.rule_words import SEVERITIES
from collector.web.site import Site, site_of

PATH = "/fixes"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
MOST_OWNERS = 3


@dataclass(frozen=True, slots=True)
class Line:
    fix: Fix
    severity_words: str
    platform_words: str
    with_before: int
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    lines: tuple[Line, ...]
    failures: int
    few: int
    percent: int


def page(request: Request) -> Response:
    site, frame = site_of(request.scope), frame_of(request.scope, gettext("Fixes"))
    people = may(session_of(request).role, Permission.SEE_PEOPLE)
    context = site.store.read(lambda c: _context(c, site, frame, people=people))
    return render("fixes.html", context)


def _context(c: Connection, site: Site, frame: Frame, *, people: bool) -> Context:
    """`people`: whether it may be seen whose devices they are."""
    queue = queue_of(tallies.findings(c), site.policy.current(c), language(), frame.now)
    return Context(
        frame,
        tuple(_line(c, fix, people=people) for fix in queue.fixes),
        queue.failures,
        queue.few,
        queue.percent,
    )


def _line(c: Connection, fix: Fix, *, people: bool) -> Line:
    owners: tuple[str, ...] = ()
    if people:
        asked = (fix.rule_id, Status.FAIL, fix.cause, fix.platform)
        owners = owners_affected(c, *asked, most=MOST_OWNERS)
    platform = wording.PLATFORMS[fix.platform] if fix.platform else gettext("Not reported")
    return Line(fix, SEVERITIES[fix.severity], platform, int(fix.with_before), owners)
