"""A real collector, used and then cut off, has left no secret of its people on disk."""

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from collector.handing_out import serving
from collector.identity.enrollment_string import decode
from tests.fleet import CollectorProcess
from tests.together.test_main_job import Person, Together

WORDS = "bramble quartz lantern osprey thimble gusset"


def call(person: Person, path: str, token: str, body: bytes | None = None) -> str:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{person.address}/api/v1{path}", body, headers)
    text: str = person.opener.open(asked).read().decode()
    return text


def test_nothing_secret_is_on_disk_or_in_the_log(tmp_path: Path) -> None:
    collector = CollectorProcess(tmp_path / "data", tmp_path / "collector.log")
    job = Together(tmp_path, collector, collector.start())
    person = Person(job)
    link = job.setup_link().rpartition("/")[2]
    codes = re.findall(r"<li><code>([a-z2-7-]+)</code>", person.settle_in())
    page = person.get("/account/tokens")
    made = person.send("/account/tokens", page, label="job", role="owner", days="7")
    found = re.search(r"muster_pat_[\w-]{43}", made)
    assert found
    token = found[0]
    string = re.search(r"muster1_[\w-]+", call(person, "/enrollment-tokens", token, b"{}"))
    assert string
    assert serving(tmp_path / "data")["name"] == "Muster"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        call(person, f"/devices?x={token}", token[:-1] + "_")
    (cookie,) = person.jar
    collector.kill()
    secrets = {
        "password": WORDS,
        "code": codes[0],
        "token": token,
        "enrollment string": string[0],
        "enrollment token": decode(string[0]).token,
        "cookie": str(cookie.value),
    }
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"collector.sqlite3", "serving.json", "collector.log"} <= {file.name for file in files}
    held = {
        (kind, file.name)
        for kind, secret in secrets.items()
        for file in files
        if secret.encode() in file.read_bytes()
    }
    assert held == set()
    shown = [file.name for file in files if link.encode() in file.read_bytes()]
    assert shown == ["collector.log"]  # the start prints it for whoever has the terminal
