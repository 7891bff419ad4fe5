"""What people were told, what waits and what was given up: the delivery log."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.store import Connection, notifications
from collector.store.notifications import Notification
from collector.subscriptions import Subscriber
from collector.translation import gettext as _
from collector.web.frame import Frame, frame_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/notifications"
METHODS = ("GET",)
PERMISSION = Permission.CHANGE_SETTINGS
ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Context:
    """`before`: where the next page begins; 0 on the last one."""

    frame: Frame
    subscribers: tuple[Subscriber, ...]
    has_mail: bool
    shown: tuple[Notification, ...]
    failed_only: bool
    before: int
    error: str


async def page(request: Request) -> Response:
    return await shown(request)


async def shown(request: Request, error: str = "", status_code: int = 200) -> Response:
    """`error`: what somebody asked for and cannot be done."""
    asked = request.query_params
    before, failed_only = asked.get("before", ""), asked.get("only") == "failed"
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else None

    def find(c: Connection) -> list[Notification]:
        return notifications.newest(c, failed_only=failed_only, before=number, limit=ON_A_PAGE + 1)

    site = site_of(request.scope)
    found = await run_in_threadpool(site.store.read, find)
    told = site.keeping.told
    context = Context(
        frame_of(request.scope, _("Notifications")),
        told.subscribers,
        told.mail is not None,
        tuple(found[:ON_A_PAGE]),
        failed_only,
        found[ON_A_PAGE - 1].number if len(found) > ON_A_PAGE else 0,
        error,
    )
    return render("notifications.html", context, status_code=status_code)
