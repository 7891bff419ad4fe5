"""No change of the log goes unseen: T55 and T61, each with the place where it was made."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.audit.chain import GENESIS, line_of
from collector.audit.retention import KEPT, purge
from collector.audit.segments import segments
from collector.audit.signing import Signer
from collector.audit.verifying import Kept, verify
from tests.collector.audit.log import SIGNER, journal, login, verified, written_over_days
from tests.fakes import FixedClock

Change = Callable[[list[bytes], random.Random], int]


def edit(lines: list[bytes], chance: random.Random) -> int:
    at = chance.randrange(len(lines))
    line = bytearray(lines[at])
    line[chance.randrange(len(line) - 1)] ^= 1 << chance.randrange(7)
    lines[at] = bytes(line)
    return at


def delete(lines: list[bytes], chance: random.Random) -> int:
    at = chance.randrange(len(lines) - 1)
    del lines[at]
    return at


def insert(lines: list[bytes], chance: random.Random) -> int:
    at = chance.randrange(1, len(lines))
    lines.insert(at, lines[at])
    return at + 1


def swap(lines: list[bytes], chance: random.Random) -> int:
    at = chance.randrange(len(lines) - 1)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return at


@pytest.mark.parametrize("change", [edit, delete, insert, swap])
@pytest.mark.parametrize("seed", range(40))
def test_a_change_is_found_at_its_place(tmp_path: Path, change: Change, seed: int) -> None:
    chance = random.Random(seed)
    written_over_days(tmp_path, FixedClock())
    segment = chance.choice(segments(tmp_path))
    lines = segment.path.read_bytes().splitlines(keepends=True)
    at = change(lines, chance)
    segment.path.write_bytes(b"".join(lines))
    problems = verified(tmp_path).problems
    assert problems
    assert problems[0].segment == segment.path.name
    assert problems[0].line <= at + 1


def test_a_chain_made_anew_is_betrayed_by_the_checkpoints(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock(), days=1)
    path = segments(tmp_path)[0].path
    records = [line[65:] for line in path.read_bytes().splitlines()]
    records[1] = records[1].replace(b"alice", b"mallo")
    before, forged = GENESIS, b""
    for record in records:
        line, before = line_of(record, before)
        forged += line
    path.write_bytes(forged)
    assert "signature is not over these records" in str(verified(tmp_path).problems[0])


def test_another_key_signs_nothing_of_ours(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock(), days=1)
    other = Signer(Ed25519PrivateKey.from_private_bytes(b"\2" * 32)).verifier
    assert "by another key" in str(verify(tmp_path, other).problems[0])


def test_a_missing_segment_is_named(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock())
    segments(tmp_path)[1].path.unlink()
    assert any("000002 before it is missing" in str(p) for p in verified(tmp_path).problems)


def test_a_beginning_that_was_cut_off_is_not_taken_for_a_purge(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock())
    segments(tmp_path)[0].path.unlink()
    assert any("no signed record says" in str(p) for p in verified(tmp_path).problems)


def test_an_end_that_was_cut_off_is_betrayed_by_a_checkpoint_kept_elsewhere(tmp_path: Path) -> None:
    log = written_over_days(tmp_path, FixedClock())
    known = log.head()
    path = segments(tmp_path)[-1].path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert verified(tmp_path).problems == []  # one copy alone cannot tell
    found = verify(tmp_path, SIGNER.verifier, [Kept(known, "vault")]).problems
    assert "the end is missing or an old copy was put back" in str(found[0])


def test_a_log_rewritten_before_a_known_checkpoint_is_named(tmp_path: Path) -> None:
    log = written_over_days(tmp_path, FixedClock(), days=1)
    known = log.head()
    for segment in segments(tmp_path):
        segment.path.unlink()
    written_over_days(tmp_path, FixedClock(now=FixedClock().now + timedelta(days=9)), days=1)
    found = verify(tmp_path, SIGNER.verifier, [Kept(known, "vault")]).problems
    assert any("held by vault" in str(problem) for problem in found)


def test_old_segments_are_purged_and_the_rest_still_verifies(tmp_path: Path) -> None:
    clock = FixedClock()
    log = written_over_days(tmp_path, clock, days=4)
    clock.advance(days=271)
    assert purge(log, clock.now) > 0
    left = [segment.number for segment in segments(tmp_path)]
    assert left[0] > 1
    assert verified(tmp_path).problems == []
    assert purge(log, clock.now) == 0


def test_a_record_is_kept_for_nine_months_and_no_segment_for_a_day_more(tmp_path: Path) -> None:
    clock = FixedClock()
    log = journal(tmp_path, clock)
    log.append(login())
    written_at = clock.now
    clock.advance(days=1)
    log.append(login())
    assert purge(log, written_at + KEPT) == 0
    assert purge(log, written_at + KEPT + timedelta(days=1)) == 1


def test_a_purge_that_was_cut_short_is_finished_by_the_next(tmp_path: Path) -> None:
    clock = FixedClock()
    log = written_over_days(tmp_path, clock, days=5)
    clock.advance(days=400)
    kept = [(segment.path, segment.path.read_bytes()) for segment in segments(tmp_path)]
    purge(log, clock.now)
    for path, content in kept[2:4]:
        path.write_bytes(content)  # as if the power had gone after the second file
    assert verified(tmp_path).problems == []
    purge(log, clock.now)
    assert verified(tmp_path).problems == []
    assert not any(path.exists() for path, _ in kept[:4])


def test_a_claimed_purge_that_nobody_signed_hides_nothing(tmp_path: Path) -> None:
    written_over_days(tmp_path, FixedClock())
    first, second = segments(tmp_path)[:2]
    last = segments(tmp_path)[-1].path
    previous = second.path.read_bytes().split(b'"previous":"')[1][:64].decode()
    end = last.read_bytes().splitlines()[-1]
    number = int(end.split(b'"n":')[1].split(b",")[0]) + 1
    record = (
        f'{{"n":{number},"at":"2026-11-25T00:00:00.000Z","action":"audit.purged",'
        f'"detail":{{"through":"1","head":"{previous}"}}}}'
    )
    line, _ = line_of(record.encode(), bytes.fromhex(end[:64].decode()))
    last.write_bytes(last.read_bytes() + line)
    first.path.unlink()
    assert any("no signed record says" in str(p) for p in verified(tmp_path).problems)
