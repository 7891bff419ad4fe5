"""The documents are true: what they tell people to type exists, and links lead somewhere."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agent import cli as agent
from collector.cli import program

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PAST = ("CHANGELOG.md", "DECISIONS.md")
"""What was true once stays there."""
TYPED = re.compile(r"muster-(agent|collector)((?: +[^\s`|#&;)]+)*)")
"""A command within code, up to a comment or another command."""


def typed(half: str) -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        if document.name in PAST:
            continue
        text = document.read_text()
        blocks = [line for part in text.split("```")[1::2] for line in part.splitlines()]
        for code in [*blocks, *re.findall(r"`([^`\n]+)`", text)]:
            for name, rest in TYPED.findall(code):
                if name == half and rest.strip():
                    yield document.name, rest.strip()


def words(line: str) -> list[str]:
    try:
        return shlex.split(line.partition(" > ")[0].partition(" < ")[0])
    except ValueError:
        return line.split()


def agents() -> dict[str, set[str]]:
    """Every command with its options."""
    (below,) = (
        action
        for action in agent.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return {name: set(each._option_string_actions) for name, each in below.choices.items()}


@pytest.mark.parametrize(("document", "line"), sorted(set(typed("agent"))))
def test_what_the_agent_is_told_in_the_documents_exists(document: str, line: str) -> None:
    known, (first, *rest) = agents(), words(line)
    if first.startswith("-"):
        assert first in {"--help", "--version"}, document
        return
    if not first.isalpha():
        return
    assert first in known, f"{document}: muster-agent {line}"
    options = {word.partition("=")[0] for word in rest if re.fullmatch(r"--?[a-z][\w=-]*", word)}
    assert options <= known[first], f"{document}: muster-agent {line}"


@pytest.mark.parametrize(("document", "line"), sorted(set(typed("collector"))))
def test_what_the_collector_is_told_in_the_documents_exists(document: str, line: str) -> None:
    command: click.Command = program
    rest = [word for word in words(line) if word not in ("…", "...")]
    while rest and isinstance(command, click.Group) and rest[0].isascii() and rest[0][0].isalpha():
        inner = command.get_command(click.Context(command), rest[0])
        assert inner is not None, f"{document}: muster-collector {line}"
        command, rest = inner, rest[1:]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    options = {word.partition("=")[0] for word in rest if re.fullmatch(r"--[a-z][\w=-]*", word)}
    above = {name for each in program.params for name in each.opts}
    assert options <= known | above | {"--help"}, f"{document}: muster-collector {line}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_of_the_documents_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / link).exists(), f"{document.name}: {link}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_targets_that_the_documents_name_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`(?:sudo )?make ([a-z-]+)", document.read_text()))
    assert document.name in PAST or named <= targets


def test_what_troubleshooting_quotes_is_what_the_agent_says() -> None:
    sources = [file.read_text() for file in sorted((ROOT / "agent").rglob("*.py"))]
    said = re.sub(r'"\s*\n?\s*f?"', "", " ".join(sources))
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    quoted = re.findall(r"^\| (.+?) \| .* \| .* \|$", page, re.MULTILINE)[1:]
    assert len(quoted) > 8
    missing = [each for each in quoted if any(p.strip() not in said for p in each.split("…"))]
    assert missing == []


def test_the_playbook_hands_the_string_over_as_a_file_and_takes_it_away() -> None:
    play = (ROOT / "docs/examples/install-agent.yml").read_text()
    argv = re.findall(r"^ {14}- (.+)$", play, re.MULTILINE)
    assert argv[0] == "muster-agent"
    assert {word for word in argv if word.startswith("--")} <= agents()[argv[1]]
    assert "muster_enrollment_string" not in " ".join(argv)
    bring, _, after = play.partition("Join the collector")
    assert bring.index('mode: "0600"') < bring.index("no_log: true")
    assert after.index("always:") < after.index("state: absent")
