"""An agent behind a proxy that others made: enrolls, checks in, and says when it is closed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet import CollectorProcess
from tests.services.install import path_of

LOGIN = "alice:p-word9"


@dataclass
class Behind:
    """A collector, a tinyproxy that lets only its ports through, and an agent's folder."""

    scratch: Path
    collector: CollectorProcess
    serving: dict[str, str]
    port: int

    def run(
        self, *words: str, given: str = "", **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "agent", *words, "--state", str(self.scratch / "agent")]
        known = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return subprocess.run(
            command,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=known | environ,
        )

    def string(self) -> str:
        data = ("--data", str(self.scratch / "data"))
        made = subprocess.run(
            [sys.executable, "-m", "collector", *data, "token", "create", "--string-only"],
            capture_output=True,
            text=True,
            check=True,
        )
        return made.stdout

    def url(self, login: str = LOGIN) -> str:
        return f"http://{login}@127.0.0.1:{self.port}"

    def log(self) -> str:
        return (self.scratch / "proxy.log").read_text()


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Behind]:
    program = path_of("tinyproxy")
    if program is None:
        pytest.fail("tinyproxy is not installed: make test-services installs it")
    collector = CollectorProcess(tmp_path / "data", tmp_path / "collector.log")
    serving = collector.start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ports = [serving[name].rpartition(":")[2] for name in ("enroll", "check_in")]
    user, _, password = LOGIN.partition(":")
    settings = [f"Port {port}", "Listen 127.0.0.1", f"BasicAuth {user} {password}"]
    settings += [f"ConnectPort {each}" for each in ports]
    settings += [f'LogFile "{tmp_path / "proxy.log"}"', "LogLevel Connect", "Timeout 60"]
    (tmp_path / "tinyproxy.conf").write_text("\n".join([*settings, ""]))
    proxy = subprocess.Popen([program, "-d", "-c", str(tmp_path / "tinyproxy.conf")])
    try:
        _until_it_listens(port)
        yield Behind(tmp_path, collector, serving, port)
    finally:
        proxy.terminate()
        proxy.wait(10)
        collector.kill()


def _until_it_listens(port: int) -> None:
    ends_at = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < ends_at
            time.sleep(0.05)
        else:
            return


def test_an_agent_enrolls_and_reports_through_tinyproxy(behind: Behind) -> None:
    done = behind.run("enroll", "--proxy", behind.url(), given=behind.string())
    assert done.returncode == 0, done.stderr
    done = behind.run("report")
    assert done.returncode == 0, done.stderr
    for name in ("enroll", "check_in"):
        assert f"CONNECT {behind.serving[name]} HTTP/1.1" in behind.log()
    assert "p-word9" not in done.stdout + done.stderr


def test_the_environment_leads_through_tinyproxy_as_well(behind: Behind) -> None:
    string = behind.string()
    done = behind.run("enroll", given=string, HTTPS_PROXY=behind.url())
    assert done.returncode == 0, done.stderr
    assert f"CONNECT {behind.serving['enroll']} HTTP/1.1" in behind.log()


@pytest.mark.parametrize("login", ["alice:wrong", ""])
def test_a_password_that_is_wrong_or_missing_is_said(behind: Behind, login: str) -> None:
    way = behind.url(login).replace("//@", "//")
    done = behind.run("enroll", "--proxy", way, given=behind.string())
    assert done.returncode == 1
    assert "wants a user and a password" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (behind.scratch / "agent" / "agent.toml").exists()


def test_a_port_that_the_proxy_does_not_allow_is_said(behind: Behind) -> None:
    string = behind.string()
    behind.run("enroll", "--proxy", behind.url(), given=string)
    agent_toml = behind.scratch / "agent" / "agent.toml"
    port = behind.serving["check_in"].rpartition(":")[2]
    agent_toml.write_text(agent_toml.read_text().replace(f":{port}", ":9"))
    done = behind.run("doctor")
    assert "does not allow connections to the collector" in " ".join(done.stdout.split())
