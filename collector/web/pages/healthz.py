"""Says ok when the store can be read; for monitoring, without a login, and nothing else."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from collector.store import Connection, StoreError, policies
from collector.web.site import site_of

PATH = "/healthz"
METHODS = ("GET",)
PERMISSION = None


def page(request: Request) -> Response:
    try:
        site_of(request.scope).store.read(_look)
    except StoreError:
        return PlainTextResponse("The store cannot be read; see the collector's log.\n", 503)
    return PlainTextResponse("ok\n")


def _look(c: Connection) -> None:
    policies.current(c)
