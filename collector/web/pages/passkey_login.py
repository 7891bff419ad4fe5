"""A passkey alone lets a person in: the authenticator has it, and has verified who holds it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import passkeys
from collector.audit.entry import Action, Actor, ActorKind, Entry
from collector.translation import marked
from collector.web import cookie
from collector.web.guard import actor_of, visitor_of
from collector.web.pages.login import form, throttled
from collector.web.passkeys import Purpose, shown, write_down_failure
from collector.web.site import site_of

PATH = "/login/passkey"
METHODS = ("POST",)
PERMISSION = None
WRONG = marked("This passkey was not accepted. Log in with your password, or ask an owner.")


async def page(request: Request) -> Response:
    site, address = site_of(request.scope), actor_of(request).address
    counted_as = f"passkey from {address}"  # nobody else can use up this person's tries
    free_at = site.throttle.try_now(counted_as, address)
    if free_at is not None:
        return throttled(request, "", free_at)
    used = await shown(request, Purpose.LOG_IN)
    if used is None:
        return form(request, "", WRONG, 401)
    visitor, now, username = visitor_of(request), site.clock(), used.passkey.username
    who = Actor(ActorKind.ACCOUNT, username, address)
    await site.record(
        Entry(Action.LOGIN, who, subject=f"account:{username}", detail={"by": "passkey alone"})
    )
    token = await site.store.submit(
        lambda c: passkeys.enter(c, used.passkey, used.count, visitor, now)
    )
    if token is None:
        await write_down_failure(request, username, "the account is closed or the passkey raced")
        return form(request, "", WRONG, 401)
    site.throttle.succeeded(counted_as, address)
    response = RedirectResponse("/", 303)
    cookie.put(request.scope, response, token)
    return response
