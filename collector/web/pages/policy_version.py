"""One version of the policy as it was applied, and what it changed."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from collector import applying
from collector.accounts.roles import Permission, may
from collector.policy.differences import Difference
from collector.store import Connection, policies
from collector.store.policies import StoredPolicy
from collector.translation import gettext as _
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/policy/versions/{version}"
METHODS = ("GET",)
PERMISSION = Permission.SEE_POLICY


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    stored: StoredPolicy
    changes: tuple[Difference, ...]
    may_go_back: bool


def page(request: Request) -> Response:
    number = number_in(str(request.path_params["version"]))
    may_change = may(session_of(request).role, Permission.CHANGE_POLICY)

    def find(c: Connection) -> tuple[applying.Step, int] | None:
        step = applying.step(c, number)
        return (step, policies.current_version(c)) if step else None

    found = site_of(request.scope).store.read(find)
    if found is None:
        return NOT_FOUND.response(request.scope)
    step, newest = found
    title = _("Policy, version %(number)s", number=number)
    context = Context(
        frame_of(request.scope, title), step.stored, step.changes, may_change and number != newest
    )
    return render("policy_version.html", context)


def number_in(text: str) -> int:
    """0, which no version has, when it is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
