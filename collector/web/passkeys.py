"""How pages ask a browser for a passkey, and read its answer: one challenge, one browser, once.

The script beside the pages (`static/passkeys.js`) carries the options to the browser and the
answer into the form; everything is decided here.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from collector.accounts import passkeys
from collector.accounts.passkeys import CountedBack, Here, NotAccepted
from collector.audit.entry import Action, Entry, Outcome
from collector.store import factors
from collector.store.factors import Passkey
from collector.translation import marked
from collector.web.cookie import token_in
from collector.web.guard import actor_of
from collector.web.site import site_of

FIELD = "credential"
WRONG = marked("This passkey was not accepted. Try again, or use a code of your app.")


class Purpose(StrEnum):
    """A challenge for one of these is none for another."""

    LOG_IN = "log in"
    SECOND_STEP = "second step"
    CONFIRM = "confirm"
    MAKE = "make"


@dataclass(frozen=True, slots=True)
class Shown:
    """A passkey that was shown just now, and its counter."""

    passkey: Passkey
    count: int


def here(request: Request) -> Here | None:
    """None: the page was opened by an address, and passkeys are for names (WebAuthn, 5.1.2)."""
    host = request.url.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        site = site_of(request.scope)
        origins = tuple(f"https://{host}{_port(port)}" for port in site.ports)
        return Here(host, origins, site.keeping.name)
    return None


def offer(request: Request, purpose: Purpose, known: Sequence[Passkey], bound_to: str = "") -> str:
    """What the browser is asked, as JSON; empty: there is no passkey that it could show here.

    `bound_to`: the cookie that the page brings with it, where the browser has none yet.
    """
    place = here(request)
    usable = [passkey for passkey in known if place and passkey.host == place.host]
    if place is None or not (usable or purpose is Purpose.LOG_IN):
        return ""
    challenge = _challenge(request, purpose, bound_to)
    return passkeys.request_options(place, usable, challenge)


def offer_to_make(request: Request, username: str, known: Sequence[Passkey]) -> str:
    """What the browser is asked to make, as JSON; empty: the page was opened by an address."""
    place = here(request)
    if place is None:
        return ""
    return passkeys.creation_options(place, username, known, _challenge(request, Purpose.MAKE))


async def shown(request: Request, purpose: Purpose, username: str = "") -> Shown | None:
    """The passkey that the form shows, of this person where one is named. None: written down."""
    answer = str((await request.form()).get(FIELD, ""))
    whose, why = username, ""
    try:
        place, challenge = _answered(request, purpose, answer)
        credential_id = passkeys.credential_in(answer)
        store = site_of(request.scope).store
        passkey = await run_in_threadpool(
            store.read, lambda c: factors.get_passkey(c, credential_id)
        )
        if passkey is None or (username and passkey.username != username):
            raise NotAccepted("the passkey is not known here")
        whose = passkey.username
        return Shown(passkey, passkeys.shown(place, answer, challenge, passkey))
    except CountedBack as error:
        why = str(error)
    except NotAccepted:
        why = "not accepted"
    await write_down_failure(request, whose, why)
    return None


def made(request: Request, answer: str, username: str, label: str) -> Passkey:
    """The passkey that the form brings. Raises NotAccepted."""
    place, challenge = _answered(request, Purpose.MAKE, answer)
    now = site_of(request.scope).clock()
    return passkeys.created(place, answer, challenge, username, passkeys.cleaned_label(label), now)


async def write_down_failure(request: Request, username: str, why: str) -> None:
    """A passkey that opened nothing; `username` as far as the collector knows it by itself."""
    subject = f"account:{username or '(unknown)'}"
    detail = {"step": "passkey", "why": why}
    site = site_of(request.scope)
    await site.record(Entry(Action.LOGIN, actor_of(request), Outcome.FAILED, subject, detail))


def _challenge(request: Request, purpose: Purpose, bound_to: str = "") -> bytes:
    bound_to = bound_to or token_in(request.scope)
    return site_of(request.scope).challenges.new(purpose, bound_to)


def _answered(request: Request, purpose: Purpose, answer: str) -> tuple[Here, bytes]:
    """Where we are and which challenge is answered, used up by this. Raises NotAccepted."""
    place = here(request)
    if place is None or len(answer) > passkeys.LONGEST_ANSWER:
        raise NotAccepted("no passkey can be shown here")
    challenge = passkeys.challenge_in(answer)
    site = site_of(request.scope)
    if not site.challenges.take(challenge, purpose, token_in(request.scope)):
        raise NotAccepted("the challenge is not ours, not for this, used or too old")
    return place, challenge


def _port(port: int) -> str:
    return "" if port == 443 else f":{port}"
