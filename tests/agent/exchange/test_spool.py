from pathlib import Path

import pytest

from agent.exchange import spool as spooling
from agent.exchange.spool import Spool
from protos.posture.v1.posture_service_pb2 import Report


def report(sequence: int, size: int = 10) -> Report:
    made = Report(sequence=sequence, posture=bytes([sequence % 256]) * size)
    made.observed_at.FromSeconds(1000 + sequence)
    return made


def sequences(spool: Spool) -> list[int]:
    return [waiting.sequence for waiting in spool.reports()]


def test_reports_come_back_oldest_first_as_they_were(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    for number in (10, 9, 100):
        spool.add(report(number))
    assert list(spool.reports()) == [report(9), report(10), report(100)]


def test_an_accepted_report_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(report(1))
    spool.add(report(2))
    spool.remove(1)
    assert sequences(spool) == [2]


def test_the_oldest_make_room_and_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooling, "MOST_FILES", 3)
    spool = Spool(tmp_path)
    for number in range(1, 6):
        spool.add(report(number))
    assert sequences(spool) == [3, 4, 5]
    assert Spool(tmp_path).dropped == 2


def test_bytes_are_bounded_and_the_newest_always_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(report(1, 2_000_000))
    spool.add(report(2, 2_000_000))
    assert sequences(spool) == [1, 2]
    spool.add(report(3, 4_000_000))
    assert sequences(spool) == [3]
    spool.add(report(4, 6_000_000))
    assert sequences(spool) == [4]
    assert spool.dropped == 3


@pytest.mark.parametrize("garbage", [b"", b"\0" * 500, b"short", b"x" * 32 + b"\xff\xff"])
def test_garbage_is_put_aside_and_blocks_nothing(tmp_path: Path, garbage: bytes) -> None:
    spool = Spool(tmp_path)
    for number in (1, 2, 3):
        spool.add(report(number))
    (tmp_path / f"{2:020d}.report").write_bytes(garbage)
    assert sequences(spool) == [1, 3]
    assert (spool.waiting, spool.aside) == (2, 1)


def test_one_flipped_bit_is_garbage(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(report(1))
    path = tmp_path / f"{1:020d}.report"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert sequences(spool) == []
    assert spool.newest_digest() is None


def test_a_new_enrollment_starts_empty(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(report(1))
    spool.add(report(2))
    spool.put_aside(1)
    spool.clear()
    assert (spool.waiting, spool.aside, spool.dropped) == (0, 0, 0)
