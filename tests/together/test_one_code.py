"""T43: one code, shown by fifty browsers at the same moment, opens one session."""

import base64
import http.client
import re
import ssl
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.accounts import sessions
from collector.accounts.totp import code_at
from collector.clock import system_clock
from collector.store import Store, accounts
from collector.store import sessions as stored
from collector.web.cookie import NAME, form_token
from tests.fleet import CollectorProcess
from tests.together.test_main_job import Person, Together

BROWSERS = 50


@dataclass
class Entrance:
    """A real collector, and the one account with its app's secret and its recovery codes."""

    data: Path
    address: str
    authority: Path
    secret: bytes
    codes: list[str]

    def half_sessions(self) -> list[str]:
        """Browsers in which the password was right."""
        with_store = Store.open(self.data, create=False)
        try:
            now = system_clock()

            def begin(c: stored.Connection) -> list[str]:
                account = accounts.get(c, "admin")
                assert account is not None
                return [sessions.begin(c, account, now) for _ in range(BROWSERS)]

            return with_store.write(begin)
        finally:
            with_store.close()

    def whole_sessions(self) -> int:
        store = Store.open(self.data, create=False)
        try:
            found = store.read(lambda c: stored.of_person(c, "admin", system_clock()))
        finally:
            store.close()
        return sum(each.factor_at is not None for each in found)

    def show(self, token: str, number: int, code: str, gate: threading.Barrier) -> int:
        """From an address of its own; the connection stands before the code is sent."""
        host, port = self.address.removeprefix("https://").split(":")
        context = ssl.create_default_context(cafile=str(self.authority))
        source = (f"127.0.1.{number + 1}", 0)
        line = http.client.HTTPSConnection(host, int(port), context=context, source_address=source)
        try:
            line.connect()
            gate.wait(30)
            form = urllib.parse.urlencode({"code": code, "form_token": form_token(token)})
            headers = {
                "Cookie": f"{NAME}={token}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.address,
                "Sec-Fetch-Site": "same-origin",
            }
            line.request("POST", "/login/factor", form, headers)
            answer = line.getresponse()
            is_in = answer.status == 303 and NAME in (answer.getheader("Set-Cookie") or "")
            return 200 if is_in else answer.status
        finally:
            line.close()

    def race(self, code: str) -> Counter[int]:
        tokens, gate = self.half_sessions(), threading.Barrier(BROWSERS)
        answers: list[int] = []

        def run(number: int) -> None:
            answers.append(self.show(tokens[number], number, code, gate))

        threads = [threading.Thread(target=run, args=(n,)) for n in range(BROWSERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Counter(answers)


@pytest.fixture(scope="module")
def entrance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    scratch = tmp_path_factory.mktemp("entrance")
    collector = CollectorProcess(scratch / "data", scratch / "collector.log")
    job = Together(scratch, collector, collector.start())
    person = Person(job)
    path, words = job.setup_link().removeprefix(person.address), "bramble quartz lantern osprey"
    words += " thimble gusset"
    app = person.send(path, person.get(path), password=words, again=words)
    typed = re.search(r"<code>([A-Z2-7 ]+)</code>", app)
    assert typed
    secret = base64.b32decode(typed[1].replace(" ", ""))
    code = code_at(secret, int(time.time()) // 30)
    codes = re.findall(r"<li><code>([a-z2-7-]+)</code>", person.send("/login/app", app, code=code))
    data = scratch / "data"
    yield Entrance(data, person.address, data / "authority.pem", secret, codes)
    collector.kill()


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_fifty_browsers_with_one_code_get_one_session(entrance: Entrance, kind: str) -> None:
    step = int(time.time()) // 30 + 1
    code = code_at(entrance.secret, step) if kind == "app" else entrance.codes[0]
    before = entrance.whole_sessions()
    answers = entrance.race(code)
    assert answers[200] == 1, answers
    assert answers.keys() <= {200, 401, 429}
    assert answers.total() == BROWSERS
    assert entrance.whole_sessions() == before + 1
    assert entrance.race(code)[200] == 0  # and none later
    assert entrance.whole_sessions() == before + 1
