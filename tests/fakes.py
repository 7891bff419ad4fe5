"""One fake a seam. A fake answers what it was given and raises what the real one would."""

import base64
import hashlib
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.protobuf.message import Message

from agent.host import (
    MOST_BYTES,
    TIME_LIMIT,
    CannotTell,
    Denied,
    FileMissing,
    Os,
    Output,
    Process,
    RegistryValue,
    Row,
    TooLarge,
    ToolFailed,
    ToolMissing,
)
from collector.clock_watch import ClockWatch, Machine
from protos.posture.v1 import posture_service_pb2 as wire

Answer = str | Output | CannotTell


@dataclass
class FakeHost:
    """A machine made of answers: commands by their whole line, files and links by path.

    A folder exists when a file, a link or a `folders` entry lies below it. What was not given is
    missing, as on a machine that does not have it. `sessions` are the commands of a person's
    session by uid, `values` the registry by "key\\name", `rows` the instances of CIM classes.
    """

    commands: Mapping[str, Answer] = field(default_factory=dict)
    files: Mapping[str, bytes | str | CannotTell] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    folders: Collection[str] = ()
    running: tuple[Process, ...] = ()
    environments: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    os: Os = "linux"
    modified: Mapping[str, datetime] = field(default_factory=dict)
    sessions: Mapping[int, Mapping[str, Answer]] = field(default_factory=dict)
    values: Mapping[str, RegistryValue | CannotTell] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Row] | CannotTell] = field(default_factory=dict)

    def run(self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT) -> Output:
        return self._answer(self.commands, argv, ok)

    def run_in_session(
        self, uid: int, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> Output:
        if uid not in self.sessions:
            raise Denied(f"nobody with uid {uid} is logged in")
        return self._answer(self.sessions[uid], argv, ok)

    def _answer(
        self, commands: Mapping[str, Answer], argv: Sequence[str], ok: Collection[int]
    ) -> Output:
        answer = commands.get(" ".join(argv), ToolMissing(f"{argv[0]} is not installed"))
        if isinstance(answer, CannotTell):
            raise answer
        output = Output(answer, "", 0) if isinstance(answer, str) else answer
        if output.exit_status not in ok:
            raise ToolFailed(f"{' '.join(argv)} ended with status {output.exit_status}")
        return output

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        content = self.files.get(path, FileMissing(f"{path} does not exist"))
        if isinstance(content, CannotTell):
            raise content
        content = content.encode() if isinstance(content, str) else content
        if len(content) > limit:
            raise TooLarge(f"{path} holds more than {limit} bytes")
        return content

    def head(self, path: str, size: int) -> bytes:
        return self.read(path)[:size]

    def list(self, folder: str) -> tuple[str, ...]:
        prefix = folder.rstrip("/") + "/"
        known = (*self.files, *self.links, *self.folders)
        names = {path[len(prefix) :].split("/")[0] for path in known if path.startswith(prefix)}
        if not names and folder.rstrip("/") not in self.folders:
            raise FileMissing(f"{folder} does not exist")
        return tuple(sorted(names - {""}))

    def link(self, path: str) -> str:
        if path not in self.links:
            raise FileMissing(f"{path} does not exist")
        return self.links[path]

    def processes(self) -> tuple[Process, ...]:
        return self.running

    def environment(self, pid: int) -> dict[str, str]:
        if pid not in self.environments:
            raise FileMissing(f"/proc/{pid}/environ does not exist")
        return dict(self.environments[pid])

    def modified_at(self, path: str) -> datetime:
        if path not in self.modified:
            raise FileMissing(f"{path} does not exist")
        return self.modified[path]

    def registry(self, key: str, name: str) -> RegistryValue:
        known = {path.lower(): value for path, value in self.values.items()}
        value = known.get(f"{key}\\{name}".lower(), FileMissing(f"{key} has no value {name}"))
        if isinstance(value, CannotTell):
            raise value
        return value

    def subkeys(self, key: str) -> tuple[str, ...]:
        below = key.lower() + "\\"
        paths = [path.rpartition("\\")[0] for path in self.values]
        inside = [path[len(below) :] for path in paths if path.lower().startswith(below)]
        if not inside and key.lower() not in (path.lower() for path in paths):
            raise FileMissing(f"{key} does not exist")
        return tuple(sorted({path.split("\\")[0] for path in inside}))

    def cim(self, question: str) -> tuple[Row, ...]:
        answer = self.rows.get(question, ToolMissing(f"there is no class {question}"))
        if isinstance(answer, CannotTell):
            raise answer
        return tuple(answer)


def enrollment_text(message: wire.EnrollmentString) -> str:
    """An enrollment string as the contract describes it, made without either side's code."""
    content = message.SerializeToString()
    whole = content + zlib.crc32(content).to_bytes(4, "big")
    return "muster1_" + base64.urlsafe_b64encode(whole).decode().rstrip("=")


@dataclass
class FixedClock:
    """A clock that stands still until it is told to go on."""

    now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class FakeMachine:
    """Counts the time since its start as it is told to, whatever a clock says.

    `served`: a time service has set the clock.
    """

    boot_id: str = "first"
    passed: timedelta = timedelta(hours=5)
    served: bool = False

    def machine(self) -> Machine:
        return Machine(self.boot_id, lambda: self.passed, lambda _after: self.served)


@dataclass
class FakeTransport:
    """A collector that keeps the contract: it holds a sequence and a digest and answers by them.

    `troubles` are raised first, one a call. `sent` holds every request as it was received.
    """

    held_sequence: int = 0
    held_digest: bytes = b""
    troubles: list[Exception] = field(default_factory=list)
    receipts: list[wire.Receipt.ValueType] = field(default_factory=list)
    response: wire.CheckInResponse = field(default_factory=wire.CheckInResponse)
    certificate: bytes = b""
    sent: list[Message] = field(default_factory=list)
    closed: bool = False

    def check_in(self, request: wire.CheckInRequest) -> wire.CheckInResponse:
        self._take(request)
        response = wire.CheckInResponse()
        response.CopyFrom(self.response)
        response.receipt = self.receipts.pop(0) if self.receipts else self._receipt(request)
        response.accepted_sequence = self.held_sequence
        return response

    def _receipt(self, request: wire.CheckInRequest) -> wire.Receipt.ValueType:
        body = request.report if request.HasField("report") else request.unchanged
        if body.sequence <= self.held_sequence:
            return wire.RECEIPT_SUPERSEDED
        if isinstance(body, wire.Unchanged):
            if body.digest != self.held_digest:
                return wire.RECEIPT_SEND_FULL
            self.held_sequence = body.sequence
            return wire.RECEIPT_UNCHANGED
        self.held_sequence = body.sequence
        self.held_digest = hashlib.sha256(body.posture).digest()
        return wire.RECEIPT_STORED

    def renew(self, request: wire.RenewCertificateRequest) -> wire.RenewCertificateResponse:
        self._take(request)
        return wire.RenewCertificateResponse(certificate_pem=self.certificate)

    def enroll(self, request: wire.EnrollRequest) -> wire.EnrollResponse:
        self._take(request)
        return wire.EnrollResponse(device_id="0" * 36, certificate_pem=self.certificate)

    def _take(self, request: Message) -> None:
        copy = type(request)()
        copy.CopyFrom(request)
        self.sent.append(copy)
        if self.troubles:
            raise self.troubles.pop(0)

    def close(self) -> None:
        self.closed = True


def runs_ahead(folder: Path, by: timedelta) -> None:
    """As a collector whose clock has leapt leaves this data folder."""
    clock, machine = FixedClock(), FakeMachine()
    watch = ClockWatch(folder, clock, machine.machine(), lambda: None)
    watch.look()
    clock.now += timedelta(hours=1)
    machine.passed += timedelta(hours=1)
    watch.look()
    clock.now += by
    watch.look()
