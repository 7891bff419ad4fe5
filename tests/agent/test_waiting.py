import plistlib
from pathlib import Path

import pytest

from agent.config import FILE, Config
from agent.exchange.troubles import Unreachable
from agent.state import State
from agent.waiting import NotTaken, enroll_if_told, enrolling
from tests.fakes import FakeHost, FakeTransport, FixedClock

SETTLED = Config("Example", "d-1", "collector.example:7844", "collector.example:7843")


class Enrolling:
    def __init__(self, trouble: Exception | None = None) -> None:
        self.given: list[str] = []
        self.trouble = trouble

    def __call__(self, words: str) -> Config:
        self.given.append(words)
        if self.trouble:
            raise self.trouble
        return SETTLED


def log(sentence: str, **fields: str | float) -> None:
    """Nobody reads it."""


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.open(tmp_path / "state", create=True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("enrollment.txt", b"muster1_AAAA\n"),
        ("enrollment.txt", "muster1_AAAA\r\n".encode("utf-16")),
        ("enrollment.txt", b"\xef\xbb\xbfmuster1_AAAA"),
        ("enrollment.ini", b"[Enrollment]\r\nString=muster1_AAAA\r\n"),
    ],
)
def test_a_string_that_a_package_left_is_used_once(state: State, name: str, content: bytes) -> None:
    state.write(name, content)
    enroll = Enrolling()

    enroll_if_told(state, enroll, log)

    assert enroll.given[0].split()[-1] == "muster1_AAAA"
    assert not state.path(name).exists()


def test_a_string_stays_while_the_collector_is_out_of_reach(state: State) -> None:
    state.write("enrollment.txt", b"muster1_AAAA")

    with pytest.raises(Unreachable):
        enroll_if_told(state, Enrolling(Unreachable("no answer")), log)

    assert state.path("enrollment.txt").exists()


def test_an_enrolled_agent_asks_nobody(state: State) -> None:
    state.write("enrollment.txt", b"muster1_AAAA")
    state.write(FILE, SETTLED.to_toml())
    enroll = Enrolling()

    enroll_if_told(state, enroll, log)

    assert enroll.given == []


def test_a_profiles_string_counts_where_no_file_lies(state: State, tmp_path: Path) -> None:
    managed = tmp_path / "org.muster.agent.plist"
    managed.write_bytes(plistlib.dumps({"EnrollmentString": "muster1_BBBB", "Mode": "scheduled"}))
    enroll = Enrolling()

    enroll_if_told(state, enroll, log, managed)

    assert enroll.given == ["muster1_BBBB"]


@pytest.mark.parametrize("content", [b"", b"bplist00", b"x" * 20_000, plistlib.dumps([1])])
def test_preferences_that_are_none_leave_nothing(
    state: State, tmp_path: Path, content: bytes
) -> None:
    managed = tmp_path / "org.muster.agent.plist"
    managed.write_bytes(content)
    enroll = Enrolling()

    enroll_if_told(state, enroll, log, managed)

    assert enroll.given == []


def test_a_string_that_is_none_is_said_in_a_line(state: State) -> None:
    enroll = enrolling(state, lambda address, _: FakeTransport(), FixedClock(), FakeHost)

    with pytest.raises(NotTaken, match="that was left here: this is not an enrollment string"):
        enroll("String MUSTER_NOTHING")
