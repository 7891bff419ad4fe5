"""English is the source; every text that is said is said in French as well, with its values."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import language
from agent.french import TEXTS
from tests.agent.terminal import Terminal

AGENT = Path(language.__file__).parent
SAYING = {"say": 1, "marked": 1, "counted": 2}
VALUES = re.compile(r"%\((\w+)\)s")


def said() -> Iterator[str]:
    for file in AGENT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for argument in node.args[: SAYING.get(node.func.id, 0)]:
                    for part in ast.walk(argument):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            yield part.value


def test_everything_that_is_said_is_said_in_french_and_nothing_else() -> None:
    texts = set(said())
    assert len(texts) > 40
    assert sorted(texts - TEXTS.keys()) == []
    assert sorted(TEXTS.keys() - texts) == []


@pytest.mark.parametrize(("english", "french"), TEXTS.items())
def test_a_translation_has_the_values_of_its_text(english: str, french: str) -> None:
    assert set(VALUES.findall(english)) == set(VALUES.findall(french))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_CA"}, "fr"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_BE.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "fr"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:en"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_environment_says_the_language(environ: dict[str, str], expected: str) -> None:
    assert language.chosen(None, environ) == expected


def test_where_the_environment_says_nothing_the_system_does() -> None:
    assert language.chosen(None, {}, "fr") == "fr"
    assert language.chosen("en", {"LANG": "fr_FR.UTF-8"}, "fr") == "en"


def test_status_speaks_the_readers_language_in_eighty_columns(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "state")
    terminal.enroll()
    terminal.answer()
    (finding,) = terminal.collector.response.answer.findings
    finding.words.add(
        language="fr",
        title="Un pare-feu est actif",
        because="rien ne le dit ici",
        remediation="Demandez au service informatique, puis vérifiez.",
    )
    terminal.type("run", "--once")
    assert terminal.type("status", "--language", "fr") == 0
    assert "pas vu          Un pare-feu est actif" in terminal.out
    assert "conformité      non conforme" in terminal.out
    assert max(map(len, terminal.out.splitlines())) <= 80
    assert terminal.type("status") == 0
    assert "not seen        A firewall is on" in terminal.out
    terminal.environ = {"MUSTER_AGENT_STATE": str(terminal.folder), "LANG": "fr_FR.UTF-8"}
    assert terminal.type("status") == 0
    assert "Un pare-feu est actif" in terminal.out


@pytest.mark.parametrize(("command", "word"), [("check", "inconnu"), ("receipt", "inventaire")])
def test_what_was_seen_and_sent_is_told_in_french_in_eighty_columns(
    tmp_path: Path, command: str, word: str
) -> None:
    terminal = Terminal(tmp_path / "state")
    terminal.enroll()
    terminal.type("run", "--once")
    assert terminal.type(command, "--language", "fr") == 0
    assert word in terminal.out
    assert max(map(len, terminal.out.splitlines())) <= 80
    assert terminal.type(command) == 0
    assert word not in terminal.out
