"""Another authenticator app in place of the old one, by who has just shown the second factor."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import second_factor, totp
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry, Outcome
from collector.web.connecting import WRONG, app_form, secret_in
from collector.web.guard import actor_of, session_of
from collector.web.noting import noted
from collector.web.second_step import counted_as, throttled, wait_words
from collector.web.site import site_of

PATH = "/account/app"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
FRESH = True
KEEPS: dict[str, str] = {}


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _replace(request)
    return app_form(request, totp.new_secret(), PATH)


async def _replace(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)
    form = await request.form()
    secret = secret_in(request, str(form.get("sealed", "")))
    if secret is None:
        return RedirectResponse(PATH, 303)
    address, counted = actor_of(request).address, counted_as(session.username)
    free_at = site.throttle.try_now(counted, address, is_account=True)
    if free_at is not None:
        words = wait_words(free_at, site.clock())
        return throttled(app_form(request, secret, PATH, words, 429), free_at, request)
    code, now, seal = str(form.get("code", "")), site.clock(), site.keeping.seal
    done = False
    if totp.accepted_step(secret, code, now, 0) is not None:
        async with noted(
            request, Action.FACTOR_CHANGED, session.username, ends="others", to="another app"
        ):
            done = await site.store.submit(
                lambda c: second_factor.replace_app(c, seal, session, secret, code, now)
            )
    if not done:
        subject, why = f"account:{session.username}", {"to": "another app", "why": "wrong code"}
        await site.record(
            Entry(Action.FACTOR_CHANGED, actor_of(request), Outcome.FAILED, subject, why)
        )
        return app_form(request, secret, PATH, WRONG, 401)
    site.throttle.succeeded(counted, address)
    return RedirectResponse("/account?done=app", 303)
