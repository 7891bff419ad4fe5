"""Enrollment tokens: what admits new devices. A secret is shown when it is made and never again."""

from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool

from collector.audit.entry import Action
from collector.handing_out import NotServing, enrollment_string, serving
from collector.identity import tokens as making
from collector.store import Connection, events, tokens
from collector.store.tokens import Token
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import conflict, not_found


async def list_tokens(call: Call) -> Several:
    return Several([_shown(each, call) for each in await call.read(tokens.list_all)])


async def create(call: Call) -> One:
    asked, now = call.body, call.now
    folder = call.site.store.path.parent
    try:
        called = await run_in_threadpool(serving, folder)
    except NotServing as error:
        raise conflict(str(error)) from None
    life = timedelta(hours=asked["hours"])
    told = {"label": asked["label"], "uses": str(asked["uses"]), "life": str(life)}

    def make(c: Connection) -> making.NewToken:
        return making.create(c, now, asked["label"], life=life, max_uses=asked["uses"])

    made = await call.change(Action.TOKEN_CREATED, "enrollment", told, make)
    return One(
        {
            "token_id": made.token_id,
            "enrollment_string": enrollment_string(made.secret, called),
            "expires_at": made.expires_at,
            "max_uses": made.max_uses,
        }
    )


async def revoke(call: Call) -> One:
    token_id, now = call.path["token_id"], call.now
    if (await call.read(lambda c: _known(c, token_id))).revoked_at is not None:
        raise conflict("The token was revoked before.")

    def end(c: Connection) -> Token:
        if tokens.revoke(c, token_id, now):
            detail = f"token {token_id} by {call.bearer.username}"
            events.add(c, now, "token revoked", "", detail)
        return _known(c, token_id)

    ended = await call.change(Action.TOKEN_REVOKED, f"enrollment:{token_id}", {}, end)
    return One(_shown(ended, call))


def _known(c: Connection, token_id: str) -> Token:
    for each in tokens.list_all(c):
        if each.token_id == token_id:
            return each
    raise not_found()


def _shown(each: Token, call: Call) -> dict[str, Any]:
    return {
        "token_id": each.token_id,
        "state": each.state(call.now),
        "label": each.label,
        "uses": each.uses,
        "max_uses": each.max_uses,
        "created_at": each.created_at,
        "expires_at": each.expires_at,
        "revoked_at": each.revoked_at,
    }
