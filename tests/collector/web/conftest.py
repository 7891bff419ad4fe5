import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from collector.accounts import recovery
from collector.accounts.passwords import Cost, Passwords
from collector.accounts.sealing import open_seal
from collector.audit.journal import Journal
from collector.export_settings import DirectoryTarget, ExportSettings, Target
from collector.store import Store, accounts, factors
from collector.store.accounts import Account
from collector.web.application import Reach, application
from collector.web.site import Keeping
from tests.collector.audit.log import SIGNER
from tests.collector.web.fleet import Seen, enrol
from tests.fakes import FixedClock

HOST = "https://collector.example"
PASSWORD = "a long enough password"
SECRET = b"12345678901234567890"
FROM_US = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}


@dataclass
class Browser:
    """A person with a browser: fills in the forms that the pages hold."""

    client: TestClient
    store: Store
    clock: FixedClock
    keeping: Keeping
    codes: list[str] = field(default_factory=lambda: list(recovery.new_codes() * 3))

    def get(self, path: str) -> str:
        """The page behind the login, which must be there."""
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.text

    def token(self, path: str = "/login") -> str:
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', self.client.get(path).text)
        assert found is not None
        return found[1]

    def send(self, path: str, form_at: str = "", **form: str) -> Response:
        """Fill in the form of a page and send it."""
        filled = {**form, "form_token": self.token(form_at or path)}
        return self.client.post(path, data=filled, headers=FROM_US)

    def password(self, password: str = PASSWORD, username: str = "admin") -> int:
        """The first step only."""
        return self.send("/login", username=username, password=password).status_code

    def log_in(self, password: str = PASSWORD, username: str = "admin") -> int:
        """Both steps, the second with a recovery code that was not used yet."""
        status = self.password(password, username)
        if status != 303:
            return status
        code = self.codes.pop()
        self.store.write(lambda c: factors.set_codes(c, username, [recovery.hash_of(code)]))
        return self.send("/login/factor", code=code).status_code

    def audited(self) -> list[dict[str, str]]:
        """The records of the audit log, oldest first."""
        files = sorted((self.store.path.parent / "audit").glob("*.log"))
        lines = [line for file in files for line in file.read_text().splitlines()]
        return [json.loads(line[65:]) for line in lines]

    def enrol(self, *seen: Seen) -> None:
        for each in seen:
            self.store.write(partial(enrol, seen=each, now=self.clock()))


def keeping(folder: Path, clock: FixedClock) -> Keeping:
    """With a place for packs under pseudonyms."""
    share = Target("share", DirectoryTarget(folder / "share"), ("all+pseudonyms",))
    exports = ExportSettings(variants=("all", "all+pseudonyms"), targets=(share,))
    journal = Journal(folder / "audit", SIGNER, clock)
    return Keeping(open_seal(folder), journal, "Example", exports=exports)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Not logged in; the store holds one account and no device."""
    clock = FixedClock()
    passwords = Passwords(Cost(memory_kib=64, passes=1, lanes=1))
    store = Store.open(tmp_path / "data", clock=clock)
    kept = keeping(tmp_path / "data", clock)
    sealed = kept.seal.close(SECRET, "admin")
    account = Account("admin", passwords.hash(PASSWORD), clock(), totp_sealed=sealed)
    store.write(lambda c: accounts.add(c, account))
    app = application(store, clock, kept, Reach(["collector.example"]), passwords=passwords)
    with TestClient(app, HOST, follow_redirects=False, raise_server_exceptions=False) as client:
        yield Browser(client, store, clock, kept)
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
