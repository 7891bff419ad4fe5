"""What is shipped may be shipped: each licence is known, allowed, and listed as the lock stands."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "build/licences" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    return script("licences")


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0),
        ([{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}], 1),
        ([{"name": "a", "skip_reason": "not found"}], 3),
        ([{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "?"}], 3),
        ([], 3),
        (None, 3),
    ],
)
def test_an_audit_that_nobody_answered_is_no_pass(
    dependencies: list[dict[str, object]] | None, expected: int
) -> None:
    out = "" if dependencies is None else json.dumps({"dependencies": dependencies})
    status, said = script("audit").judged(out, "a trouble")
    assert status == expected
    assert said


def test_every_shipped_package_has_an_allowed_licence(licences: ModuleType) -> None:
    assert licences.refused() == []


def test_the_list_of_licences_is_fresh(licences: ModuleType) -> None:
    page = (ROOT / "docs" / "licences.md").read_text()
    assert page == licences.table(), "run `make licences`"


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("EPL-2.0 OR GPL-2.0-or-later", True),
        ("Apache-2.0 AND MIT", True),
        ("AGPL-3.0-only", False),
        ("MIT AND SSPL-1.0", False),
        ("GPL-3.0-only OR AGPL-3.0-only", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_by_choice_and_not_by_part(
    licences: ModuleType, expression: str, allowed: bool
) -> None:
    assert licences.is_allowed(expression) is allowed


def test_a_package_with_another_licence_fails(
    licences: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(licences, "licence_of", lambda name: "AGPL-3.0-only")
    assert "jeepney: AGPL-3.0-only" in licences.refused()


def test_a_package_of_which_nobody_has_read_the_licence_fails(licences: ModuleType) -> None:
    with pytest.raises(licences.Unknown, match="read its files"):
        licences.licence_of("nothing-of-that-name")


@pytest.mark.parametrize("half", ["agent", "collector"])
def test_the_texts_of_the_licences_go_with_the_packages(licences: ModuleType, half: str) -> None:
    parts = list(licences.texts(half))
    for name in licences.locked(half):
        assert any(f"\n{name} " in part for part in parts), name
    assert "Permission is hereby granted" in "".join(parts)
