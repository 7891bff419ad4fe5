import json
from pathlib import Path

import pytest

from protos.privacy import document
from tests.agent.terminal import Terminal


@pytest.mark.parametrize("language", ["en", "fr"])
def test_privacy_names_every_field_in_eighty_columns(tmp_path: Path, language: str) -> None:
    terminal = Terminal(tmp_path / "state")
    assert terminal.type("privacy", "--language", language) == 0
    assert max(map(len, terminal.out.splitlines())) <= 80
    assert [name for name in document.fields() if name not in terminal.out] == []
    assert ("Legal basis" in terminal.out) == (language == "en")
    assert not terminal.folder.exists()


def test_privacy_speaks_json(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "state")
    assert terminal.type("privacy", "--json") == 0
    sections = json.loads(terminal.out)
    assert sum(len(section["rows"]) for section in sections) == len(document.fields())
