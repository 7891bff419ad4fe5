"""A browser before a collector that knows an OpenID provider."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from collector.accounts.sso.single_sign_on import SingleSignOn, single_sign_on
from collector.store import accounts, linked_identities
from collector.store.accounts import Account
from collector.web.application import Reach, application
from collector.web.cookie import NAME
from tests.collector.web.conftest import HOST, Browser
from tests.provider import ISSUER, FakeProvider, settings

SUBJECT = "248289761001"
JOURNEY = f"{NAME}-sso"


class Visit:
    """A browser before a collector that knows a provider."""

    def __init__(self, browser: Browser, fake: FakeProvider, sso: SingleSignOn) -> None:
        self.browser, self.fake, self.sso = browser, fake, sso
        self.client = browser.client
        self.store = browser.store

    def begin(self) -> str:
        """The provider's address that the login page leads to."""
        response = self.client.get("/login/sso")
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def log_in(self, **more: str) -> Response:
        return self.come_back(self.fake.log_in(self.begin(), **more))

    def come_back(self, address: str) -> Response:
        """As browsers do it: what is SameSite=Strict is not sent along from another site."""
        kept = self.client.cookies.get(NAME)
        if kept is not None:
            self.client.cookies.delete(NAME)
        response = self.client.get(address.removeprefix(HOST))
        if kept is not None and NAME not in self.client.cookies:
            self.client.cookies.set(NAME, kept, domain="collector.example")
        return response

    def account(self, username: str) -> Account | None:
        return self.store.read(lambda c: accounts.get(c, username))

    def link(self, username: str, subject: str = SUBJECT) -> None:
        row = linked_identities.LinkedIdentity(
            ISSUER, subject, username, self.browser.clock(), "alice"
        )
        self.store.write(lambda c: linked_identities.add(c, row))

    def links(self) -> list[tuple[str, str]]:
        found = self.store.read(linked_identities.list_all)
        return [(each.username, each.subject) for each in found]

    def audited(self) -> list[dict[str, Any]]:
        """What is in the audit log, without the log's own records."""
        every = [dict(each) for each in self.browser.audited()]
        return [each for each in every if not each["action"].startswith("audit.")]

    def last(self) -> dict[str, Any]:
        return self.audited()[-1]


def visiting(browser: Browser, **said: Any) -> Iterator[Visit]:
    fake = FakeProvider(browser.clock)
    sso = single_sign_on(settings(name="Example", **said), browser.clock, fake.ask)
    kept = replace(browser.keeping, sso=sso)
    app = application(browser.store, browser.clock, kept, Reach(["collector.example"]))
    with TestClient(app, HOST, follow_redirects=False, raise_server_exceptions=False) as client:
        own = replace(browser, client=client, keeping=kept)
        yield Visit(own, fake, sso)


def add(visit: Visit, username: str, role: str = "viewer") -> None:
    now = visit.browser.clock()
    visit.store.write(lambda c: accounts.add(c, Account(username, "hash", now, role)))
