"""The description of the API is whole, and the copy in the repository is what is answered."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from collector.accounts.roles import ROLES, Permission, Role
from collector.web.api.fields import OBJECTS
from collector.web.api.openapi import as_text, document
from collector.web.api.routes import routes
from tests.collector.web.api.desk import Program

ROOT = Path(__file__).resolve().parents[4]
COPY = ROOT / "docs" / "openapi.json"
TABLE = ROOT / "docs" / "api.md"


def test_the_copy_is_fresh() -> None:
    """`make openapi` writes it anew."""
    assert COPY.read_text() == as_text(routes())


def test_it_is_answered_to_whoever_has_a_token(owner: Program) -> None:
    assert owner.get("/openapi.json") == document(routes())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_it_refers_to_nothing_that_is_not_there() -> None:
    described = document(routes())
    schemas = described["components"]["schemas"]
    found = set(references(described))
    assert found == {f"#/components/schemas/{name}" for name in schemas}


def test_every_operation_has_an_id_of_its_own_its_path_and_its_permission() -> None:
    operations = [
        (path, operation)
        for path, item in document(routes())["paths"].items()
        for operation in item.values()
    ]
    ids = [operation["operationId"] for _, operation in operations]
    assert len(ids) == len(set(ids)) == len(routes())
    for path, operation in operations:
        named = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path))
        assert operation["x-permission"]
        assert {"200", "401", "404", "429", "503"} <= set(operation["responses"])


def test_the_table_of_the_guide_is_what_the_routes_are() -> None:
    rows = re.findall(r"^\| `(\w+) ([^`]+)` \|(.*)\|$", TABLE.read_text(), re.MULTILINE)
    said = {
        (method, path): [cell.strip() for cell in cells.split("|")] for method, path, cells in rows
    }
    assert said == {
        (route.method, route.path): [
            route.says,
            ", ".join(role for role in Role if route.permission in ROLES[role]),
        ]
        for route in routes()
    }


def test_the_guide_names_every_field_that_not_everybody_sees() -> None:
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \|(.*)\|$", TABLE.read_text(), re.MULTILINE)
    said = {(kind, name): cells.rpartition("|")[2].strip() for kind, name, cells in rows}
    assert said == {
        (kind, name): (field.needs or Permission.SEE_PEOPLE).name.lower()
        for kind, table in OBJECTS.items()
        for name, field in table.items()
        if field.needs or field.veiled
    }
