"""The second folder of the audit log is set in the file, and nothing there turns the log off."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from collector.accounts.roles import Permission
from collector.audit.journal import Journal
from collector.cli import program
from collector.config import Config, ConfigError
from collector.settings import Settings, read_settings, read_standby


def written(folder: Path, text: str) -> Path:
    (folder / "collector.toml").write_text(text)
    return folder


def test_a_standby_is_read_and_there_is_none_at_first(tmp_path: Path) -> None:
    assert read_settings(tmp_path).standby is None
    assert read_standby(tmp_path) is None
    folder = written(tmp_path, '[audit]\nstandby = "/mnt/second/audit"\n')
    assert read_settings(folder).standby == Path("/mnt/second/audit")
    assert read_standby(folder) == Path("/mnt/second/audit")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('standby = "second"', "audit: standby: give the whole path, from /"),
        ("standby = 3", "audit: standby: must be a line of text"),
        ("", "audit: standby: is not set"),
        ('standby = "/mnt/a"\nmode = "off"', "audit: mode: no such setting here"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_setting(tmp_path: Path, text: str, said: str) -> None:
    folder = written(tmp_path, f"[audit]\n{text}\n")
    for read in (read_settings, read_standby):
        with pytest.raises(ConfigError) as found:
            read(folder)
        assert str(found.value) == f"collector.toml: {said}"


@pytest.mark.parametrize("inside", ["", "audit", "audit/second"])
def test_a_folder_of_the_data_folder_is_no_second_one(tmp_path: Path, inside: str) -> None:
    folder = written(tmp_path, f'[audit]\nstandby = "{tmp_path / inside}"\n')
    with pytest.raises(ConfigError, match="outside the data folder, on another disk"):
        read_standby(folder)


def commands_of(group: click.Command, before: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(group, click.Group):
        yield before, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from commands_of(command, f"{before} {name}".strip())


def test_nothing_turns_the_log_off() -> None:
    """The last sink cannot be disabled: what exists is a closed list, and a new word is seen here.

    A journal is made of a folder, which nobody can leave out; the settings add a second one; the
    commands and permissions about the log read it, copy it and sign it off.
    """
    first, *_others = Journal.__init__.__annotations__.items()
    assert first == ("folder", Path)
    assert {each.name for each in fields(Config) if "audit" in each.name} == set()
    about = {each.name for each in fields(Settings)} & {"standby", "replicas", "wanted"}
    assert about == {"standby", "replicas", "wanted"}
    named = {name: command for name, command in commands_of(program) if name.startswith("audit")}
    assert set(named) == {"audit export", "audit list", "audit replicas", "audit verify"}
    assert not [
        each for _name, each in commands_of(program) for o in each.params if o.name == "audit"
    ]
    assert {each for each in Permission if "audit" in each.value} == {
        Permission.SEE_AUDIT,
        Permission.REVIEW_AUDIT,
    }


@pytest.mark.parametrize(
    "text",
    [
        "audit = false",
        "[audit]\nenabled = false",
        '[audit]\nfolder = "/dev/null"',
        '[audit]\nstandby = ""\nfirst = false',
    ],
)
def test_a_setting_that_would_turn_it_off_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="audit"):
        read_settings(written(tmp_path, text + "\n"))
