"""A person enters, adds a passkey and logs in with it, in a real browser and over real HTTPS."""

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collector.accounts import totp
from collector.clock import system_clock
from collector.identity.key_files import open_authority, open_server
from tests.collector.test_app import PROGRAM
from tests.services.chromium import AUTHENTICATOR, Page, browser

ROOT = Path(__file__).resolve().parents[2]
WORDS = "bramble quartz lantern osprey thimble gusset"
PAGES = (
    *("/devices", "/account", "/account/password", "/account/app", "/account/codes"),
    *("/account/passkeys", "/account/tokens", "/audit", "/audit/review", "/incidents"),
    *("/accounts", "/accounts/account/alice", "/accounts/review"),
)


@dataclass
class Visit:
    """A browser at a collector of its own, logged in as its first owner."""

    page: Page
    at: str
    authenticator: str

    def log_out(self) -> None:
        self.page.fill_in("form.leave")
        assert self.page.path() == "/login"


@dataclass
class Collector:
    at: str
    link: str
    key: str


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    folder = tmp_path_factory.mktemp("visited") / "data"
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as started:
        assert started.stdout is not None
        said = ""
        while "is ready" not in said:
            line = started.stdout.readline()
            assert line, "it ended before it was ready"
            said += line
        serving = json.loads((folder / "serving.json").read_text())
        link = re.search(r"/setup/\S+", said)
        assert link
        at = serving["web"].replace("127.0.0.1", "localhost")
        yield Collector(at, link[0], key_of(folder))
        started.send_signal(signal.SIGTERM)


def key_of(folder: Path) -> str:
    """The server's public key as Chromium wants it named."""
    authority = open_authority(folder, "Muster", system_clock())
    identity = open_server(folder, authority, ("localhost",), system_clock())
    leaf = x509.load_pem_x509_certificate(Path(identity.chain_path).read_bytes())
    public = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


@pytest.fixture(scope="module")
def visit(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with browser(tmp_path_factory.mktemp("profile"), collector.key) as page:
        added = page.ask("WebAuthn.addVirtualAuthenticator", options=AUTHENTICATOR)
        page.open(collector.at + collector.link)
        page.fill_in("main form", password=WORDS, again=WORDS)
        assert page.path() == "/login/app"
        typed = re.search(r"\n(([A-Z2-7]{4} ){7}[A-Z2-7]{4})", page.text())
        assert typed, page.text()
        secret = base64.b32decode(typed[1].replace(" ", ""))
        step = int(datetime.now(UTC).timestamp()) // totp.STEP_SECONDS
        page.fill_in("main form", code=totp.code_at(secret, step))
        assert "Recovery codes" in page.text()
        yield Visit(page, collector.at, added["authenticatorId"])


def test_a_passkey_is_made_and_opens_the_account_alone_and_as_a_second_step(visit: Visit) -> None:
    page = visit.page
    page.open(f"{visit.at}/account/passkeys")
    page.fill_in("form[data-passkey]", label="Test key")
    assert page.path() == "/account", page.text()
    assert "Test key" in page.text()

    visit.log_out()
    page.fill_in("form[data-passkey]")
    assert page.path() == "/", page.text()

    visit.log_out()
    page.fill_in("form[action='/login']", username="admin", password=WORDS)
    assert page.path() == "/login/factor"
    page.fill_in("form[data-passkey]")
    assert page.path() == "/", page.text()

    held = page.ask("WebAuthn.getCredentials", authenticatorId=visit.authenticator)["credentials"]
    assert [(each["rpId"], each["signCount"]) for each in held] == [("localhost", 3)]


def test_an_authenticator_that_does_not_know_the_person_opens_nothing(visit: Visit) -> None:
    page = visit.page
    visit.log_out()
    known = {"authenticatorId": visit.authenticator}
    page.ask("WebAuthn.setUserVerified", **known, isUserVerified=False)
    page.run("document.querySelector('form[data-passkey]').requestSubmit()")
    said = page.wait_for("document.querySelector('form[data-passkey] [role=alert]').innerText")
    assert "No passkey was used" in said
    assert page.path() == "/login"
    page.ask("WebAuthn.setUserVerified", **known, isUserVerified=True)
    page.fill_in("form[data-passkey]")
    assert page.path() == "/"


def test_a_device_that_holds_one_already_says_so(visit: Visit) -> None:
    page = visit.page
    page.open(f"{visit.at}/account/passkeys")
    page.run("document.querySelector('form[data-passkey]').requestSubmit()")
    said = page.wait_for("document.querySelector('form[data-passkey] [role=alert]').innerText")
    assert "already holds a passkey" in said


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_fit_the_screen_and_their_own_policy(visit: Visit, width: int) -> None:
    page = visit.page
    page.open(f"{visit.at}/accounts")
    if "alice" not in page.text():
        page.fill_in("main form[action='/accounts']", username="alice", role="helpdesk")
        assert "/setup/" in page.text()
    page.wide(width)
    pictures = os.environ.get("MUSTER_PICTURES", "")
    for path in PAGES:
        page.open(visit.at + path)
        assert page.path() == path
        wider = page.run(f"document.documentElement.scrollWidth - {width}")
        assert wider <= 0, f"{path} is {wider} pixels too wide at {width}"
        if pictures:
            page.picture(Path(pictures) / f"{path.strip('/').replace('/', '-')}-{width}.png")
    assert [text for text in page.complaints if "Content Security Policy" in text] == []
