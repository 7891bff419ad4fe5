"""`audit verify` finds the replica that lies, and never takes a note of ours for its word (T60)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.audit.journal import FOLDER
from collector.audit.replicas.feeding import FOLDER as NOTES
from tests.collector.commands.conftest import Console
from tests.collector.commands.test_replicas import feed, set_up, written

LOG_HOST = ("[[replica]]", 'name = "loghost"', 'kind = "syslog"', 'address = "127.0.0.1:1"')


@pytest.fixture
def vault(console: Console) -> Path:
    """A replica of a log that has a checkpoint it holds."""
    vault = set_up(console)
    written(console)
    console.clock.advance(minutes=6)
    written(console)
    feed(console)
    return vault


def found(console: Console) -> str:
    result = console.run("audit", "verify")
    assert result.exit_code == 1, result.output
    return " ".join(result.stderr.split())


def lie(vault: Path, **fields: object) -> None:
    note = vault / "witness.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), **fields}))


def emptied(vault: Path) -> None:
    for file in vault.iterdir():
        file.unlink()


def without_its_note(vault: Path) -> None:
    (vault / "witness.json").unlink()


def cut(vault: Path) -> None:
    path = vault / "000001.log"
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (emptied, "replica vault: it holds 0 records and acknowledged 9"),
        (without_its_note, "replica vault: witness.json is gone and segments are there"),
        (cut, "replica vault: segment 000001 holds"),
        (
            lambda v: lie(v, origin="6a3803d5f059902a"),
            "replica vault: it keeps the log of key 6a38",
        ),
        (
            lambda v: lie(v, checkpoint_records=4, checkpoint_hash="ab" * 32),
            "replica vault: its checkpoint of 4 records is not signed by the log's key",
        ),
        (
            lambda v: lie(v, hash="x"),
            "replica vault: its own note of where it stands cannot be read",
        ),
        (lambda v: lie(v, segment=10**9), "replica vault: segment 000002 holds 0 bytes"),
    ],
)
def test_it_is_named_with_what_is_wrong(
    console: Console, vault: Path, change: Callable[[Path], None], said: str
) -> None:
    change(vault)
    words = found(console)
    assert said in words
    assert "acknowledged by vault" not in words
    assert words.count("replica vault") <= 5


def test_one_that_was_put_back_to_an_older_state_is_named(console: Console, vault: Path) -> None:
    shutil.copytree(vault, vault.with_name("old"))
    written(console)
    feed(console)
    shutil.rmtree(vault)
    vault.with_name("old").rename(vault)
    assert "replica vault: it holds 9 records and acknowledged" in found(console)


def test_a_forged_checkpoint_of_a_replica_does_not_speak_against_the_log(
    console: Console, vault: Path
) -> None:
    lie(vault, checkpoint_records=4, checkpoint_hash="ab" * 32)
    assert ".log:" not in found(console)


def test_what_it_cannot_give_is_not_fetched_for_ever(
    console: Console, vault: Path, tmp_path: Path
) -> None:
    lie(vault, segment=10**9)
    result = console.run("audit", "export", "--replica", "vault", "--out", str(tmp_path / "x"))
    assert result.exit_code == 1
    assert "segment 000002 is not there, and it acknowledged it" in result.stderr
    assert not (tmp_path / "x").exists()


def test_a_log_made_anew_with_another_key_is_found(console: Console, vault: Path) -> None:
    """As root: key, log and notes are new, and all of it is sound in itself."""
    for name in ("audit.key", "audit.pub"):
        (console.folder / name).unlink()
    for name in (FOLDER, NOTES):
        shutil.rmtree(console.folder / name)
    written(console, 9)
    assert "replica vault: it keeps the log of key" in found(console)


def test_a_log_host_is_not_said_to_agree(console: Console, tmp_path: Path) -> None:
    """Its place is noted here, so it is put back with the rest: only its own file tells."""
    (console.folder / "collector.toml").write_text("\n".join(LOG_HOST))
    written(console)
    lines = (console.folder / FOLDER / "000001.log").read_bytes()
    before = tmp_path / "before"
    shutil.copytree(console.folder, before)
    console.clock.advance(minutes=6)
    written(console)
    heard = tmp_path / "messages"
    heard.write_bytes((console.folder / FOLDER / "000001.log").read_bytes())
    assert lines in heard.read_bytes()
    shutil.rmtree(console.folder)
    before.rename(console.folder)
    compared = console.run("audit", "verify", "--seen", str(heard))
    assert compared.exit_code == 1
    assert "held by messages knows" in compared.stderr
    alone = console.run("audit", "verify")
    assert alone.exit_code == 0
    assert "acknowledged by" not in alone.output
    assert "gives nothing back: compare what it wrote with --seen" in " ".join(alone.stderr.split())


def test_a_log_that_is_not_sound_is_not_written_on(console: Console, vault: Path) -> None:
    """It is evidence, and one more line would make another log of it."""
    path = console.folder / FOLDER / "000001.log"
    path.write_bytes(path.read_bytes()[:-300])
    before = path.read_bytes()
    found(console)
    assert path.read_bytes() == before
