"""Each role, each route, each kind of object: what may be had is had, all else is not there."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from collector.accounts.roles import ROLES, Permission, Role
from collector.web.api.fields import OBJECTS
from collector.web.api.routes import PATH_FORMS, ROOT, Route, routes
from tests.collector.web.api.desk import Desk
from tests.collector.web.api.objects import Asked, Objects

CALLERS = [*Role, "nobody"]
MISSING = {
    "type": "about:blank",
    "title": "Not found",
    "status": 404,
    "detail": "There is nothing here that this token may see.",
}


def expected(caller: str, route: Route, asked: Asked) -> int:
    if caller == "nobody":
        return 401
    return asked.expected if route.permission in ROLES[Role(caller)] else 404


@pytest.mark.parametrize("caller", CALLERS)
def test_nothing_is_answered_otherwise_than_the_table_says(desk: Desk, caller: str) -> None:
    objects, program = Objects(desk), desk.programs[caller]
    unexpected, asked_for = [], 0
    for route in routes():
        for asked in objects.asked(route, caller):
            asked_for += 1
            before = everything(desk)
            answer = program.ask(route.method, asked.path, asked.body)
            wanted = expected(caller, route, asked)
            if answer.status_code != wanted:
                unexpected.append((route.method, asked.path, answer.status_code, wanted))
            if wanted == 404:
                assert answer.json() == MISSING, asked
            if wanted != 200:
                assert everything(desk) == before, asked
            elif route.gives:
                check_fields(route, answer.json(), Role(caller))
    assert unexpected == []
    assert asked_for > 50


def everything(desk: Desk) -> object:
    """All rows of all tables that a call may change, but for when a token was used last."""
    from collector.store.schema import metadata

    def rows(c: Any) -> object:
        return {
            table.name: sorted(
                map(str, c.execute(table.select().with_only_columns(*columns(table))))
            )
            for table in metadata.sorted_tables
        }

    return desk.store.read(rows)


def columns(table: Any) -> Iterable[Any]:
    return [column for column in table.columns if column.name != "last_used_at"]


def check_fields(route: Route, answer: dict[str, Any], role: Role) -> None:
    """The fields are those that the table gives this role: not one more, not one less."""
    for item in answer["items"] if route.several else [answer]:
        check_object(route.gives, item, ROLES[role])


def check_object(kind: str, item: Mapping[str, Any], holds: frozenset[Permission]) -> None:
    table = OBJECTS[kind]
    allowed = {name for name, field in table.items() if field.needs is None or field.needs in holds}
    assert set(item) == allowed, kind
    for name in allowed:
        inner = table[name].kind
        if inner.startswith("list of "):
            for each in item[name]:
                check_object(inner.removeprefix("list of "), each, holds)


def test_a_role_without_the_permission_for_a_field_does_not_get_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every role of today may see serial numbers: one that may not is made for this test."""
    blind = ROLES[Role.VIEWER] - {Permission.SEE_HARDWARE_IDS}
    monkeypatch.setitem(ROLES, Role.VIEWER, blind)
    objects, program = Objects(desk), desk.programs[Role.VIEWER]
    for route in routes():
        for asked in objects.asked(route, Role.VIEWER):
            answer = program.ask(route.method, asked.path, asked.body)
            assert "PF0X1234" not in answer.text
            if answer.status_code == 200 and route.gives:
                check_fields(route, answer.json(), Role.VIEWER)
    oracle = program.ask("GET", "/devices?text=PF0X1234")
    assert oracle.status_code == 400
    assert "there is no such field here" in oracle.text


def test_every_route_names_one_permission_and_a_known_kind() -> None:
    for route in routes():
        assert isinstance(route.permission, Permission)
        assert route.gives in OBJECTS or route.file or route.answer is None
        assert set(route.names) <= set(PATH_FORMS)
        assert route.changes is (route.method != "GET" and route.gives not in READ_BY_POST)
    assert len({(route.method, route.path) for route in routes()}) == len(routes())


READ_BY_POST = {"PolicyCheck", "PolicyDiff", "PolicyTrial", "OwnersPlan"}


@pytest.mark.parametrize(
    "path",
    [ROOT, f"{ROOT}/", "/api", "/api/", "/api/v2/devices", f"{ROOT}/accounts", f"{ROOT}/devices/",
     f"{ROOT}/DEVICES", f"{ROOT}//devices", f"{ROOT}/docs", f"{ROOT}/devices/id-a/findings/x"],
)  # fmt: skip
def test_what_is_no_route_needs_a_token_all_the_same(desk: Desk, path: str) -> None:
    token = desk.programs[Role.OWNER].token
    assert desk.client.get(path).status_code == 401
    answer = desk.client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404
    assert answer.json() == MISSING


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"])
def test_another_method_names_those_that_there_are(desk: Desk, method: str) -> None:
    answer = desk.programs[Role.OWNER].ask(method, "/devices")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert "access-control-allow-origin" not in answer.headers


def test_a_method_does_not_betray_a_path_that_is_forbidden(desk: Desk) -> None:
    answer = desk.programs[Role.VIEWER].ask("PUT", "/enrollment-tokens")
    assert answer.status_code == 404
