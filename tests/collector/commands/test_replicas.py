"""At the command line: what the replicas hold, and know better than the log here (T55)."""

import shutil
from pathlib import Path

import pytest

from collector.audit.entry import Action, Entry
from collector.audit.journal import FOLDER
from collector.audit.replicas.feeding import FOLDER as NOTES
from collector.audit.replicas.feeding import Feeder
from collector.audit.replicas.opening import open_replicas
from collector.settings import read_settings
from collector.surroundings import Surroundings
from tests.collector.commands.conftest import Console


def set_up(console: Console, *more: str) -> Path:
    vault = console.folder.parent / "vault"
    vault.mkdir(exist_ok=True)
    lines = ["[[replica]]", 'name = "vault"', 'kind = "directory"', f'path = "{vault}"', *more]
    (console.folder / "collector.toml").write_text("\n".join(lines))
    return vault


def feed(console: Console) -> None:
    audit = console.folder / FOLDER
    for each in open_replicas(read_settings(console.folder), console.folder):
        Feeder(each, audit, console.folder / NOTES, console.clock).feed()


def written(console: Console, times: int = 3) -> None:
    around = Surroundings(console.folder, console.clock, who=lambda: "alice")
    for number in range(times):
        around.record(Entry(Action.TOKEN_CREATED, around.actor(), subject=f"token:{number}"))


def test_without_replicas_the_policy_is_named(console: Console) -> None:
    assert "0 of the 3 replicas" in console.says("audit", "replicas")
    assert console.reads("audit", "replicas") == {"replicas": [], "wanted": 3}


def test_each_replica_is_listed_with_its_lag_and_its_last_checkpoint(console: Console) -> None:
    set_up(console)
    written(console)
    (waiting,) = console.reads("audit", "replicas")["replicas"]
    console.clock.advance(minutes=6)
    assert (waiting["records"], waiting["checkpoint"]) == (0, "")
    assert "down" in console.says("audit", "replicas")
    feed(console)
    (fed,) = console.reads("audit", "replicas")["replicas"]
    assert (fed["state"], fed["lag_seconds"]) == ("good", 0)
    assert fed["checkpoint"].partition(":")[0].isdecimal()


def test_the_log_is_compared_with_what_the_replica_acknowledged(console: Console) -> None:
    set_up(console)
    written(console)
    feed(console)
    assert "acknowledged by vault" in console.says("audit", "verify")


def test_everything_put_back_to_an_older_copy_is_caught(console: Console) -> None:
    """As root, with the key and all notes: only what lies elsewhere tells."""
    set_up(console)
    written(console)
    feed(console)
    before = console.folder.parent / "before"
    shutil.copytree(console.folder, before)
    console.clock.advance(minutes=6)
    written(console)
    feed(console)
    shutil.rmtree(console.folder)
    before.rename(console.folder)
    result = console.run("audit", "verify")
    assert result.exit_code == 1
    assert "old copy was put back" in result.stderr


def test_a_replica_that_was_changed_is_named_with_the_line(console: Console) -> None:
    vault = set_up(console)
    written(console)
    feed(console)
    path = vault / "000001.log"
    path.write_bytes(path.read_bytes().replace(b"token.created", b"token.revoked", 1))
    result = console.run("audit", "verify")
    assert result.exit_code == 1
    assert "replica vault: 000001.log:2: it holds another line than here" in result.stderr


def test_a_replica_that_is_away_is_said_and_stops_nothing(console: Console) -> None:
    vault = set_up(console)
    written(console)
    feed(console)
    vault.rename(vault.with_name("away"))
    result = console.run("audit", "verify")
    assert result.exit_code == 0
    assert "vault could not be asked" in " ".join(result.stderr.split())


def test_what_a_replica_holds_is_fetched_and_verified(console: Console, tmp_path: Path) -> None:
    set_up(console)
    written(console)
    feed(console)
    out = tmp_path / "fetched"
    console.says("audit", "export", "--replica", "vault", "--out", str(out))
    words = ("audit", "verify", "--folder", str(out), "--key", str(out / "audit.pub"))
    assert "nothing was changed" in console.says(*words)
    unknown = console.refuses(
        "audit", "export", "--replica", "nobody", "--out", str(tmp_path / "x")
    )
    assert "no replica is called" in unknown
    assert not (tmp_path / "x.part").exists()


def test_what_a_log_host_wrote_is_compared(console: Console, tmp_path: Path) -> None:
    written(console)
    lines = (console.folder / FOLDER / "000001.log").read_text().splitlines()
    file = tmp_path / "messages"
    file.write_text("".join(f"Nov 22 12:00:00 host muster-collector: {line}\n" for line in lines))
    assert "acknowledged by messages" in console.says("audit", "verify", "--seen", str(file))
    file.write_text("nothing of it\n")
    assert "holds no checkpoint" in console.refuses("audit", "verify", "--seen", str(file))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[[replica]", "collector.toml: "),
        ('replica = "x"', "write each one under [[replica]]"),
        ('[[replica]]\nname = "A b"\nkind = "directory"', "replica 1: name: use 1 to 31 small"),
        ('[[replica]]\nname = "a"\nkind = "ftp"', "'ftp' is not one of directory, syslog, s3"),
        ('[[replica]]\nname = "a"\nkind = "directory"\npath = "x"', "path: give the whole path"),
        (
            '[[replica]]\nname = "a"\nkind = "directory"\npath = "/x"\nfolder = "y"',
            "replica 1: folder: no such setting here",
        ),
        ('[[replica]]\nname = "a"\nkind = "syslog"\naddress = "host"', "address: write HOST:PORT"),
        (
            '[[replica]]\nname = "a"\nkind = "s3"\nbucket = "audit"\nurl = "http://s3.example"',
            "url: write https://HOST",
        ),
        (
            '[[replica]]\nname="a"\nkind="s3"\nbucket="b-1"\nurl = "https://s"\nkeys_file = "n"',
            "cannot be read: No such file",
        ),
        ('[channel]\nwebhook = "file:///etc/passwd"', "webhook: write https://HOST"),
        ('[channel]\nwebhook = "https://a:b@host/"', "without a name or password in it"),
        ("replicas_wanted = true", "must be a whole number from 0 to 20"),
        ('bucket = "x"', "collector.toml: bucket: no such setting here"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(console: Console, written: str, said: str) -> None:
    (console.folder / "collector.toml").write_text(written)
    assert said in console.refuses("audit", "replicas")


def test_a_secret_that_others_can_read_is_refused(console: Console) -> None:
    keys = console.folder / "s3.keys"
    keys.write_text("id\nsecret\n")
    keys.chmod(0o644)
    lines = ["[[replica]]", 'name = "a"', 'kind = "s3"', 'bucket = "audit"']
    lines += ['url = "https://s3.example"', 'keys_file = "s3.keys"']
    (console.folder / "collector.toml").write_text("\n".join(lines))
    assert "can be read by others: run `chmod 600" in console.refuses("audit", "replicas")


def test_a_folder_of_the_log_that_was_left_out_is_named(console: Console) -> None:
    standby = console.folder.parent / "second"
    standby.mkdir()
    (console.folder / "collector.toml").write_text(f'[audit]\nstandby = "{standby}"\n')
    written(console)
    assert "left out" not in console.run("audit", "verify").stderr
    standby.rename(standby.with_name("away"))
    written(console)
    found = console.run("audit", "verify")
    assert found.exit_code == 0
    assert f"{standby} is left out, since it could" in " ".join(found.stderr.split())
