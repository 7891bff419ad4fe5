"""A terminal at which a test types commands of muster-agent."""

import io
import os
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agent import identity
from agent.cli import main
from agent.config import Config
from agent.host import Host
from agent.loop import Stopped
from agent.notices.news import Notice
from agent.notices.showing import NotShown
from agent.state import State
from agent.surroundings import Surroundings
from protos.posture.v1 import posture_service_pb2 as wire
from tests.agent.certificates import TestAuthority
from tests.fakes import FakeHost, FakeTransport, FixedClock


class _Typed(io.StringIO):
    def __init__(self, words: str, tty: bool) -> None:
        super().__init__(words)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


@dataclass
class Terminal:
    """Types commands; `out` and the status of the last one can be looked at."""

    folder: Path
    collector: FakeTransport = field(default_factory=FakeTransport)
    host: Host = field(default_factory=FakeHost)
    clock: FixedClock = field(default_factory=FixedClock)
    raw: io.BytesIO = field(default_factory=io.BytesIO)
    said: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    tty: bool = False
    root: bool = False
    shown: list[Notice] = field(default_factory=list)
    no_desktop: bool = False

    def type(self, *argv: str, stdin: str = "") -> int:
        self.raw = io.BytesIO()
        out = io.TextIOWrapper(self.raw, encoding="utf-8", write_through=True)
        around = Surroundings(
            stdin=_Typed(stdin, self.tty),
            out=out,
            environ=self.environ or {"MUSTER_AGENT_STATE": str(self.folder)},
            clock=self.clock,
            host=lambda: self.host,
            connect=lambda address, credentials: self.collector,
            sleep=self._sleep,
            chance=random.Random(1),
            log=lambda sentence, **fields: self.said.append(sentence),
            root=self.root,
            system_folder=self.folder if self.root else self.folder.parent / "of-root",
            shown_folder=self.folder.parent / "shown",
            notice=self._notice,
            local=lambda at: at,
            shown_owner=os.geteuid() if sys.platform != "win32" else 0,
        )
        status = main(argv, around)
        out.detach()
        return status

    def _notice(self, words: Notice, environ: object, host: object) -> None:
        if self.no_desktop:
            raise NotShown("nobody is logged in at a desktop")
        self.shown.append(words)

    def _sleep(self, seconds: float) -> None:
        raise Stopped

    @property
    def out(self) -> str:
        return self.raw.getvalue().decode()

    def enroll(self) -> None:
        """As `muster-agent enroll` leaves it."""
        authority = TestAuthority(self.clock())
        state = State.open(self.folder, create=True)
        key = identity.new_key()
        state.write("key.pem", key)
        state.write("certificate.pem", authority.device(identity.signing_request(key)))
        state.write("authority.pem", authority.pem)
        config = Config("Example", "d-1", "127.0.0.1:1", "127.0.0.1:1")
        state.write("agent.toml", config.to_toml())

    def answer(self) -> None:
        """Let the collector conclude something."""
        answer = self.collector.response.answer
        answer.compliance = wire.COMPLIANCE_NON_COMPLIANT
        answer.policy_version = 3
        answer.findings.add(
            rule_id="firewall_on", title="A firewall is on", status=wire.FINDING_STATUS_UNKNOWN
        )
        self.collector.response.answer_version = 9
