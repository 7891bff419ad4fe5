"""Each moment of the schedule is sealed once, whatever happens in between; files go in time."""

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from collector.audit.entry import COLLECTOR, Action, Actor, ActorKind, Entry
from collector.audit.signing import open_verifier
from collector.export.delivering import later
from collector.export.making import Making, files_of, folder_of
from collector.export.packing import Cancelled
from collector.export.verifying import check, follows
from collector.export_settings import DirectoryTarget, Target
from collector.model import Status
from collector.store import deliveries, exports
from collector.store.exports import Phase
from tests.collector.desk import pending
from tests.collector.export.conftest import table_of
from tests.collector.export.weekly import SUNDAY, WEEK, Weekly

ADMIN = Actor(ActorKind.ACCOUNT, "admin")


def test_the_first_pack_is_of_the_first_moment_that_comes(weekly: Weekly) -> None:
    weekly.exporting.tick()
    assert weekly.runs() == []
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    weekly.exporting.tick()
    assert [(run.variant, run.as_of, run.phase) for run in weekly.runs()] == [
        ("all", SUNDAY, Phase.DONE)
    ]
    assert weekly.names() == ["posture-2026-W47-20261122T235900Z.zip"]
    assert (weekly.folder / "packs").stat().st_mode & 0o777 == 0o700


def test_missed_ones_are_made_up_once_the_oldest_first_and_follow_each_other(
    weekly: Weekly,
) -> None:
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    weekly.until(SUNDAY + 3 * WEEK + timedelta(hours=1))
    weekly.again()
    weekly.exporting.tick()
    weekly.again()
    weekly.exporting.tick()
    assert weekly.sealed() == [SUNDAY + n * WEEK for n in range(4)]
    verifier = open_verifier(weekly.folder / "audit.pub")
    found = [check(weekly.folder / "packs" / run.name, verifier) for run in weekly.runs()]
    assert [each.problems for each in found] == [()] * 4
    assert [follows(after, before) for before, after in itertools.pairwise(found)] == [
        [],
        [],
        [],
    ]


def test_a_verdict_that_time_had_overtaken_is_not_told_as_a_pass(weekly: Weekly) -> None:
    """The collector was down when the pass ran out, and at the moment of the pack."""
    device = weekly.device
    weekly.until(SUNDAY - timedelta(days=3))
    rule = "os_security_updates_applied"
    outcome = device.report(1, pending(device))
    assert {f.finding.rule_id: f.finding.status for f in outcome.findings}[rule] is Status.PASS
    weekly.until(SUNDAY + 5 * WEEK + timedelta(days=1))
    weekly.again()
    weekly.exporting.tick()
    (pack,) = [weekly.folder / "packs" / run.name for run in weekly.runs()]
    (row,) = [row for row in table_of(pack, "findings") if row["rule_id"] == rule]
    assert row["status"] != "pass"


@pytest.mark.parametrize("where", ["draft", "moved"])
def test_a_kill_leaves_nothing_that_is_not_listed(
    weekly: Weekly, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As kill -9: nothing is cleaned up."""

    weekly.until(SUNDAY)
    packs_folder = folder_of(weekly.folder)
    if where == "draft":
        (packs_folder / ".pack-old").mkdir()
        (packs_folder / ".pack-old" / "half").write_text("half")
        weekly.exporting._schedule(weekly.exporting.watch.look())
    else:

        def killed(*_: object) -> None:
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(Making, "_list", killed)
            with pytest.raises(Killed):
                weekly.exporting.tick()
        assert weekly.names() == ["posture-2026-W47-20261122T235900Z.zip"]
        (packs_folder / weekly.names()[0]).write_bytes(b"half")
    weekly.again()
    weekly.exporting.tick()
    (run,) = weekly.runs()
    assert weekly.names() == [run.name]
    assert check(packs_folder / run.name, open_verifier(weekly.folder / "audit.pub")).problems == ()


def test_a_full_disk_is_tried_again_until_the_pack_is_there(
    weekly: Weekly, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    weekly.until(SUNDAY)
    with monkeypatch.context() as patched:
        patched.setattr("collector.export.archive.pack", full)
        weekly.exporting.tick()
    (run,) = weekly.runs()
    assert (run.phase, run.attempts, weekly.names()) == (Phase.WAITING, 1, [])
    assert "is full: free space there" in run.trouble
    assert "--out" not in run.trouble
    weekly.clock.advance(minutes=2)
    weekly.exporting.tick()
    assert weekly.runs()[0].phase is Phase.DONE


def test_who_asked_for_one_may_stop_it_and_nothing_is_left(weekly: Weekly) -> None:
    now = weekly.clock()
    number, _ = weekly.store.write(lambda c: exports.ask(c, "all", now, "alice", now))
    assert weekly.store.write(lambda c: exports.want_stopped(c, number))

    def step(phase: Phase, told: int) -> None:
        if weekly.store.write(lambda c: exports.advance(c, number, phase, told)):
            raise Cancelled("it was stopped")

    weekly.exporting.worker.step = step  # type: ignore[attr-defined]
    weekly.exporting.tick()
    assert (weekly.runs()[0].phase, weekly.names()) == (Phase.STOPPED, [])
    assert weekly.store.write(lambda c: exports.ask(c, "all", now, "alice", now)) == (number, True)


def test_what_a_person_asked_for_seals_nothing_and_is_not_made_twice(weekly: Weekly) -> None:
    now = weekly.clock()
    asked = [weekly.store.write(lambda c: exports.ask(c, "all", now, "al", now)) for _ in "ab"]
    weekly.exporting.tick()
    assert asked == [(1, True), (1, False)]
    assert weekly.sealed() == []
    assert weekly.store.read(lambda c: deliveries.of_run(c, 1)) == []
    assert weekly.store.write(lambda c: exports.ask(c, "all", now, "bob", now)) == (1, False)


def test_the_schedule_seals_what_a_person_asked_for_before(weekly: Weekly) -> None:
    weekly.until(SUNDAY)
    weekly.store.write(lambda c: exports.ask(c, "all", SUNDAY, "alice", SUNDAY))
    weekly.exporting.worker.tick()
    assert weekly.sealed() == []
    weekly.exporting.tick()
    assert weekly.sealed() == [SUNDAY]
    assert [run.asked_by for run in weekly.runs()] == [""]


def test_files_go_after_their_time_and_rows_stay(weekly: Weekly) -> None:
    weekly.again(keep_days=7)
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    for hours in range(0, 8 * 24, 12):
        weekly.until(SUNDAY + timedelta(hours=hours))
        weekly.exporting.journal.checkpoint()
        weekly.exporting.journal.append(Entry(Action.VERIFIED, COLLECTOR))
        weekly.exporting.tick()
    assert [run.phase for run in weekly.runs()] == [Phase.DROPPED, Phase.DONE]
    assert weekly.names() == [weekly.runs()[1].name]
    assert weekly.sealed() == [SUNDAY, SUNDAY + WEEK]


def test_recipients_alone_can_read_what_is_encrypted(weekly: Weekly) -> None:
    key = pyrage.x25519.Identity.generate()
    weekly.again(recipients=(str(key.to_public()),), keep_plain=False)
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    (name,) = weekly.names()
    assert name == "posture-2026-W47-20261122T235900Z.zip.age"
    sealed = (weekly.folder / "packs" / name).read_bytes()
    plain = weekly.folder / "plain.zip"
    plain.write_bytes(pyrage.decrypt(sealed, [key]))
    assert check(plain, open_verifier(weekly.folder / "audit.pub")).problems == ()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [pyrage.x25519.Identity.generate()])


def test_a_group_and_pseudonyms_have_packs_of_their_own(weekly: Weekly) -> None:
    weekly.again(variants=("all", "group:lab", "all+pseudonyms"))
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    assert weekly.names() == [
        "posture-2026-W47-20261122T235900Z-group-lab.zip",
        "posture-2026-W47-20261122T235900Z-pseudonyms.zip",
        "posture-2026-W47-20261122T235900Z.zip",
    ]


def test_a_folder_gets_each_pack_whole_and_tries_go_on_until_it_is_there(weekly: Weekly) -> None:
    place = weekly.folder / "mount"
    weekly.again(targets=(Target("share", DirectoryTarget(place)),))
    weekly.until(SUNDAY)
    weekly.exporting.tick()
    assert weekly.exporting.delivering.deliver_due() == 0
    (waiting,) = weekly.store.read(lambda c: deliveries.of_run(c, 1))
    assert (waiting.state, waiting.trouble) == (
        "waiting",
        f"{place} is no folder: make or mount it",
    )
    assert weekly.exporting.delivering.deliver_due() == 0, "it waits"
    place.mkdir()
    weekly.clock.advance(minutes=2)
    assert weekly.exporting.delivering.deliver_due() == 1
    (run,) = weekly.runs()
    (there,) = files_of(weekly.folder, run)
    assert [path.name for path in place.iterdir()] == [run.name]
    assert (place / run.name).read_bytes() == there.read_bytes()
    told = [json.loads(line[65:]) for line in _log(weekly.folder)]
    assert [r["outcome"] for r in told if r["action"] == "export.delivered"] == [
        "done",
        "failed",
        "done",
    ]


def test_a_delivery_is_given_up_after_days(weekly: Weekly) -> None:
    now = weekly.clock()
    weekly.store.write(lambda c: deliveries.put(c, 1, ["share"], now))
    (waiting,) = weekly.store.read(lambda c: deliveries.due(c, now))
    waits = [later(replace(waiting, attempts=n), now) for n in range(60)]
    assert waits[0] == now + timedelta(minutes=1)
    assert waits[20] == now + timedelta(hours=2)
    assert waits[49] is None


def test_nobody_of_that_name_is_given_up_at_once(weekly: Weekly) -> None:
    now = weekly.clock()
    weekly.store.write(lambda c: deliveries.put(c, 1, ["gone"], now))
    (waiting,) = weekly.store.read(lambda c: deliveries.due(c, now))
    assert weekly.exporting.delivering.deliver(waiting, ADMIN) == ("collector.toml names nobody so")
    assert weekly.store.read(lambda c: deliveries.of_run(c, 1))[0].state == "failed"


def _log(folder: Path) -> list[str]:
    files = sorted((folder / "audit").glob("*.log"))
    return [line for file in files for line in file.read_text().splitlines()]
