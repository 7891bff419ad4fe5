"""Every field that can leave a device is explained, and the documents say so today."""

from pathlib import Path

import pytest

from protos.privacy import document, table
from protos.privacy.purposes import LANGUAGES, Purpose

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_field_that_is_sent_is_explained_and_nothing_else() -> None:
    assert sorted(document.fields()) == sorted(table.entries())


def test_the_fields_are_found_through_lists_and_bytes() -> None:
    fields = document.fields()
    assert len(fields) == len(set(fields)) > 90
    assert {"PendingUpdate.name", "UserScreenLock.user", "HardwareFingerprint.disk"} <= set(fields)
    assert "Command.id" not in fields  # it comes from the collector
    assert "Finding.title" not in fields


@pytest.mark.parametrize("change", ["a field without words", "words without a field"])
def test_a_field_without_an_entry_is_named(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    told = dict(table.entries())
    if change == "a field without words":
        name, _ = "Inventory.serial", told.pop("Inventory.serial")
    else:
        name = "Inventory.favourite_colour"
        told[name] = next(iter(told.values()))
    monkeypatch.setattr(document, "entries", lambda: told)
    with pytest.raises(document.Untold, match=name):
        document.sections("en")


def test_every_text_is_there_in_every_language() -> None:
    for purpose in Purpose:
        terms = purpose.value
        for said in (terms.purpose, terms.basis, terms.kept, terms.seen_by):
            assert all(said.in_language(language).strip() for language in LANGUAGES)
    same = [name for name, (_, said) in table.entries().items() if said.en == said.fr]
    assert same == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_field_stands_in_one_section(language: str) -> None:
    rows = [name for section in document.sections(language) for name, _ in section.rows]
    assert sorted(rows) == sorted(document.fields())


def test_the_committed_pages_are_fresh() -> None:
    for path, content in document.paths(DOCS).items():
        assert path.read_text(encoding="utf-8") == content, f"{path.name}: run `make privacy`"
