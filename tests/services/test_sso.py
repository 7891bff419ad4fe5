"""People log in by a provider that others wrote and certified, in a real browser over real TLS."""

import asyncio
import base64
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest

from collector.accounts import totp
from collector.accounts.sso.journeys import Journey, Journeys
from collector.accounts.sso.provider import Provider
from collector.accounts.sso.refusals import Reason, Refused
from collector.accounts.sso.settings import FILE, read_settings
from collector.accounts.sso.single_sign_on import single_sign_on
from collector.clock import system_clock
from tests.services.chromium import Page, browser
from tests.services.chromium import Refused as BrowserRefused
from tests.services.openid import ALGORITHMS, OpenId, provider
from tests.services.test_passkeys import WORDS, key_of

PATIENCE_SECONDS = 30.0


@dataclass
class Collector:
    at: str
    folder: Path
    link: str
    openid: OpenId

    def run(self, *words: str) -> str:
        command = [sys.executable, "-m", "collector", "--data", str(self.folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def logins(self) -> list[dict[str, Any]]:
        """What the audit log says of logins, newest last."""
        listed = json.loads(self.run("audit", "list", "--action", "login", "--json"))
        found: list[dict[str, Any]] = listed["records"]
        return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """It is called by its number and the provider by name, so each is another site."""
    scratch = tmp_path_factory.mktemp("sso")
    folder, at = scratch / "data", f"https://127.0.0.1:{free_port()}"
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-u", "-m", "collector", "--data", str(folder), "serve"]
    command += ["--check-in", "127.0.0.1:0", "--enroll", "127.0.0.1:0"]
    command += ["--web", at.removeprefix("https://")]
    with provider(scratch / "provider", [f"{at}/login/sso/callback"]) as openid:
        (folder / FILE).write_text(openid.settings(at, "ES256", create_accounts="true"))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
            try:
                link = link_in(started.stdout)
                yield Collector(at, folder, link, openid)
            finally:
                started.terminate()


def link_in(printed: IO[str] | None) -> str:
    """The way in that a first start prints, once it is ready."""
    assert printed is not None
    said = ""
    while "is ready" not in said:
        line = printed.readline()
        assert line, f"it ended before it was ready: {said}"
        said += line
    found = re.search(r"/setup/\S+", said)
    assert found
    return found[0]


@pytest.fixture
def page(collector: Collector, tmp_path: Path) -> Iterator[Page]:
    """A browser that nobody has used before."""
    trusted = f"{key_of(collector.folder)},{key_of(collector.openid.folder)}"
    with browser(tmp_path / "profile", trusted) as opened:
        yield opened


def arrive(page: Page, path: str) -> None:
    """Wait until the browser, which goes on by itself, is at a path that begins so."""
    seen, deadline = "", time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            seen = str(page.run("document.readyState + ' ' + location.pathname"))
        except BrowserRefused:  # between two pages
            seen = ""
        if seen.startswith(f"complete {path}") and (path != "/" or seen == "complete /"):
            return
        time.sleep(0.1)
    raise AssertionError(f"{seen} instead of {path}: {page.text()}")


def log_in_there(page: Page, name: str) -> None:
    """The provider's own forms: who one is, and that the collector may know."""
    page.fill_in("form", login=name, password="anything")
    page.follow("document.querySelector('form').requestSubmit()")


def log_in(page: Page, collector: Collector, name: str) -> None:
    page.open(f"{collector.at}/login")
    page.follow("document.querySelector('a[href=\"/login/sso\"]').click()")
    assert "Sign-in" in page.text(), page.text()
    log_in_there(page, name)


def test_the_check_says_that_it_works(collector: Collector) -> None:
    said = collector.run("sso", "check")
    assert "publishes 4 usable keys" in said
    assert f"{collector.at}/login/sso/callback" in said


def test_a_person_enters_and_is_asked_for_our_second_factor(
    page: Page, collector: Collector
) -> None:
    log_in(page, collector, "alice")
    arrive(page, "/login/app")
    assert "authenticator" in page.text()
    last = collector.logins()[-1]
    assert (last["name"], last["outcome"]) == ("alice", "done")
    assert last["detail"]["sso"] == collector.openid.issuer


def test_a_person_who_showed_a_second_factor_there_is_in(page: Page, collector: Collector) -> None:
    log_in(page, collector, "mfa-bob")
    arrive(page, "/")
    # The menu is folded at the width of this browser, so the name is there without being seen.
    assert "mfa-bob" in str(page.run("document.body.textContent"))
    page.open(f"{collector.at}/devices")
    assert page.path() == "/devices"
    assert [each for each in page.complaints if "Content Security Policy" in each] == []


def test_a_person_in_no_group_is_refused(page: Page, collector: Collector) -> None:
    log_in(page, collector, "nobody-carol")
    arrive(page, "/login/sso/callback")
    assert "none of your groups" in page.text()
    assert collector.logins()[-1]["detail"]["reason"] == "no role"


def test_a_person_who_turns_back_is_told_how_to_start_again(
    page: Page, collector: Collector
) -> None:
    page.open(f"{collector.at}/login/sso")
    page.follow("[...document.links].find((each) => each.href.endsWith('/abort')).click()")
    assert "start again" in page.text()


def test_an_owner_connects_the_own_account_in_the_browser(page: Page, collector: Collector) -> None:
    page.open(collector.at + collector.link)
    page.fill_in("main form", password=WORDS, again=WORDS)
    connect_app(page)
    page.open(f"{collector.at}/account/sso")
    page.follow("document.querySelector('main form').requestSubmit()")
    arrive(page, "/interaction/")
    log_in_there(page, "boss")
    arrive(page, "/account/sso")
    assert "is connected with Example" in page.text()
    assert "boss" in collector.run("sso", "list")


def connect_app(page: Page) -> None:
    """Type the secret of the page into an authenticator, and its code into the page."""
    typed = re.search(r"\n(([A-Z2-7]{4} ){7}[A-Z2-7]{4})", page.text())
    assert typed, page.text()
    secret = base64.b32decode(typed[1].replace(" ", ""))
    page.fill_in("main form", code=totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS))
    assert "Recovery codes" in page.text()


class Person:
    """Goes to the provider without a browser, and stops before the collector."""

    def __init__(self, collector: Collector, algorithm: str) -> None:
        folder = collector.folder.with_name(f"client-{algorithm}")
        folder.mkdir(exist_ok=True)
        (folder / FILE).write_text(collector.openid.settings(collector.at, algorithm))
        settings = read_settings(folder)
        assert settings is not None
        self.provider: Provider = single_sign_on(settings, system_clock).provider
        self.journey = Journeys(system_clock).begin()[0]
        self.tls = ssl.create_default_context(cafile=collector.openid.folder / "authority.pem")

    def code(self, address: str) -> str:
        """Of an answer that names its issuer, as RFC 9207 has it."""
        forms = ({"prompt": "login", "login": "alice", "password": "x"}, {"prompt": "consent"})
        with httpx2.Client(verify=self.tls) as client:
            answer = onward(client, client.get(address))
            for form in forms:
                action = re.search(r'action="([^"]+)"', answer.text)
                assert action, answer.text
                there = urljoin(str(answer.url), action[1])
                answer = onward(client, client.post(there, data=form))
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["state"] == [self.journey.state]
        assert query["iss"] == [self.provider.settings.said.issuer]
        return query["code"][0]


def onward(client: httpx2.Client, answer: httpx2.Response) -> httpx2.Response:
    """Follow the provider's redirects, and none to the collector."""
    while answer.is_redirect:
        there = urljoin(str(answer.url), answer.headers["location"])
        if "/login/sso/callback" in there:
            break
        answer = client.get(there)
    return answer


async def reason(person: Person, code: str, journey: Journey) -> Reason:
    with pytest.raises(Refused) as caught:
        await person.provider.confirmed(code, journey)
    return caught.value.reason


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_each_algorithm_is_verified_and_each_code_counts_once(
    collector: Collector, algorithm: str
) -> None:
    person = Person(collector, algorithm)
    address = await person.provider.login_address(person.journey)
    code = await asyncio.to_thread(person.code, address)
    claims = await person.provider.confirmed(code, person.journey)
    assert (claims["sub"], claims["groups"]) == ("alice", ["staff"])
    assert (await person.provider.metadata()).names_itself
    assert await reason(person, code, person.journey) is Reason.CODE


async def test_a_code_without_its_verifier_is_refused_by_the_provider(
    collector: Collector,
) -> None:
    person = Person(collector, "RS256")
    address = await person.provider.login_address(person.journey)
    code = await asyncio.to_thread(person.code, address)
    stranger = replace(person.journey, verifier="x" * 43)
    assert await reason(person, code, stranger) is Reason.CODE


async def test_a_token_for_another_login_is_refused(collector: Collector) -> None:
    person = Person(collector, "RS256")
    address = await person.provider.login_address(person.journey)
    code = await asyncio.to_thread(person.code, address)
    assert await reason(person, code, replace(person.journey, nonce="another")) is Reason.TOKEN
