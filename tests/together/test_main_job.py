"""The main job with real processes: one report followed from the machine to the export.

A real collector and a real agent, on free loopback ports, through the commands people type.
"""

import csv
import io
import json
import re
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.fleet import CollectorProcess

SIGNALS = {"disk_encryption", "firewall", "antivirus", "screen_lock", "os_updates"}


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

    def password(self) -> str:
        found = re.search(r"the password (\S+)", self.collector.log.read_text())
        assert found
        return found[1]


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
    devices = json.loads(together.must("collector", "devices", "--json"))
    assert len(devices) == 1
    shown = json.loads(
        together.must("collector", "device", "show", devices[0]["device_id"], "--json")
    )
    assert {finding["signal"] for finding in shown["findings"]} == SIGNALS
    assert all(finding["because"] and finding["since"] for finding in shown["findings"])


def test_the_employee_sees_the_same_findings(together: Together) -> None:
    devices = json.loads(together.must("collector", "devices", "--json"))
    shown = json.loads(
        together.must("collector", "device", "show", devices[0]["device_id"], "--json")
    )
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


def test_the_page_shows_it_behind_a_login(together: Together) -> None:
    authority = together.scratch / "data" / "authority.pem"
    context = ssl.create_default_context(cafile=str(authority))
    jar = urllib.request.HTTPCookieProcessor(CookieJar())
    browser = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), jar)
    address = together.serving["web"]
    login = browser.open(f"{address}/devices").read().decode()
    assert "password" in login
    token = re.search(r'name="([^"]*token[^"]*)" value="([^"]+)"', login)
    assert token
    form = {"username": "admin", "password": together.password(), token[1]: token[2]}
    request = urllib.request.Request(
        f"{address}/login",
        urllib.parse.urlencode(form).encode(),
        {"Origin": address, "Sec-Fetch-Site": "same-origin"},
    )
    page = browser.open(request).read().decode()
    devices = json.loads(together.must("collector", "devices", "--json"))
    assert devices[0]["hostname"] in page
    one = browser.open(f"{address}/devices/{devices[0]['device_id']}").read().decode()
    assert "Fixed disks are encrypted" in one or "encrypted" in one


def test_the_export_holds_every_rule_of_this_machine(together: Together) -> None:
    out = together.scratch / "exports"
    together.must("collector", "export", "--out", str(out))
    (folder,) = out.iterdir()
    text = (folder / "posture.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    document = json.loads((folder / "posture.json").read_text())
    devices = json.loads(together.must("collector", "devices", "--json"))
    assert {row["hostname"] for row in rows} == {devices[0]["hostname"]}
    assert len(rows) == len(document["findings"]) >= len(SIGNALS)
    assert {row["status"] for row in rows} <= {"pass", "fail", "unknown", "not_applicable"}


def test_checking_in_again_changes_nothing(together: Together) -> None:
    before = json.loads(together.must("collector", "devices", "--json"))[0]
    together.must("agent", "report")
    after = json.loads(together.must("collector", "devices", "--json"))[0]
    unmoved = ("device_id", "compliance", "compliance_since")
    assert {k: after[k] for k in unmoved} == {k: before[k] for k in unmoved}


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
