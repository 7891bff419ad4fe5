"""Where a person connects an authenticator app to the account, before anything else is shown."""

from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import second_factor, totp
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry, Outcome
from collector.store import Connection, accounts
from collector.translation import gettext as _
from collector.translation import marked
from collector.web import cookie
from collector.web.connecting import WRONG, CodesContext, app_form, secret_in
from collector.web.cookie import form_token
from collector.web.frame import frame_of
from collector.web.guard import actor_of, session_of
from collector.web.rendering import render
from collector.web.second_step import counted_as, throttled, wait_words
from collector.web.site import site_of

PATH = "/login/app"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
CONNECTED = marked("Your app is connected.")


async def page(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)

    def enrolled(c: Connection) -> bool:
        account = accounts.get(c, session.username)
        return account is None or second_factor.has_factor(c, account)

    if session.factor_at is not None or await run_in_threadpool(site.store.read, enrolled):
        return RedirectResponse("/login/factor", 303)
    if request.method == "POST":
        return await _connect(request)
    return app_form(request, totp.new_secret(), PATH)


async def _connect(request: Request) -> Response:
    site, half = site_of(request.scope), session_of(request)
    form = await request.form()
    secret = secret_in(request, str(form.get("sealed", "")))
    if secret is None:
        return RedirectResponse(PATH, 303)
    address = actor_of(request).address
    free_at = site.throttle.try_now(counted_as(half.username), address, is_account=True)
    if free_at is not None:
        words = wait_words(free_at, site.clock())
        return throttled(app_form(request, secret, PATH, words, 429), free_at, request)
    code, now, seal = str(form.get("code", "")), site.clock(), site.keeping.seal
    subject = f"account:{half.username}"
    done, tells = None, [Action.FACTOR_CHANGED]
    if totp.accepted_step(secret, code, now, 0) is not None:
        who, detail = actor_of(request), {"to": "app"}
        tells.append(Action.LOGIN)
        await site.record(
            Entry(Action.FACTOR_CHANGED, who, subject=subject, detail=detail),
            Entry(Action.LOGIN, who, subject=subject),
        )
        done = await site.store.submit(
            lambda c: second_factor.enroll_app(c, seal, half, secret, code, now)
        )
    if done is None:
        refused = {"to": "app", "why": "the code was not right"}
        who = actor_of(request)
        await site.record(*(Entry(each, who, Outcome.FAILED, subject, refused) for each in tells))
        return app_form(request, secret, PATH, WRONG, 401)
    site.throttle.succeeded(counted_as(half.username), address)
    frame = frame_of(request.scope, _("Recovery codes"))
    frame = replace(frame, form_token=form_token(done.token))
    response = render("codes.html", CodesContext(frame, CONNECTED, done.codes, "/"))
    cookie.put(request.scope, response, done.token)
    return response
