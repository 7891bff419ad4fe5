"""Who the token is, and the tokens of its owner. Nobody sees or ends another person's."""

from datetime import timedelta
from typing import Any

from collector.accounts import access_tokens, second_factor
from collector.accounts.access_tokens import NotMade, Wish
from collector.accounts.roles import Role
from collector.audit.entry import Action, Entry, Outcome
from collector.store import Connection, personal_tokens
from collector.store.personal_tokens import PersonalToken
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import Problem, Wrong, not_found, too_many, unfit


async def who(call: Call) -> One:
    bearer = call.bearer
    return One(
        {
            "username": bearer.username,
            "token_id": bearer.token_id,
            "role": bearer.role,
            "permissions": sorted(each.name.lower() for each in bearer.holds),
            "ends_at": bearer.ends_at,
        }
    )


async def list_tokens(call: Call) -> Several:
    found = await call.read(lambda c: personal_tokens.of_person(c, call.bearer.username))
    return Several([_shown(each) for each in found])


async def create(call: Call) -> One:
    """Another token, no stronger and no longer than this one, with a code of the second factor."""
    asked, bearer, now = call.body, call.bearer, call.now
    wish = Wish(asked["label"], Role(asked["role"]), now + timedelta(days=asked["days"]))
    if wish.role not in access_tokens.roles_for(bearer.role):
        raise unfit([Wrong("role", "a token makes none that may do more than itself")])
    if wish.ends_at > bearer.ends_at:
        raise unfit([Wrong("days", "a token makes none that lasts longer than itself")])
    await confirm(call, asked["code"])

    def make(c: Connection) -> access_tokens.Made:
        try:
            return access_tokens.make(c, bearer.username, wish, now)
        except NotMade as error:
            raise unfit([Wrong("(body)", str(error))]) from None

    told = {"label": wish.label, "role": wish.role, "ends": f"{wish.ends_at:%Y-%m-%d}"}
    made = await call.change(Action.TOKEN_CREATED, f"personal:{bearer.username}", told, make)
    return One({"token_id": made.token_id, "token": made.secret, "ends_at": wish.ends_at})


async def remove(call: Call) -> One:
    username, token_id = call.bearer.username, call.path["token_id"]

    def known(c: Connection) -> PersonalToken:
        for each in personal_tokens.of_person(c, username):
            if each.token_id == token_id:
                return each
        raise not_found()

    ending = await call.read(known)
    subject = f"personal:{username}/{token_id}"
    await call.change(
        Action.TOKEN_REVOKED, subject, {}, lambda c: personal_tokens.remove(c, username, token_id)
    )
    return One(_shown(ending))


async def confirm(call: Call, code: str) -> None:
    """Counted like codes at the login, so that no token is a place to guess at them."""
    counted_as = f"second factor of {call.bearer.username}"
    free_at = call.codes.try_now(counted_as, call.address)
    if free_at is not None:
        seconds = int((free_at - call.now).total_seconds()) + 1
        raise too_many(seconds, "Too many wrong codes: wait for as long as Retry-After says.")
    seal, username, now = call.site.keeping.seal, call.bearer.username, call.now
    right = await call.site.store.submit(
        lambda c: second_factor.takes_code(c, seal, username, code, now)
    )
    if not right:
        who, detail = call.actor, {"step": "second factor"}
        subject = f"account:{username}"
        await call.site.record(Entry(Action.LOGIN, who, Outcome.FAILED, subject, detail))
        raise Problem(
            403,
            "The code is not right",
            "Send a code of your authenticator app that was not used yet, or a recovery code.",
            [Wrong("code", "it is not right, or was used already")],
        )
    call.codes.succeeded(counted_as, call.address)


def _shown(token: PersonalToken) -> dict[str, Any]:
    return {
        "token_id": token.token_id,
        "label": token.label,
        "role": token.role,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }
