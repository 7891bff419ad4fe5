import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from collector.accounts.passwords import Cost, Passwords
from collector.store import Store, accounts
from collector.store.accounts import Account
from collector.web.application import application
from tests.collector.web.fleet import Seen, enrol
from tests.fakes import FixedClock

HOST = "https://collector.example"
PASSWORD = "a long enough password"
FROM_US = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}


@dataclass
class Browser:
    """A person with a browser: fills in the forms that the pages hold."""

    client: TestClient
    store: Store
    clock: FixedClock

    def get(self, path: str) -> str:
        """The page behind the login, which must be there."""
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.text

    def token(self, path: str = "/login") -> str:
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', self.client.get(path).text)
        assert found is not None
        return found[1]

    def log_in(self, password: str = PASSWORD, username: str = "admin") -> int:
        form = {"username": username, "password": password, "form_token": self.token()}
        return self.client.post("/login", data=form, headers=FROM_US).status_code

    def enrol(self, *seen: Seen) -> None:
        for each in seen:
            self.store.write(partial(enrol, seen=each, now=self.clock()))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Not logged in; the store holds one account and no device."""
    clock = FixedClock()
    passwords = Passwords(Cost(memory_kib=64, passes=1, lanes=1))
    store = Store.open(tmp_path / "data", clock=clock)
    account = Account("admin", passwords.hash(PASSWORD), clock())
    store.write(lambda c: accounts.add(c, account))
    app = application(store, clock, allowed_hosts=["collector.example"], passwords=passwords)
    with TestClient(app, HOST, follow_redirects=False, raise_server_exceptions=False) as client:
        yield Browser(client, store, clock)
    store.close()


@pytest.fixture
def helpdesk(browser: Browser) -> Browser:
    """Logged in."""
    assert browser.log_in() == 303
    return browser


@pytest.fixture
def store_without_accounts(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "new")
    yield store
    store.close()
