"""Which weeks of the audit log were reviewed, by whom, and which one is waited for."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.audit import weeks
from collector.store import audit_reviews
from collector.store.audit_reviews import AuditReview
from collector.translation import gettext as _
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/audit/review"
METHODS = ("GET",)
PERMISSION = Permission.SEE_AUDIT


@dataclass(frozen=True, slots=True)
class Row:
    """`ends_at`: from when it can be signed off; `due_at`: until when it should be."""

    week: str
    ends_at: datetime
    due_at: datetime
    review: AuditReview | None


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    rows: tuple[Row, ...]
    may_sign: bool


def page(request: Request) -> Response:
    site = site_of(request.scope)
    signed = site.store.read(audit_reviews.signed_weeks)
    listed = weeks.weeks(site.keeping.journal.folder, site.clock())
    rows = tuple(_row(week, signed.get(week)) for week in listed)
    frame = frame_of(request.scope, _("Weekly review of the audit log"))
    may_sign = may(session_of(request).role, Permission.REVIEW_AUDIT)
    return render("audit_review.html", Context(frame, rows, may_sign))


def _row(week: str, review: AuditReview | None) -> Row:
    limits = weeks.bounds(week)
    assert limits is not None, "weeks() names weeks"
    return Row(week, limits[1], limits[1] + weeks.DUE_AFTER, review)
