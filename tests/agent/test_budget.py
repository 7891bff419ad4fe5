"""A whole look ends in time on a machine where everything hangs."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from agent import machine
from agent.budget import OBSERVATION_SECONDS, Budget
from agent.checks import CHECKS, observe_all
from agent.device import inventory
from agent.host import MOST_BYTES, TIME_LIMIT, CannotTell, FileMissing, Os, Process, TimedOut
from agent.machine import Machine
from tests.fakes import FakeHost

MINUTE = 60.0
FILE_SECONDS = 5.0


@dataclass
class HangingHost:
    """Every program hangs until its limit, and so does every file of a person's."""

    clock: float = 0.0
    os: Os = "linux"
    rest: FakeHost = field(default_factory=FakeHost)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.budget = Budget(clock=lambda: self.clock)

    def _hang(self, question: str, limit: float) -> NoReturn:
        self.asked.append(question)
        self.clock += self.budget.granted(question, limit)
        raise TimedOut(question)

    def run(
        self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> NoReturn:
        self._hang(" ".join(argv), time_limit)

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        if path.startswith("/home"):
            self._hang(path, FILE_SECONDS)
        return self.rest.read(path, limit)

    def head(self, path: str, size: int) -> bytes:
        return self.read(path)[:size]

    def list(self, folder: str) -> tuple[str, ...]:
        if folder.startswith("/home"):
            self._hang(folder, FILE_SECONDS)
        return self.rest.list(folder)

    def link(self, path: str) -> str:
        return self.rest.link(path)

    def processes(self) -> tuple[Process, ...]:
        return self.rest.processes()

    def environment(self, pid: int) -> dict[str, str]:
        raise FileMissing("no such process")

    def _none(self, *_: object, **__: object) -> NoReturn:
        raise CannotTell("not asked on Linux")

    modified_at = run_in_session = registry = subkeys = cim = _none


PEOPLE = "".join(f"user{n}:x:{1000 + n}:1000::/home/user{n}:/bin/bash\n" for n in range(50))
FILES = {
    "/etc/passwd": PEOPLE,
    "/etc/os-release": "ID=debian\nVERSION_ID=13\n",
    "/proc/1/mountinfo": "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
    "/proc/swaps": "Filename Type Size Used Priority\n",
    "/sys/class/block/sda1/dev": "8:1\n",
    "/usr/share/wayland-sessions/gnome.desktop": "",
    "/opt/microsoft/mdatp/sbin/wdavdaemon": "",
    "/proc/net/ip_tables_names": "filter\n",
}


def test_a_machine_where_every_tool_hangs_is_looked_at_within_a_minute() -> None:
    host = HangingHost(rest=FakeHost(files=FILES))
    seen = observe_all(host)
    inventory(host)
    assert len(set(host.asked)) > 15, "this machine was meant to be asked a lot"
    assert host.clock <= OBSERVATION_SECONDS < MINUTE
    assert [one.signal for one in seen] == list(CHECKS)
    assert all(one.unknown.detail or one.gaps for one in seen)


@pytest.mark.parametrize("signal", CHECKS)
def test_each_check_alone_ends_within_a_minute_too(signal: str) -> None:
    host = HangingHost(rest=FakeHost(files=FILES))
    observe_all(host, [signal])
    assert host.clock < MINUTE


def test_no_question_gets_more_than_its_own_limit_or_what_is_left() -> None:
    now = 0.0
    budget = Budget(15, lambda: now)
    assert budget.granted("x", 10) == 10
    now = 10.0
    assert budget.granted("x", 10) == 5
    now = 15.0
    with pytest.raises(TimedOut, match="x: no time was left in this look"):
        budget.granted("x", 10)


def test_on_this_machine_hanging_programs_are_ended_and_the_look_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("nft", "iptables", "dmsetup", "lsblk", "systemctl", "loginctl", "clamscan", "mdatp")
    names += ("apt-get", "apt-cache", "dpkg-query", "ufw", "firewall-cmd", "ip", "lsattr", "dnf")
    for name in names:
        (tmp_path / name).write_text(f"#!/bin/sh\nsleep 600 &\necho $! >> {tmp_path}/pids\nwait\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(machine, "SYSTEM_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(machine, "VENDOR_FOLDERS", ())
    machine._find.cache_clear()
    begun = time.monotonic()
    try:
        seen = observe_all(Machine(budget=Budget(1.5)))
    finally:
        machine._find.cache_clear()
    assert time.monotonic() - begun < 10
    assert [one.signal for one in seen] == list(CHECKS)
    started = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert started
    left = [psutil.Process(pid) for pid in started if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(left, timeout=5)
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in alive)
