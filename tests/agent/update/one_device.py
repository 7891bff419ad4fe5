"""One device with a signed release to take: what it believes, and what a check-in tells of it."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.state import State
from agent.update import record
from agent.update.finishing import Finishing
from agent.update.offer import Offer
from agent.update.releases import Releases
from protos.posture.v1 import posture_service_pb2 as wire
from tests.agent.update.fakes import Clock, FakeInstaller
from tests.agent.update.published import Published, publishing


@dataclasses.dataclass
class Device:
    """One device with version 1.0.0 of the agent, and what it believes."""

    state: State
    published: Published
    releases: Releases
    installer: FakeInstaller
    clock: Clock
    program: Path
    said: list[str]

    def log(self, sentence: str, **fields: str | float) -> None:
        self.said.append(sentence)

    def offer(self, version: str = "") -> Offer:
        return Offer(
            state=self.state,
            releases=self.releases,
            installer=self.installer,
            system="macos",
            own_version=version or self.installer.installed,
            program=self.program,
            runner=self.program.with_name("runner"),
            clock=self.clock,
            log=self.log,
        )

    def tell(self) -> wire.UpdateReport | None:
        """As the next check-in does."""
        told = record.load(self.state).told()
        if told is not None:
            record.heard(self.state, told)
        return told

    def take(self, version: str = "1.1.0") -> None:
        """Up to the moment when the scheduler starts the runner."""
        assert self.offer().heard(version)
        told = self.tell()
        assert told is not None
        assert told.outcome == wire.UPDATE_OUTCOME_BEGUN
        assert not self.offer().heard(version)
        assert self.installer.started == 1

    def finish(self) -> wire.UpdateReport | None:
        Finishing(
            self.state,
            self.releases,
            self.installer,
            "macos",
            self.clock,
            self.clock.sleep,
            self.log,
        ).run()
        return self.tell()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    program = tmp_path / "program"
    program.mkdir()
    (program / "muster-agent").write_text("the old program")
    state = State.open(tmp_path / "state", create=True)
    with publishing(tmp_path) as published:
        published.init()
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            published.add(version)
        releases = Releases(published.settings(), state.path("update"))
        yield Device(state, published, releases, FakeInstaller(), Clock(), program, [])
