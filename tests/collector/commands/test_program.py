"""Every command explains itself, and every foreseeable trouble is one line and an exit status."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import text

from collector.cli import program
from collector.store import Store
from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk


def commands(
    group: click.Group = program, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = dict(commands())
LEAVES = [
    path
    for path, command in EVERY.items()
    if not isinstance(command, click.Group) or command.invoke_without_command
]
NEEDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("account", "add"): ("alice", "--role", "viewer"),
    ("account", "role"): ("alice", "viewer"),
    ("account", "disable"): ("alice", "--because", "left"),
    ("account", "enable"): ("alice",),
    ("account", "link"): ("alice",),
    ("account", "connect-app"): ("alice",),
    ("export", "deliver"): ("x",),
    ("audit", "export"): ("--out", "nowhere"),
    ("token", "revoke"): ("x",),
    ("device", "show"): ("x",),
    ("device", "retire"): ("x", "--yes"),
    ("device", "release"): ("x", "--yes"),
    ("device", "owner"): ("x", "alice@example.org"),
    ("device", "groups"): ("x",),
    ("device", "forget"): ("x", "--yes"),
    ("device", "check-now"): ("x",),
    ("device", "lock"): ("x", "--reason", "r"),
    ("group", "make"): ("sales",),
    ("group", "remove"): ("sales",),
    ("group", "add"): ("sales", "x"),
    ("group", "drop"): ("sales", "x"),
    ("people", "import"): (os.devnull,),
    ("people", "show"): ("alice@example.org",),
    ("people", "forget"): ("alice@example.org", "--yes"),
    ("device", "continue"): ("x", "--of", "y", "--yes"),
    ("group", "describe"): ("x", "--contact", "it@example.org"),
    ("group", "show"): ("x",),
    ("release", "add"): ("1.2.0",),
    ("release", "halt"): ("1.2.0", "--reason", "r"),
    ("release", "promote"): ("1.2.0",),
    ("policy", "try"): (os.devnull,),
    ("policy", "diff"): (os.devnull,),
    ("dispute", "resolve"): ("1", "--right", "--reason", "r"),
    ("policy", "apply"): (os.devnull,),
    ("waiver", "request"): ("x", "disk_encrypted", "--until", "2026-12-01", "--reason", "r"),
    ("waiver", "approve"): ("1",),
    ("waiver", "refuse"): ("1", "--reason", "r"),
    ("waiver", "end"): ("1",),
    ("notify", "retry"): ("1",),
    ("notify", "test"): ("night",),
    ("incident", "show"): ("1",),
    ("export", "verify"): (os.devnull,),
    ("sso", "link"): ("alice", "sub"),
    ("sso", "unlink"): ("alice",),
    ("incident", "note"): ("1", "words"),
    ("incident", "close"): ("1", "--cause", "a", "--consequence", "b"),
}
WITHOUT_A_COLLECTOR = {("serve",), ("policy", "check"), ("sso", "check"), ("export", "verify")}


@pytest.mark.parametrize("path", [(), *EVERY], ids=" ".join)
def test_every_command_has_help_with_an_example_in_80_columns(
    path: tuple[str, ...], nowhere: Console
) -> None:
    said = nowhere.says(*path, "--help")
    assert f"Example: muster-collector {' '.join(path)}" in said


@pytest.mark.parametrize("path", [p for p in LEAVES if p not in WITHOUT_A_COLLECTOR], ids=" ".join)
def test_without_a_collector_a_command_says_how_to_start_one_and_makes_nothing(
    path: tuple[str, ...], nowhere: Console
) -> None:
    said = nowhere.refuses(*path, *NEEDS.get(path, ()), status=1)
    assert said.startswith(f"no collector here: {nowhere.folder} holds no collector.sqlite3")
    assert "muster-collector serve" in said
    assert not nowhere.folder.exists()


@pytest.mark.parametrize("path", [p for p in LEAVES if p != ("serve",)], ids=" ".join)
def test_an_option_that_does_not_exist_is_one_line(path: tuple[str, ...], nowhere: Console) -> None:
    said = nowhere.refuses(*path, "--nonsense")
    assert said.startswith("No such option '--nonsense'")
    assert said.endswith(f"(see muster-collector {' '.join(path)} --help)")


def test_a_command_that_does_not_exist_is_one_line(nowhere: Console) -> None:
    assert nowhere.refuses("devics").startswith("No such command 'devics'")


def test_help_imports_neither_the_store_nor_grpc() -> None:
    look = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from collector.cli import program\n"
        "for words in ([], ['serve'], ['policy', 'try'], ['device', 'show']):\n"
        "    assert CliRunner().invoke(program, [*words, '--help']).exit_code == 0\n"
        "print(sorted({'sqlalchemy', 'grpc', 'starlette', 'jinja2'} & sys.modules.keys()))\n"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_the_data_folder_is_an_option_and_a_variable(desk: Desk, nowhere: Console) -> None:
    folder = str(desk.store.path.parent)
    assert "alpha" in nowhere.says("--data", folder, "devices")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSTER_DATA", folder)
        assert "alpha" in nowhere.says("devices")


def test_a_file_where_the_folder_should_be_is_no_collector(nowhere: Console) -> None:
    nowhere.folder.write_text("not a folder")
    assert nowhere.refuses("devices", status=1).startswith("no collector here")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_says_which_account_may(console: Console) -> None:
    console.folder.chmod(0)
    said = console.refuses("devices", status=1)
    console.folder.chmod(0o700)
    assert "run this as the account that runs the collector" in said


def test_a_newer_database_is_refused_in_the_words_of_the_store(
    desk: Desk, console: Console
) -> None:
    desk.store.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    assert "of the collector and this is" in console.refuses("devices", status=1)


def test_a_damaged_database_says_what_to_restore(nowhere: Console) -> None:
    nowhere.folder.mkdir()
    (nowhere.folder / "collector.sqlite3").write_bytes(b"not a database, " * 1000)
    assert "restore a backup" in nowhere.refuses("devices", status=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--web", "localhost"), "--web: 'localhost' is not an address: write HOST:PORT"),
        (("--check-in", "[::1]:70000"), "--check-in: port 70000 does not exist"),
        (("--host-name", "a b"), "--host-name: 'a b' is not a host name"),
        (("--name", " "), "--name: give the collector a name"),
    ],
)
def test_serve_refuses_settings_before_it_makes_anything(
    words: tuple[str, ...], said: str, nowhere: Console
) -> None:
    assert nowhere.refuses("serve", *words).startswith(said)
    assert not nowhere.folder.exists()


def test_the_help_of_serve_says_which_addresses_it_takes_by_itself(nowhere: Console) -> None:
    said = " ".join(nowhere.says("serve", "--help").split())
    for option, port in (("check-in", 7843), ("enroll", 7844), ("web", 7845)):
        assert re.search(rf"--{option} HOST:PORT [^-]*\[default: 127.0.0.1:{port}\]", said)


def test_serve_on_a_file_says_what_to_name_instead(nowhere: Console) -> None:
    nowhere.folder.write_text("not a folder")
    assert "with --data DIR" in nowhere.refuses("serve", status=1)


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    command = [sys.executable, "-m", "collector", "--data", str(tmp_path), "policy", "show"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 1
