"""What the units of Linux say, read here; tests/packages/installed and tests/laptops run them."""

import configparser
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "build"
SERVICES = sorted(BUILD.glob("*/linux/*.service"))
TOLD = {"journal", "journal+console"}


def read(file: Path) -> configparser.SectionProxy:
    unit = configparser.RawConfigParser(strict=False)  # a unit may name a setting twice
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(file.read_text())
    return unit["Service"]


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_what_a_service_complains_of_reaches_the_journal(file: Path) -> None:
    """systemd.exec(5): StandardError= inherits StandardOutput=, which is the journal unless set."""
    service = read(file)
    assert service.get("StandardError", service.get("StandardOutput", "journal")) in TOLD
