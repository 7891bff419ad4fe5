"""A collector with one person of each role, a token each, and devices to ask about."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.applications import Starlette
from starlette.testclient import TestClient

from collector.accounts import access_tokens, recovery
from collector.accounts.access_tokens import Wish
from collector.accounts.passwords import Cost, Passwords
from collector.accounts.roles import Role
from collector.store import Store, accounts, factors
from collector.store.accounts import Account
from collector.subscriptions import Kind, Subscriber, Subscriptions, Topic
from collector.web.application import Reach, application
from collector.web.site import Keeping
from tests.collector.web.conftest import HOST, keeping
from tests.collector.web.fleet import Seen, enrol
from tests.fakes import FixedClock

CHEAP = Passwords(Cost(memory_kib=64, passes=1, lanes=1))
ROOT = "/api/v1"


@dataclass
class Program:
    """A program that calls the API with the token of one role."""

    client: TestClient
    token: str

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        """`body`: sent as JSON; bytes are sent as they are."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if content is not None:
            sent["Content-Type"] = "application/json"
        return self.client.request(
            method, ROOT + path, content=content, headers={**sent, **headers}
        )

    def get(self, path: str) -> Any:
        """What is answered, which must be 200."""
        response = self.ask("GET", path)
        assert response.status_code == 200, response.text
        return response.json()


@dataclass
class Desk:
    store: Store
    clock: FixedClock
    keeping: Keeping
    app: Starlette
    client: TestClient
    programs: dict[str, Program] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)

    def token(self, username: str, role: Role, days: int = 30) -> str:
        wish = Wish("a job", role, self.clock() + timedelta(days=days))
        make = self.store.write(lambda c: access_tokens.make(c, username, wish, self.clock()))
        return make.secret

    def enrol(self, *seen: Seen) -> None:
        for each in seen:
            self.store.write(lambda c, each=each: enrol(c, each, self.clock()))

    def audited(self) -> list[dict[str, Any]]:
        """The records of the audit log, oldest first, without its own bookkeeping."""
        files = sorted(self.keeping.journal.folder.glob("*.log"))
        lines = [line for file in files for line in file.read_text().splitlines()]
        records = [json.loads(line[65:]) for line in lines]
        return [each for each in records if not each["action"].startswith("audit.")]

    def break_log(self) -> None:
        """Nothing can be written into the audit log any more."""
        folder = self.keeping.journal.folder
        if folder.exists():
            folder.rename(folder.with_name("aside"))
        folder.write_text("no folder")


def desk(folder: Path) -> Iterator[Desk]:
    """One account a role, named after it, each with recovery codes and a token of that role."""
    clock = FixedClock()
    store = Store.open(folder, clock=clock)
    it = Subscriber("it", Kind.WEBHOOK, frozenset(Topic), url="http://127.0.0.1:1/")
    kept = replace(keeping(folder, clock), told=Subscriptions(None, (it,)))
    app = application(store, clock, kept, Reach(["collector.example"]), passwords=CHEAP)
    with TestClient(app, HOST, follow_redirects=False, raise_server_exceptions=False) as client:
        made = Desk(store, clock, kept, app, client)
        for role in Role:
            account = Account(role.value, "hash", clock(), role.value)
            store.write(lambda c, account=account: accounts.add(c, account))
            codes = list(recovery.new_codes())
            hashes = [recovery.hash_of(code) for code in codes]
            store.write(lambda c, role=role, hashes=hashes: factors.set_codes(c, role, hashes))
            made.codes[role] = codes
            made.programs[role] = Program(client, made.token(role, role))
        made.programs["nobody"] = Program(client, "")
        yield made
    store.close()
