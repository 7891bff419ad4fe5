"""An OpenID provider in this process: it keeps the rules, and breaks the one that a test names."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwk
from joserfc.jws import JWSRegistry

from collector.accounts.roles import Role
from collector.accounts.sso.fetching import Answer, Question, Unreachable
from collector.accounts.sso.settings import File, RoleMap, Settings
from collector.clock import Clock

ISSUER = "https://login.example"
CLIENT = "muster"
SECRET = "a secret of the client"
ADDRESS = "https://collector.example"
ROLES = {
    "muster-admins": Role.ADMIN,
    "muster-viewers": Role.VIEWER,
    "muster-owners": Role.OWNER,
}

KEYS: dict[str, Any] = {
    "RS256": jwk.RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ES256": jwk.ECKey.generate_key("P-256", {"kid": "ec"}),
    "EdDSA": jwk.OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
KEYS["PS256"] = KEYS["RS256"]
NEW_KEY = jwk.ECKey.generate_key("P-256", {"kid": "new"})


def settings(**said: Any) -> Settings:
    roles = RoleMap("groups", ROLES)
    given: dict[str, Any] = {
        "issuer": ISSUER,
        "address": ADDRESS,
        "client_id": CLIENT,
        "role": roles,
    } | said
    return Settings(File(**given), SECRET)


@dataclass
class FakeProvider:
    """`claims` of the person who logs in there; `damage` may change the claims of the token.

    `algorithm` and `key` sign; `published` are the keys that it shows. `replies` take the place of
    an answer, by the path that is asked for.
    """

    clock: Clock
    claims: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "248289761001",
            "preferred_username": "Alice",
            "groups": ["staff", "muster-viewers"],
        }
    )
    damage: Callable[[dict[str, Any]], object] = lambda claims: None
    algorithm: str = "ES256"
    key: Any = field(default_factory=lambda: KEYS["ES256"])
    published: list[Any] = field(default_factory=lambda: [KEYS["ES256"]])
    discovery: dict[str, Any] = field(default_factory=dict)
    replies: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def ask(self, question: Question) -> Answer:
        path = urlsplit(question.url).path
        self.asked.append(path)
        if path in self.replies:
            return self.replies[path]
        if path == "/.well-known/openid-configuration":
            return answered(self.document())
        if path == "/keys":
            shown = [key.as_dict(private=False) for key in self.published]
            return answered({"keys": shown})
        if path == "/token":
            return self.token(question)
        raise Unreachable(f"nothing at {path}")

    def document(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "code_challenge_methods_supported": ["S256"],
        } | self.discovery

    def log_in(self, address: str, **more: str) -> str:
        """A person goes to the provider's `address` and logs in: where they are sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["code_challenge_method"] == "S256"
        assert (query["response_type"], query["response_mode"]) == ("code", "query")
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return (
            f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']} | more)}"
        )

    def token(self, question: Question) -> Answer:
        form = dict(question.form or {})
        asked = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        if question.authorization != f"Basic {pair}":
            return answered({"error": "invalid_client"}, 401)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge:
            return answered({"error": "invalid_grant"}, 400)
        if form["redirect_uri"] != asked["redirect_uri"]:
            return answered({"error": "invalid_grant"}, 400)
        return answered({"token_type": "Bearer", "id_token": self.id_token(asked["nonce"])})

    def id_token(self, nonce: str) -> str:
        at = int(self.clock().timestamp())
        claims = {"iss": ISSUER, "aud": CLIENT, "exp": at + 300, "iat": at, "nonce": nonce}
        claims |= self.claims
        self.damage(claims)
        return signed(claims, self.algorithm, self.key)


def signed(claims: dict[str, Any], algorithm: str, key: Any) -> str:
    header = {"alg": algorithm, "typ": "JWT"}
    if key is not None and key.kid:
        header["kid"] = key.kid
    start = b".".join(_base64(part) for part in (_json(header), _json(claims)))
    # By hand: joserfc warns of "none" and of the name EdDSA, which providers still use.
    made = b"" if key is None else JWSRegistry.algorithms[algorithm].sign(start, key)
    return (start + b"." + _base64(made)).decode()


def answered(content: object, status: int = 200) -> Answer:
    return Answer(status, _json(content))


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
