"""Every check, on machines that answer nothing, answer nonsense, or may not be read.

No check may raise out, take a value from nothing, or fill in a field that decides a rule well.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from agent.checks import CHECKS
from agent.host import (
    MOST_BYTES,
    TIME_LIMIT,
    CannotTell,
    Denied,
    FileMissing,
    NotRecorded,
    Os,
    Output,
    Process,
    RegistryValue,
    Row,
    TimedOut,
    TooLarge,
    ToolFailed,
    ToolMissing,
    Unparsable,
)
from agent.observation import observe
from agent.windows.questions import QUESTIONS
from protos.posture.v1.signals_pb2 import InboundDefault, Observation, Protection
from tests.fakes import FakeHost

EVERY = [(signal, os) for signal, by_os in CHECKS.items() for os in by_os]
TROUBLES = [Denied, FileMissing, NotRecorded, TimedOut, ToolFailed, TooLarge, Unparsable]


@dataclass
class MuteHost:
    """Every question meets the same trouble."""

    trouble: type[CannotTell]
    os: Os = "linux"

    def _ask(self, *_: object, **__: object) -> None:
        raise self.trouble("no answer")

    run = read = head = list = link = processes = environment = _ask  # type: ignore[assignment]
    modified_at = run_in_session = registry = subkeys = cim = _ask  # type: ignore[assignment]


@dataclass
class GarblingHost:
    """Every question is answered, and every answer is noise, mixed with what tools might print."""

    seed: int
    os: Os = "linux"
    noise: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.noise = random.Random(self.seed)

    def _garbage(self) -> str:
        words = (
            "{",
            "}",
            "[]",
            "null",
            '"nftables"',
            "crypt",
            "yes",
            "0 upgraded",
            "FileVault is On.",
            "(State = 1)",
            "screenLock delay is immediate",
            "[activated enabled]",
            "bplist00",
            "<plist><dict/></plist>",
            "::",
            "\nVolume C: []\n",
            ": Protection On\n",
            "\nPublic Profile Settings:\n",
            "\n",
            "\0",
        )
        return "".join(
            self.noise.choice((*words, chr(self.noise.randrange(1, 0x2FF)), " ", "1"))
            for _ in range(self.noise.randrange(200))
        )

    def run(self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT) -> Output:
        status = self.noise.choice((0, 0, 1, 100))
        if status not in ok:
            raise ToolFailed(f"{argv[0]} ended with status {status}")
        return Output(self._garbage(), self._garbage(), status)

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        return self._garbage().encode()[:limit]

    def head(self, path: str, size: int) -> bytes:
        return self._garbage().encode()[:size]

    def list(self, folder: str) -> tuple[str, ...]:
        return tuple(sorted({self._garbage()[:8].replace("/", "") or "x" for _ in range(4)}))

    def link(self, path: str) -> str:
        return self._garbage()

    def processes(self) -> tuple[Process, ...]:
        noise = self._garbage
        return tuple(Process(n, noise(), noise(), noise(), (noise(),)) for n in range(1, 4))

    def environment(self, pid: int) -> dict[str, str]:
        return {self._garbage(): self._garbage()}

    def modified_at(self, path: str) -> datetime:
        return datetime.fromtimestamp(self.noise.randrange(1 << 31), UTC)

    def run_in_session(
        self, uid: int, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> Output:
        return self.run(*argv, ok=ok, time_limit=time_limit)

    def registry(self, key: str, name: str) -> RegistryValue:
        return self.noise.choice((self._garbage(), self.noise.randrange(1 << 32), b"\0", ()))

    def subkeys(self, key: str) -> tuple[str, ...]:
        return self.list(key)

    def cim(self, question: str) -> tuple[Row, ...]:
        names = (*QUESTIONS.get(question, ()), self._garbage())
        return tuple({name: self._nothing_or_garbage() for name in names} for _ in range(3))

    def _nothing_or_garbage(self) -> object:
        return self.noise.choice((None, "", [], self._garbage(), [self._garbage()]))


def nothing_good(seen: Observation) -> bool:
    """No field that a rule would take for protection."""
    return not (
        any(v.protection == Protection.PROTECTION_ENCRYPTED for v in seen.disk_encryption.volumes)
        or any(s.inbound == InboundDefault.INBOUND_DEFAULT_BLOCKED for s in seen.firewall.scopes)
        or any(product.real_time for product in seen.antivirus.products)
        or any(user.locks for user in seen.screen_lock.users)
        or (seen.os_updates.HasField("pending_security") and not seen.os_updates.pending_security)
        or (seen.os_updates.HasField("pending") and not seen.os_updates.pending)
    )


@pytest.mark.parametrize(("signal", "os"), EVERY)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_machine_that_answers_nothing_is_unknown(
    signal: str, os: Os, trouble: type[CannotTell]
) -> None:
    seen = observe(signal, CHECKS[signal][os], MuteHost(trouble, os))
    assert seen.WhichOneof("outcome") == "unknown", seen
    assert seen.unknown.detail


@pytest.mark.parametrize(("signal", "os"), EVERY)
def test_an_empty_machine_is_unknown_or_beside_the_point(signal: str, os: Os) -> None:
    seen = observe(signal, CHECKS[signal][os], FakeHost(os=os))
    assert nothing_good(seen)


@pytest.mark.parametrize(("signal", "os"), EVERY)
@pytest.mark.parametrize("seed", range(150))
def test_noise_never_becomes_protection(signal: str, os: Os, seed: int) -> None:
    seen = observe(signal, CHECKS[signal][os], GarblingHost(seed, os))
    assert nothing_good(seen), seen
    assert "Error: " not in seen.unknown.detail, "a defect, not an answer: " + seen.unknown.detail
    assert not seen.unknown.detail.startswith(("KeyError", "IndexError", "ValueError"))


@pytest.mark.parametrize(("signal", "os"), EVERY)
def test_a_missing_tool_is_never_a_failure(signal: str, os: Os) -> None:
    seen = observe(signal, CHECKS[signal][os], MuteHost(ToolMissing, os))
    assert seen.WhichOneof("outcome") in ("unknown", "not_applicable")
