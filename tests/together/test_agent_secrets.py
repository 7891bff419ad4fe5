"""T31: the enrollment token and the device's key are where they must be and nowhere else.

Real agent processes are watched while they run, with every process that they start.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from collector.identity.enrollment_string import decode
from tests.fleet import CollectorProcess
from tests.together.test_main_job import Together

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

PAUSE_SECONDS = 0.002


@dataclass
class Watch:
    """What the others on the machine could read of a process and of those below it."""

    seen: dict[str, set[bytes]] = field(
        default_factory=lambda: {"cmdline": set(), "environ": set()}
    )
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self, pid: int) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            for each in _family(pid):
                for name, texts in self.seen.items():
                    with suppress(OSError):
                        texts.add(Path(f"/proc/{each}/{name}").read_bytes())

    @contextmanager
    def on(self, pid: int) -> Iterator[None]:
        watcher = threading.Thread(target=self.run, args=(pid,))
        watcher.start()
        try:
            yield
        finally:
            self._ended.set()
            watcher.join()


def _family(pid: int) -> list[int]:
    """The process and all below it, as they are now."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


@dataclass
class Agent:
    """Its commands, under an umask that would show everything to everybody."""

    state: Path
    watch: Watch = field(default_factory=Watch)
    said: list[bytes] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "agent", *words]
        if words[0] != "record":
            command += ["--state", str(self.state)]
        pipes: Mapping[str, int] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(command, umask=0, **pipes)  # type: ignore[call-overload,no-any-return]

    def run(self, *words: str, given: bytes = b"") -> int:
        watch = Watch(self.watch.seen)
        with self.start(*words) as process, watch.on(process.pid):
            try:
                self.said += process.communicate(given, timeout=240)
            finally:
                process.kill()
        return process.returncode


@dataclass(frozen=True)
class Secrets:
    """Each in every form in which it could be written."""

    token: tuple[bytes, ...]
    key: tuple[bytes, ...]

    @property
    def all(self) -> tuple[bytes, ...]:
        return (*self.token, *self.key)


def forms_of_token(string: str) -> tuple[bytes, ...]:
    token = decode(string).token.encode()
    body = string.removeprefix("muster1_").encode()
    return (string.encode(), body, token, token.hex().encode())


def forms_of_key(pem: bytes) -> tuple[bytes, ...]:
    key = load_pem_private_key(pem, None)
    assert isinstance(key, EllipticCurvePrivateKey)
    number = key.private_numbers().private_value
    raw = number.to_bytes(32, "big")
    lines = pem.splitlines()[1:3]  # what follows is the public half
    return (*lines, raw, raw.hex().encode(), str(number).encode())


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Together]:
    collector = CollectorProcess(tmp_path / "data", tmp_path / "collector.log")
    yield Together(tmp_path, collector, collector.start())
    collector.kill()


def files_below(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


@pytest.mark.parametrize("by", ["stdin", "file"])
def test_token_and_key_of_an_agent_are_seen_by_nobody(job: Together, by: str) -> None:
    agent, scratch = Agent(job.scratch / "agent"), job.scratch
    string = job.must("collector", "token", "create", "--string-only").strip()
    handed_over = scratch / "enrollment.txt"
    if by == "file":
        handed_over.write_text(string + "\n")
        handed_over.chmod(0o600)
        assert agent.run("enroll", "--string-file", str(handed_over)) == 0
        handed_over.unlink()
    else:
        assert agent.run("enroll", given=string.encode() + b"\n") == 0
    key_file = agent.state / "key.pem"
    secrets = Secrets(forms_of_token(string), forms_of_key(key_file.read_bytes()))

    if by == "stdin":
        for words in (("check",), ("status",), ("receipt",), ("record", str(scratch / "rec"))):
            agent.run(*words)
    assert agent.run("run", "--once") == 0
    agent.run("doctor")
    agent.run("enroll", given=string.encode())  # enrolled already: one line about it
    agent.run("enroll", "--again", given=string.encode())  # and a token that is used up

    for name, texts in agent.watch.seen.items():
        assert len(texts) > 1, name
        held = [text for text in texts for secret in secrets.all if secret in text]
        assert held == [], name
    assert [said for said in agent.said for secret in secrets.all if secret in said] == []
    wrong = {
        (each.relative_to(scratch), form[:4])
        for each in files_below(scratch)
        for form in secrets.all
        if form in each.read_bytes() and each != key_file
    }
    assert wrong == set()
    assert not any(form in key_file.read_bytes() for form in secrets.token)
    every = [agent.state, *agent.state.rglob("*")]
    modes = {(each.is_dir(), oct(each.stat().st_mode & 0o777)) for each in every}
    assert modes == {(True, "0o700"), (False, "0o600")}


def test_a_service_that_runs_shows_neither(job: Together) -> None:
    """It is looked at until it has reported and for as long as it takes to ask for that."""
    agent = Agent(job.scratch / "agent")
    string = job.must("collector", "token", "create", "--string-only").strip()
    assert agent.run("enroll", given=string.encode()) == 0
    key_file = agent.state / "key.pem"
    secrets = Secrets(forms_of_token(string), forms_of_key(key_file.read_bytes()))
    process = agent.start("run")
    watch = Watch()
    try:
        with watch.on(process.pid):
            until = time.monotonic() + 60
            while not _has_reported(job) and time.monotonic() < until:
                assert process.poll() is None
    finally:
        process.terminate()
        said = process.communicate(timeout=30)
    assert _has_reported(job)
    shown = b"".join(b"".join(texts) for texts in watch.seen.values()) + b"".join(said)
    assert len(shown) > 100
    assert [secret[:4] for secret in secrets.all if secret in shown] == []


def _has_reported(job: Together) -> bool:
    return bool(job.shown()["findings"])
