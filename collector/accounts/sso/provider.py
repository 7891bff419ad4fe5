"""The provider as it describes itself, believed as far as the operator's settings go.

What it publishes (addresses, keys) is read when somebody logs in and kept for an hour; a key that
is not known yet is looked for once more, so a change of keys shuts nobody out.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

from collector.accounts.sso.fetching import Ask, Question, Unreachable
from collector.accounts.sso.journeys import Journey
from collector.accounts.sso.refusals import Reason, Refused
from collector.accounts.sso.settings import Settings, host_of
from collector.clock import Clock

if TYPE_CHECKING:
    from joserfc.jwk import Key

    from collector.accounts.sso.id_token import Claims

T = TypeVar("T")

WELL_KNOWN = "/.well-known/openid-configuration"
KEPT = timedelta(hours=1)
LOOK_AGAIN_AFTER = timedelta(seconds=10)
"""A failed look, and one for a key that is not there, is not repeated sooner."""
AT_ONCE = 8
"""Logins whose answer is being fetched; more are asked to wait."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Of the discovery document, what is used. `names_itself`: RFC 9207."""

    authorization: str
    token: str
    keys: str
    names_itself: bool
    authentication: str


class Kept(Generic[T]):
    """Something fetched, fetched anew when it is old; a failure is kept for seconds."""

    def __init__(self, fetch: Callable[[], Coroutine[Any, Any, T]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._failed: Refused | None = None
        self._at: datetime | None = None

    async def get(self, *, newer: bool = False) -> T:
        """`newer`: what is kept was not enough. Raises Refused."""
        async with self._lock:
            age = self._clock() - self._at if self._at else KEPT
            lasts = LOOK_AGAIN_AFTER if newer or self._failed else KEPT
            if not timedelta(0) <= age < lasts:
                await self._look()
            if self._value is None:
                raise self._failed or Refused(Reason.UNREACHABLE)
            return self._value

    async def _look(self) -> None:
        self._value, self._failed, self._at = None, None, self._clock()
        try:
            self._value = await self._fetch()
        except Refused as refused:
            self._failed = refused


class Provider:
    """Used from one thread (the event loop)."""

    def __init__(self, settings: Settings, ask: Ask, clock: Clock) -> None:
        self.settings = settings
        self._ask = ask
        self._clock = clock
        self._metadata = Kept(self._fetch_metadata, clock)
        self._keys = Kept(self._fetch_keys, clock)
        self._under_way = 0

    async def metadata(self) -> Metadata:
        """Raises Refused."""
        return await self._metadata.get()

    async def keys(self, *, newer: bool = False) -> "list[Key]":
        """Raises Refused."""
        return await self._keys.get(newer=newer)

    async def login_address(self, journey: Journey) -> str:
        """Where the browser is sent. Raises Refused."""
        said = self.settings.said
        asked = {
            "response_type": "code",
            "response_mode": "query",
            "client_id": said.client_id,
            "redirect_uri": self.settings.return_address,
            "scope": " ".join(said.scopes),
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
        }
        if said.second_factor.acr:
            asked["acr_values"] = " ".join(said.second_factor.acr)
        if journey.link_to:  # whoever sits here now says anew who they are
            asked["prompt"] = "login"
        return f"{(await self.metadata()).authorization}?{urlencode(asked)}"

    async def confirmed(self, code: str, journey: Journey) -> "Claims":
        """Who came back with this code, verified. Raises Refused."""
        if self._under_way >= AT_ONCE:
            raise Refused(Reason.BUSY)
        self._under_way += 1
        try:
            return await self._verified(await self._redeemed(code, journey), journey)
        finally:
            self._under_way -= 1

    async def _verified(self, token: str, journey: Journey) -> "Claims":
        from collector.accounts.sso.id_token import Expected, NoSuchKey, verified

        said = self.settings.said
        expected = Expected(said.issuer, said.client_id, journey.nonce)
        try:
            return verified(token, await self.keys(), expected, self._clock())
        except NoSuchKey:
            return verified(token, await self.keys(newer=True), expected, self._clock())

    async def _redeemed(self, code: str, journey: Journey) -> str:
        """The ID token for the code."""
        metadata, said = await self.metadata(), self.settings.said
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.return_address,
            "code_verifier": journey.verifier,
        }
        authorization = ""
        if metadata.authentication == "client_secret_basic":
            authorization = _basic(said.client_id, self.settings.client_secret)
        else:
            form["client_id"] = said.client_id
        if metadata.authentication == "client_secret_post":
            form["client_secret"] = self.settings.client_secret
        answer = await self._json(Question(metadata.token, form, authorization))
        token = answer.get("id_token")
        if not isinstance(token, str) or not token.isascii():
            raise Refused(Reason.PROVIDER, "the provider's token answer holds no ID token")
        return token

    async def _fetch_metadata(self) -> Metadata:
        issuer = self.settings.said.issuer
        return understood(
            await self._json(Question(issuer.rstrip("/") + WELL_KNOWN)), self.settings
        )

    async def _fetch_keys(self) -> "list[Key]":
        from collector.accounts.sso.id_token import key_set

        keys = key_set(await self._json(Question((await self.metadata()).keys)))
        if not keys:
            raise Refused(Reason.PROVIDER, "the provider publishes no key that can be used")
        return keys

    async def _json(self, question: Question) -> dict[str, Any]:
        """The object in the answer. Raises Refused."""
        path = urlsplit(question.url).path
        try:
            answer = await self._ask(question)
        except Unreachable as error:
            raise Refused(Reason.UNREACHABLE, str(error)) from error
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError):
            content = None
        if answer.status != 200:
            raise _not_answered(answer.status, path, content)
        if not isinstance(content, dict):
            raise Refused(Reason.PROVIDER, f"the provider's {path} is no JSON object")
        return content


def understood(content: Mapping[str, Any], settings: Settings) -> Metadata:
    """The discovery document, held against the settings. Raises Refused."""
    said = settings.said
    if content.get("issuer") != said.issuer:
        raise Refused(
            Reason.PROVIDER,
            f"the provider calls itself {str(content.get('issuer'))[:200]!r} and the settings "
            f"{said.issuer!r}: write the issuer exactly as the provider does",
        )
    methods = content.get("code_challenge_methods_supported", ["S256"])
    if not isinstance(methods, list) or "S256" not in methods:
        raise Refused(Reason.PROVIDER, "the provider does not know PKCE with S256")
    return Metadata(
        _endpoint(content, "authorization_endpoint", settings),
        _endpoint(content, "token_endpoint", settings),
        _endpoint(content, "jwks_uri", settings),
        content.get("authorization_response_iss_parameter_supported") is True,
        _authentication(content, has_secret=bool(settings.client_secret)),
    )


def _endpoint(content: Mapping[str, Any], name: str, settings: Settings) -> str:
    from collector.accounts.sso.settings import is_https

    address = content.get(name)
    if not isinstance(address, str) or not is_https(address):
        raise Refused(Reason.PROVIDER, f"the provider's {name} is no plain https address")
    if host_of(address) not in settings.hosts:
        raise Refused(
            Reason.PROVIDER,
            f"the provider's {name} is on {host_of(address)}: add that to also_hosts if it is "
            "the provider's",
        )
    return address


def _authentication(content: Mapping[str, Any], *, has_secret: bool) -> str:
    """How we say who we are: the best that both sides can."""
    offered = content.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not has_secret:
        return "none"
    for method in ("client_secret_basic", "client_secret_post"):
        if isinstance(offered, list) and method in offered:
            return method
    raise Refused(Reason.PROVIDER, "the provider takes no client secret at its token endpoint")


def _not_answered(status: int, path: str, content: object) -> Refused:
    error = content.get("error") if isinstance(content, dict) else None
    if 300 <= status < 400:
        return Refused(Reason.PROVIDER, f"{path} answers {status}: redirects are not followed")
    if error == "invalid_grant":
        return Refused(Reason.CODE, "the provider refused the code (invalid_grant)")
    if error in ("invalid_client", "unauthorized_client"):
        return Refused(
            Reason.PROVIDER,
            f"the provider refused this collector ({error}): look at client_id and the secret",
        )
    reason = Reason.UNREACHABLE if status >= 500 else Reason.PROVIDER
    return Refused(reason, f"the provider's {path} answers with status {status}")


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749, 2.3.1: both are form-encoded first."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
