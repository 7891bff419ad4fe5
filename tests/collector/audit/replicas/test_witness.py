"""A replica refuses another history as a witness does, and has stored what it took (T58)."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.audit.chain import Head, line_of, signed_words
from collector.audit.entry import COLLECTOR, Action, Entry, moment, written
from collector.audit.journal import Journal
from collector.audit.replicas.directory import Directory
from collector.audit.replicas.local import next_part
from collector.audit.replicas.shelf import Lost, Part, Unreachable
from collector.audit.replicas.witness import Answer, Held, Refused, Witness
from collector.audit.signing import Signer
from tests.collector.audit.log import SIGNER, login
from tests.collector.audit.replicas.kept import PUBLIC_KEY, Kept, kept

OTHER = Signer(Ed25519PrivateKey.from_private_bytes(b"\2" * 32))


@pytest.fixture
def at(tmp_path: Path) -> Kept:
    """A log with one checkpoint, all of it held by the replica."""
    found = kept(tmp_path)
    found.log.append(login(), login())
    found.log.checkpoint(now_if_any=True)
    assert found.feeder().feed().trouble == ""
    return found


def refusal(at: Kept, part: Part, old: Head | None = None) -> Answer:
    before = at.held()
    with pytest.raises(Refused) as refused:
        at.witness().take(old or before.head, part)
    assert at.held() == before
    assert refused.value.records == before.records
    return refused.value.answer


def lines(at: Kept, *entries: Entry) -> bytes:
    """Lines that go on from what the replica holds."""
    held, parts = at.held().head, []
    for entry in entries:
        line, digest = line_of(written(entry, held.records + 1, at.clock()), held.hash)
        held = Head(held.records + 1, digest)
        parts.append(line)
    return b"".join(parts)


def checkpoint(at: Kept, head: Head, signer: Signer = SIGNER, key: str = "") -> Entry:
    origin = key or SIGNER.verifier.origin
    detail = {
        "records": str(head.records),
        "head": head.hash.hex(),
        "key": origin,
        "signature": signer.sign(signed_words(origin, head, moment(at.clock()))),
    }
    return Entry(Action.CHECKPOINT, COLLECTOR, detail=detail)


def here(at: Kept, content: bytes) -> Part:
    return Part(1, at.held().size, content)


def test_what_goes_on_is_taken_and_stored_before_it_is_answered(at: Kept) -> None:
    held = at.held()
    taken = at.witness().take(held.head, here(at, lines(at, login())))
    assert taken.records == held.records + 1
    assert at.held() == taken
    assert (at.copy / "000001.log").stat().st_size == taken.size


def test_the_last_good_checkpoint_is_held(at: Kept) -> None:
    head = at.held().head
    taken = at.witness().take(head, here(at, lines(at, checkpoint(at, head))))
    assert taken.checkpoint == head


def test_409_who_does_not_know_where_the_replica_stands(at: Kept) -> None:
    part = here(at, lines(at, login()))
    assert refusal(at, part, old=Head(1, b"\1" * 32)) == Answer.OUT_OF_STEP


def test_409_the_same_size_with_another_hash(at: Kept) -> None:
    part, held = here(at, lines(at, login())), at.held()
    assert refusal(at, part, old=Head(held.records, b"\1" * 32)) == Answer.OUT_OF_STEP


@pytest.mark.parametrize("part", [(1, 5), (3, 0), (1, 0)])
def test_409_another_place_in_the_log(at: Kept, part: tuple[int, int]) -> None:
    assert refusal(at, Part(*part, lines(at, login()))) == Answer.OUT_OF_STEP


def test_422_lines_that_do_not_lead_on(at: Kept) -> None:
    held = at.held().head
    forged, _ = line_of(written(login("mallory"), held.records + 1, at.clock()), b"\1" * 32)
    assert refusal(at, here(at, forged)) == Answer.BAD_PROOF


def test_422_a_checkpoint_of_another_history(at: Kept) -> None:
    part = here(at, lines(at, checkpoint(at, Head(at.held().records, b"\1" * 32))))
    assert refusal(at, part) == Answer.BAD_PROOF


@pytest.mark.parametrize("cut", [b"", b"no line\n", b"half a line"])
def test_422_what_is_no_line(at: Kept, cut: bytes) -> None:
    content = cut or lines(at, login())[:-1]
    assert refusal(at, here(at, content)) == Answer.BAD_PROOF


def test_422_a_left_out_record(at: Kept) -> None:
    content = lines(at, login("alice"), login("bob"), login("carol"))
    first, _, third, _ = content.split(b"\n")
    assert refusal(at, here(at, first + b"\n" + third + b"\n")) == Answer.BAD_PROOF


def test_403_a_checkpoint_that_the_key_did_not_sign(at: Kept) -> None:
    part = here(at, lines(at, checkpoint(at, at.held().head, OTHER)))
    assert refusal(at, part) == Answer.WRONG_KEY


def test_404_a_checkpoint_of_another_log(at: Kept) -> None:
    key = OTHER.verifier.origin
    part = here(at, lines(at, checkpoint(at, at.held().head, OTHER, key)))
    assert refusal(at, part) == Answer.UNKNOWN_LOG


def test_404_another_log_altogether(at: Kept) -> None:
    strange = Witness(Directory(at.copy), OTHER.verifier, PUBLIC_KEY)
    with pytest.raises(Refused) as refused:
        strange.take(at.held().head, here(at, lines(at, login())))
    assert refused.value.answer == Answer.UNKNOWN_LOG


def test_404_a_log_of_another_key_never_begins_a_replica(at: Kept, tmp_path: Path) -> None:
    Journal(tmp_path / "strange", OTHER, at.clock).append(login())
    (tmp_path / "empty").mkdir()
    part = next_part(tmp_path / "strange", 0, 0)
    assert part is not None
    with pytest.raises(Refused) as refused:
        at.witness(Directory(tmp_path / "empty")).take(Head(), part)
    assert refused.value.answer == Answer.UNKNOWN_LOG


def test_of_two_that_race_one_is_taken_and_one_gets_409(at: Kept) -> None:
    witness, head = at.witness(), at.held().head
    parts = [here(at, lines(at, login(name))) for name in ("alice", "bob")]
    answers: list[Answer] = []

    def offer(part: Part) -> None:
        try:
            witness.take(head, part)
            answers.append(Answer.TAKEN)
        except Refused as refused:
            answers.append(refused.answer)

    threads = [threading.Thread(target=offer, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [Answer.TAKEN, Answer.OUT_OF_STEP]


class Stumbling(Directory):
    """Breaks after the lines and before the note of where it stands."""

    def keep_state(self, content: bytes) -> None:
        raise Unreachable("cut off")


def test_what_was_not_noted_is_taken_again(at: Kept) -> None:
    before, content = at.held(), lines(at, login())
    with pytest.raises(Unreachable):
        at.witness(Stumbling(at.copy)).take(before.head, here(at, content))
    assert at.held() == before
    at.witness().take(before.head, Part(1, before.size, content))
    assert (at.copy / "000001.log").read_bytes().count(content) == 1


def test_a_replica_that_lost_lines_is_not_written_on(at: Kept) -> None:
    held = at.held()
    path = at.copy / "000001.log"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(Lost, match="100 of"):
        at.witness().take(held.head, here(at, lines(at, login())))


def test_a_replica_whose_note_is_gone_does_not_begin_anew(at: Kept) -> None:
    (at.copy / "witness.json").unlink()
    with pytest.raises(Lost, match="is gone and segments are there"):
        at.held()


def test_a_note_that_cannot_be_read_is_said(at: Kept) -> None:
    (at.copy / "witness.json").write_text("{")
    with pytest.raises(Lost, match="cannot be read"):
        at.held()


def test_a_fresh_replica_begins_with_the_oldest_segment_there_is(at: Kept, tmp_path: Path) -> None:
    at.clock.advance(days=1)
    at.log.append(login())
    (at.audit / "000001.log").unlink()
    (tmp_path / "late").mkdir()
    late = replace(at, name="late")
    assert late.feeder().feed().trouble == ""
    assert late.held().first_segment == 2
    assert late.same()


def test_nothing_is_held_at_first(tmp_path: Path) -> None:
    assert kept(tmp_path).held() == Held()
