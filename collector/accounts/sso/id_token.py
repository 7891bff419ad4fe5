"""The provider's word about a person is believed only when every mark on it is right.

OpenID Connect Core 1.0, 3.1.3.7: signature by a published key with an algorithm of a short list,
issuer, audience, authorised party, times and nonce. An algorithm that is no signature (none) or
needs a shared secret (HS256) is not on the list, whatever the token says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from collector.accounts.sso.refusals import Reason, Refused

LEEWAY = timedelta(minutes=1)
OLDEST = timedelta(minutes=10)
LONGEST_SUBJECT = 255
FEWEST_RSA_BITS = 2048

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say of itself."""

    issuer: str
    client_id: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Header:
    algorithm: str
    key_id: str | None


class NoSuchKey(Refused):
    """No published key fits: the provider may have changed its keys a moment ago."""


class _Allowed(JWSRegistry):
    """Only our list, and headers of the provider's own that say nothing to us."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(f"{name!r} is not one of {', '.join(ALGORITHMS)}")
        return self.algorithms[name]


_REGISTRY = _Allowed(strict_check_header=False)


def _is_rsa(key: Key) -> bool:
    return isinstance(key, RSAKey) and key.raw_value.key_size >= FEWEST_RSA_BITS


def _is_p256(key: Key) -> bool:
    return isinstance(key, ECKey) and key.curve_name == "P-256"


def _is_ed25519(key: Key) -> bool:
    return isinstance(key, OKPKey) and key.curve_name == "Ed25519"


ALGORITHMS = {"RS256": _is_rsa, "PS256": _is_rsa, "ES256": _is_p256, "EdDSA": _is_ed25519}
"""Each with the keys it may be checked with."""


def key_set(published: object) -> list[Key]:
    """The keys of a JWKS that can check signatures; secrets and unknown kinds are left out."""
    listed = published.get("keys") if isinstance(published, dict) else None
    keys: list[Key] = []
    for entry in listed if isinstance(listed, list) else ():
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        try:
            keys += KeySet.import_key_set({"keys": [entry]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # one key that nobody can read does not hide the others
    return [key for key in keys if any(fits(key) for fits in ALGORITHMS.values())]


def verified(token: str, keys: list[Key], expected: Expected, now: datetime) -> Claims:
    """The claims. Raises NoSuchKey, or Refused with what is wrong."""
    try:
        header = _header(token)
        key = _key(keys, header)
        signed = jws.deserialize_compact(token, key, registry=_REGISTRY)
        claims = json.loads(signed.payload or b"")
        if not isinstance(claims, dict):
            raise Refused(Reason.TOKEN, "the token holds no claims")
        _registry(expected, now).validate(claims)
    except (JoseError, ValueError, RecursionError) as error:
        raise Refused(Reason.TOKEN, f"the ID token is not right: {error}") from error
    _check_parties(claims, expected)
    _check_age(claims, now)
    return claims


def _header(token: str) -> Header:
    protected = jws.extract_compact(token.encode(), registry=_REGISTRY).headers()
    algorithm, key_id = protected.get("alg"), protected.get("kid")
    if algorithm not in ALGORITHMS:
        raise Refused(Reason.TOKEN, f"the ID token is signed with {algorithm!r}")
    return Header(str(algorithm), key_id if isinstance(key_id, str) else None)


def _key(keys: list[Key], header: Header) -> Key:
    """The one key of that name; without a name the one that fits, if there is only one."""
    fits = ALGORITHMS[header.algorithm]
    able = [
        key
        for key in keys
        if fits(key)
        and key.get("alg") in (None, header.algorithm)
        and (header.key_id is None or key.kid == header.key_id)
    ]
    if len(able) != 1:
        raise NoSuchKey(Reason.TOKEN, f"{len(able)} published keys fit the ID token")
    return able[0]


def _registry(expected: Expected, now: datetime) -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=int(LEEWAY.total_seconds()),
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )


def _check_parties(claims: Claims, expected: Expected) -> None:
    """Whom it was made for: with several audiences `azp` must name us, and it never another."""
    audience, party = claims["aud"], claims.get("azp")
    if party not in (None, expected.client_id):
        raise Refused(Reason.TOKEN, "the ID token was made for another party (azp)")
    if isinstance(audience, list) and len(audience) > 1 and party is None:
        raise Refused(Reason.TOKEN, "the ID token has several audiences and names no party (azp)")
    if not isinstance(claims["nonce"], str):
        raise Refused(Reason.TOKEN, "the nonce of the ID token is no text")
    if len(claims["sub"]) > LONGEST_SUBJECT or not claims["sub"].isprintable():
        raise Refused(Reason.TOKEN, "the subject of the ID token is no name (sub)")


def _check_age(claims: Claims, now: datetime) -> None:
    if claims["iat"] < (now - OLDEST - LEEWAY).timestamp():
        raise Refused(Reason.TOKEN, "the ID token was made long before this login")
