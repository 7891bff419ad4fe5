"""The provider's word is believed only when every mark on it is right."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwk
from joserfc.errors import SecurityWarning

from collector.accounts.sso.fetching import Answer, Ask
from collector.accounts.sso.journeys import Journey, Journeys
from collector.accounts.sso.provider import AT_ONCE, Provider
from collector.accounts.sso.refusals import Reason, Refused
from tests.fakes import FixedClock
from tests.provider import ADDRESS, ISSUER, KEYS, NEW_KEY, FakeProvider, answered, settings


class Desk:
    """One collector before one provider."""

    def __init__(self, ask: Ask | None = None, **said: Any) -> None:
        self.clock = FixedClock()
        self.fake = FakeProvider(self.clock)
        self.provider = Provider(settings(**said), ask or self.fake.ask, self.clock)
        self.journey = Journeys(self.clock).begin()[0]

    def code(self) -> str:
        address = asyncio.run(self.provider.login_address(self.journey))
        self.fake.log_in(address)
        return f"code-{len(self.fake.codes) - 1}"

    def confirmed(self, journey: Journey | None = None) -> Any:
        return asyncio.run(self.provider.confirmed(self.code(), journey or self.journey))

    def refusal(self, journey: Journey | None = None) -> Refused:
        with pytest.raises(Refused) as caught:
            self.confirmed(journey)
        return caught.value


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_signed_by_a_published_key_is_believed(desk: Desk, algorithm: str) -> None:
    desk.fake.algorithm, desk.fake.key = algorithm, KEYS[algorithm]
    desk.fake.published = list(KEYS.values())[:3]
    assert desk.confirmed()["sub"] == "248289761001"


def changed(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims.update(values)


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims.pop(name)


def moved(name: str, seconds: int) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims.update({name: claims["iat"] + seconds})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (changed(nonce="another"), "nonce"),
        (changed(nonce=["another"]), "nonce"),
        (without("nonce"), "nonce"),
        (changed(aud="another"), "aud"),
        (changed(aud=["another"]), "aud"),
        (without("aud"), "aud"),
        (changed(aud=["muster", "another"]), "several audiences"),
        (changed(azp="another"), "azp"),
        (changed(iss="https://other.example"), "iss"),
        (changed(iss=ISSUER + "/"), "iss"),
        (without("iss"), "iss"),
        (without("sub"), "sub"),
        (changed(sub=7), "sub"),
        (changed(sub="x" * 256), "sub"),
        (changed(sub="a\nb"), "sub"),
        (moved("exp", -61), "exp"),
        (without("exp"), "exp"),
        (changed(exp="soon"), "exp"),
        (without("iat"), "iat"),
        (moved("iat", 120), "future"),
        (moved("iat", -3600), "long before"),
        (moved("nbf", 120), "not yet valid"),
    ],
)
def test_a_token_with_one_wrong_claim_is_refused(
    desk: Desk, damage: Callable[[dict[str, Any]], object], said: str
) -> None:
    desk.fake.damage = damage
    refused = desk.refusal()
    assert refused.reason is Reason.TOKEN
    assert said in refused.detail


def test_several_audiences_are_right_when_the_token_was_made_for_us(desk: Desk) -> None:
    desk.fake.damage = changed(aud=["another", "muster"], azp="muster")
    assert desk.confirmed()["azp"] == "muster"


def test_a_token_without_a_signature_is_refused(desk: Desk) -> None:
    desk.fake.algorithm, desk.fake.key = "none", None
    assert "'none'" in desk.refusal().detail


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(desk: Desk) -> None:
    public = KEYS["RS256"].as_pem(private=False)
    # joserfc itself refuses such a secret; an attacker's library does not.
    secret = jwk.OctKey.import_key(b"x" * 32, {"kid": "rsa"})
    secret._raw_value = public
    desk.fake.algorithm, desk.fake.key = "HS256", secret
    desk.fake.published = [KEYS["RS256"]]
    assert "'HS256'" in desk.refusal().detail


def test_a_secret_among_the_published_keys_is_not_a_key(desk: Desk) -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ", "kid": "ec"}
    desk.fake.replies["/keys"] = answered({"keys": [secret]})
    assert "no key that can be used" in desk.refusal().detail


def test_a_token_signed_by_a_strangers_key_of_the_same_name_is_refused(desk: Desk) -> None:
    desk.fake.key = jwk.ECKey.generate_key("P-256", {"kid": "ec"})
    assert "bad_signature" in desk.refusal().detail


def test_an_algorithm_that_the_key_is_not_for_is_refused(desk: Desk) -> None:
    desk.fake.algorithm, desk.fake.key = "RS256", KEYS["RS256"]
    desk.fake.published = [jwk.ECKey.generate_key("P-256", {"kid": "rsa"})]
    assert "0 published keys" in desk.refusal().detail


def test_a_short_rsa_key_checks_nothing(desk: Desk) -> None:
    with pytest.warns(SecurityWarning):
        weak = jwk.RSAKey.generate_key(1024, {"kid": "rsa"})
    desk.fake.algorithm, desk.fake.key, desk.fake.published = "RS256", KEYS["RS256"], [weak]
    with pytest.warns(SecurityWarning):
        refused = desk.refusal()
    assert "no key that can be used" in refused.detail


def test_a_token_without_a_key_name_fits_one_key_or_none(desk: Desk) -> None:
    nameless = jwk.ECKey.import_key(KEYS["ES256"].as_dict(private=True))
    nameless._dict_value.pop("kid")
    desk.fake.key = nameless
    assert desk.confirmed()
    desk.clock.advance(hours=2)
    desk.fake.published = [KEYS["ES256"], NEW_KEY]
    assert "2 published keys" in desk.refusal().detail


def test_keys_are_kept_and_a_new_one_is_looked_for_once(desk: Desk) -> None:
    desk.confirmed()
    desk.confirmed()
    assert desk.fake.asked.count("/keys") == 1
    desk.clock.advance(minutes=5)
    desk.fake.key, desk.fake.published = NEW_KEY, [NEW_KEY]
    desk.confirmed()
    assert desk.fake.asked.count("/keys") == 2
    assert desk.fake.asked.count("/.well-known/openid-configuration") == 1


def test_a_key_that_nobody_publishes_does_not_make_us_ask_without_end(desk: Desk) -> None:
    desk.fake.key = NEW_KEY
    for _ in range(5):
        assert "0 published keys" in desk.refusal().detail
    assert desk.fake.asked.count("/keys") == 1
    desk.clock.advance(seconds=11)
    desk.refusal()
    assert desk.fake.asked.count("/keys") == 2


def test_an_old_key_that_was_withdrawn_is_forgotten_within_the_hour(desk: Desk) -> None:
    desk.confirmed()
    desk.fake.published = [NEW_KEY]
    desk.clock.advance(minutes=61)
    assert "0 published keys" in desk.refusal().detail


def test_a_code_is_worth_nothing_without_the_verifier_of_its_browser(desk: Desk) -> None:
    stranger = replace(desk.journey, verifier="x" * 43)
    assert desk.refusal(stranger).reason is Reason.CODE


def test_a_code_that_was_used_is_refused(desk: Desk) -> None:
    code = desk.code()
    asyncio.run(desk.provider.confirmed(code, desk.journey))
    with pytest.raises(Refused) as caught:
        asyncio.run(desk.provider.confirmed(code, desk.journey))
    assert caught.value.reason is Reason.CODE


def test_the_provider_is_asked_with_pkce_and_the_exact_return_address(desk: Desk) -> None:
    address = asyncio.run(desk.provider.login_address(desk.journey))
    assert address.startswith(f"{ISSUER}/authorize?")
    assert f"code_challenge={desk.journey.challenge}&code_challenge_method=S256" in address
    assert "redirect_uri=https%3A%2F%2Fcollector.example%2Flogin%2Fsso%2Fcallback&" in address
    assert desk.journey.verifier not in address
    assert desk.provider.settings.return_address == f"{ADDRESS}/login/sso/callback"


@pytest.mark.parametrize(
    ("discovery", "said"),
    [
        ({"issuer": "https://other.example"}, "write the issuer exactly"),
        ({"issuer": None}, "write the issuer exactly"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"code_challenge_methods_supported": "S256"}, "PKCE"),
        ({"token_endpoint": "https://169.254.169.254/token"}, "also_hosts"),
        ({"token_endpoint": "https://login.example:8443/token"}, "also_hosts"),
        ({"jwks_uri": "http://login.example/keys"}, "no plain https"),
        ({"jwks_uri": "file:///etc/passwd"}, "no plain https"),
        ({"jwks_uri": "https://login.example@127.0.0.1/keys"}, "no plain https"),
        ({"authorization_endpoint": "https://evil.example/authorize"}, "also_hosts"),
        ({"authorization_endpoint": 7}, "no plain https"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "no client secret"),
    ],
)
def test_a_discovery_document_with_one_wrong_line_is_refused(
    desk: Desk, discovery: dict[str, Any], said: str
) -> None:
    desk.fake.discovery = discovery
    refused = desk.refusal()
    assert refused.reason is Reason.PROVIDER
    assert said in refused.detail


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Answer(302, b""), "redirects are not followed"),
        (Answer(200, b"<html>"), "no JSON object"),
        (Answer(200, b"[]"), "no JSON object"),
        (Answer(200, b"[" * 100_000), "no JSON object"),
        (Answer(200, b"\xff\xfe"), "no JSON object"),
        (Answer(500, b"oops"), "status 500"),
    ],
)
def test_an_answer_that_is_none_is_refused(desk: Desk, path: str, reply: Answer, said: str) -> None:
    desk.fake.replies[path] = reply
    assert said in desk.refusal().detail


@pytest.mark.parametrize("token", [None, 7, "", "a.b", "a.b.c", "ü.b.c", "." * 200_000])
def test_what_is_no_token_is_refused(desk: Desk, token: object) -> None:
    desk.fake.replies["/token"] = answered({"id_token": token})
    assert desk.refusal().reason in (Reason.TOKEN, Reason.PROVIDER)


def test_a_wrong_client_secret_is_named_in_the_log(desk: Desk) -> None:
    desk.fake.replies["/token"] = answered({"error": "invalid_client"}, 401)
    assert "look at client_id and the secret" in desk.refusal().detail


def test_a_provider_that_is_down_is_not_asked_by_every_visitor(desk: Desk) -> None:
    path = "/.well-known/openid-configuration"
    desk.fake.replies[path] = Answer(503, b"")
    for _ in range(5):
        assert desk.refusal().reason is Reason.UNREACHABLE
    assert desk.fake.asked == [path]
    desk.clock.advance(seconds=11)
    del desk.fake.replies[path]
    assert desk.confirmed()


async def test_more_logins_than_can_be_answered_are_asked_to_wait() -> None:
    gate = asyncio.Event()
    clock = FixedClock()
    fake = FakeProvider(clock)

    async def slow(question: Any) -> Answer:
        if question.form is not None:
            await gate.wait()
        return await fake.ask(question)

    provider = Provider(settings(), slow, clock)
    journey = Journeys(clock).begin()[0]
    await provider.metadata()
    waiting = [asyncio.create_task(provider.confirmed("x", journey)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        await provider.confirmed("x", journey)
    assert caught.value.reason is Reason.BUSY
    gate.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in ended} == {Refused}
