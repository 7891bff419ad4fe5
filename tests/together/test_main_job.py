"""The main job with real processes: one report followed from the machine to the export.

A real collector and a real agent, on free loopback ports, through the commands people type.
"""

import base64
import csv
import html
import io
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from collector.accounts.totp import code_at
from collector.policy import RULES
from tests.fleet import CollectorProcess


@dataclass
class Together:
    """One collector and one agent, each with a folder of its own."""

    scratch: Path
    collector: CollectorProcess
    serving: dict[str, str]

    def run(self, program: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        where = ("--data", str(self.scratch / "data")) if program == "collector" else ()
        command = [sys.executable, "-m", program, *where, *words]
        if program == "agent":
            command += ["--state", str(self.scratch / "agent")]
        return subprocess.run(
            command, input=given, capture_output=True, text=True, check=False, timeout=120
        )

    def must(self, program: str, *words: str, given: str = "") -> str:
        done = self.run(program, *words, given=given)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def device(self) -> dict[str, str]:
        """The first device of the list."""
        listed = json.loads(self.must("collector", "devices", "--json"))
        found: dict[str, str] = listed["devices"][0]
        return found

    def shown(self) -> dict[str, list[dict[str, str]]]:
        """Everything about it."""
        told = self.must("collector", "device", "show", self.device()["device_id"], "--json")
        found: dict[str, list[dict[str, str]]] = json.loads(told)
        return found

    def setup_link(self) -> str:
        found = re.search(r"(https://\S+/setup/\S+)", self.collector.log.read_text())
        assert found
        return found[1]


@dataclass
class Person:
    """Somebody with a browser that trusts the collector's authority."""

    together: Together

    def __post_init__(self) -> None:
        authority = self.together.scratch / "data" / "authority.pem"
        context = ssl.create_default_context(cafile=str(authority))
        self.jar = CookieJar()
        kept = urllib.request.HTTPCookieProcessor(self.jar)
        trust = urllib.request.HTTPSHandler(context=context)
        self.opener = urllib.request.build_opener(trust, kept)
        self.address = self.together.serving["web"]

    def get(self, path: str) -> str:
        text: str = self.opener.open(f"{self.address}{path}").read().decode()
        return text

    def send(self, path: str, page: str, **form: str) -> str:
        """Fill in the form of this page with what it hides, and send it."""
        hidden = dict(re.findall(r'name="(form_token|sealed)" value="([^"]+)"', page))
        request = urllib.request.Request(
            f"{self.address}{path}",
            urllib.parse.urlencode({**hidden, **form}).encode(),
            {"Origin": self.address, "Sec-Fetch-Site": "same-origin"},
        )
        text: str = self.opener.open(request).read().decode()
        return text

    def settle_in(self) -> str:
        """Choose a password behind the link and connect an app; the recovery codes' page."""
        path = self.together.setup_link().removeprefix(self.address)
        words = "bramble quartz lantern osprey thimble gusset"
        app = self.send(path, self.get(path), password=words, again=words)
        typed = re.search(r"<code>([A-Z2-7 ]+)</code>", app)
        assert typed
        secret = base64.b32decode(typed[1].replace(" ", ""))
        return self.send("/login/app", app, code=code_at(secret, int(time.time()) // 30))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    scratch = tmp_path_factory.mktemp("together")
    collector = CollectorProcess(scratch / "data", scratch / "collector.log")
    serving = collector.start()
    job = Together(scratch, collector, serving)
    string = job.must("collector", "token", "create", "--string-only")
    job.must("agent", "enroll", given=string)
    job.must("agent", "report")
    yield job
    collector.kill()


def test_the_collector_lists_this_machine_with_what_the_agent_saw(together: Together) -> None:
    shown = together.shown()
    assert {finding["rule_id"] for finding in shown["findings"]} == {rule.id for rule in RULES}
    assert all(finding["because"] and finding["since"] for finding in shown["findings"])


def test_the_employee_sees_the_same_findings(together: Together) -> None:
    shown = together.shown()
    told = json.loads(together.must("agent", "status", "--json"))
    statuses = {
        f["rule_id"]: f["status"].removeprefix("FINDING_STATUS_").lower()
        for f in told["answer"]["findings"]
    }
    assert statuses == {f["rule_id"]: f["status"] for f in shown["findings"]}


def test_the_receipt_holds_the_bytes_that_the_collector_stored(together: Together) -> None:
    raw = together.must("agent", "receipt", "--json")
    receipts = json.loads(raw)
    assert "disk_encryption" in json.dumps(receipts)


def test_the_page_shows_it_to_whoever_came_by_the_link_and_an_app(together: Together) -> None:
    person = Person(together)
    assert "Password" in person.get("/devices")
    assert len(re.findall(r"<li><code>", person.settle_in())) == 10
    device = together.device()
    assert device["hostname"] in person.get("/devices")
    one = person.get(f"/devices/{device['device_id']}")
    assert all(html.escape(f["because"]) in one for f in together.shown()["findings"])


def test_the_export_holds_every_rule_of_this_machine(together: Together) -> None:
    out = together.scratch / "exports"
    together.must("collector", "export", "--out", str(out))
    (pack,) = out.iterdir()
    together.must("collector", "export", "verify", str(pack))
    with zipfile.ZipFile(pack) as archive:
        text = archive.read("findings.csv").decode("utf-8-sig")
        document = json.loads(archive.read("findings.json"))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["hostname"] for row in rows} == {together.device()["hostname"]}
    assert len(rows) == len(document["rows"]) == len(RULES)
    assert {row["status"] for row in rows} <= {"pass", "fail", "unknown", "not_applicable"}


def test_checking_in_again_changes_nothing(together: Together) -> None:
    before = together.shown()["findings"]
    together.must("agent", "report")
    unmoved = ("rule_id", "status", "because", "since")
    assert [{name: f[name] for name in unmoved} for f in together.shown()["findings"]] == [
        {name: f[name] for name in unmoved} for f in before
    ]


def test_a_token_admits_once(together: Together, tmp_path: Path) -> None:
    string = together.must("collector", "token", "create", "--string-only")
    first = Together(tmp_path / "one", together.collector, together.serving)
    second = Together(tmp_path / "two", together.collector, together.serving)
    first.must("agent", "enroll", given=string)
    refused = second.run("agent", "enroll", given=string)
    assert refused.returncode == 2
    assert "used up" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_an_unreachable_collector_is_one_clear_line_and_nothing_is_lost(
    together: Together,
) -> None:
    together.collector.stop()
    failed = together.run("agent", "report")
    assert failed.returncode == 1
    assert len(failed.stderr.strip().splitlines()) == 1
    together.serving = together.collector.start()
