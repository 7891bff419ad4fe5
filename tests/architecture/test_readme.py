"""The README says what the program does: its tables are compared with the program."""

import re
from pathlib import Path

import click
import pytest

from agent.checks import CHECKS
from agent.cli import commands as agent_commands
from collector.accounts.roles import Permission, Role, may
from collector.cli import COMMANDS, program
from collector.policy import RULES, default_text, load
from collector.policy import title as title_of

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
COLUMNS = ("linux", "macos", "windows")


def rows(first_cell: str) -> list[str]:
    return re.findall(rf"^\| `{re.escape(first_cell)}` \|(.*)\|$", README, re.MULTILINE)


@pytest.mark.parametrize("signal", CHECKS)
def test_the_table_of_signals_is_what_the_checks_cover(signal: str) -> None:
    (cells,) = rows(signal)
    said = [cell.strip() for cell in cells.split("|")]
    assert said == ["yes" if system in CHECKS[signal] else "not yet" for system in COLUMNS]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_in_the_table_as_it_is(rule: object) -> None:
    settings = load(default_text(), "policy").rules[rule.id]  # type: ignore[attr-defined]
    (cells,) = rows(rule.id)  # type: ignore[attr-defined]
    title, severity = (cell.strip() for cell in cells.split("|"))
    assert (title, severity) == (title_of(rule.id), settings.severity.value)  # type: ignore[attr-defined]


def commands() -> dict[str, str]:
    """What can be typed after muster-collector, with its one-line help."""
    found = {}
    context = click.Context(program)
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        inner = command.commands if isinstance(command, click.Group) else {"": command}
        for word, each in inner.items():
            found[f"{name} {word}".strip()] = each.get_short_help_str(90)
    return found | {command.NAME: command.HELP for command in agent_commands()}


@pytest.mark.parametrize(("name", "said"), commands().items())
def test_every_command_is_in_its_table_with_its_help(name: str, said: str) -> None:
    assert [cells.strip() for cells in rows(name)] == [said]


def test_every_target_the_documents_name_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md", "DECISIONS.md"):
        named = re.findall(r"`make ([a-z-]+)", (ROOT / document).read_text())
        assert set(named) <= targets, document


def test_no_document_links_to_a_file_that_is_not_there() -> None:
    for document in ROOT.glob("*.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (ROOT / link).exists(), f"{document.name}: {link}"


@pytest.mark.parametrize("permission", Permission)
def test_the_table_of_roles_is_the_one_in_force(permission: Permission) -> None:
    text = (ROOT / "docs" / "roles.md").read_text()
    (cells,) = re.findall(rf"^\| {re.escape(permission)} \|(.*)\|$", text, re.MULTILINE)
    said = [cell.strip() == "yes" for cell in cells.split("|")]
    assert said == [may(role, permission) for role in Role]
