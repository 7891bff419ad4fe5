"""Every use leaves a trace under a verified name, a change before it happens; or none happens."""

import pytest

from collector.accounts.roles import Role
from collector.web.api.routes import Route, routes
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.api.objects import Objects
from tests.collector.web.api.test_crawl import everything

EVERY = pytest.mark.parametrize("route", routes(), ids=lambda route: route.method + route.path)
SPECIFIC = {
    "/devices/{device_id}/owner": "device.changed",
    "/devices/{device_id}/groups": "device.changed",
    "/people/import": "people.imported",
    "/groups": "group.changed",
    "/groups/{group}/describe": "group.changed",
    "/groups/{group}/add": "group.changed",
    "/groups/{group}/drop": "group.changed",
    "/groups/{group}/remove": "group.changed",
    "/devices/{device_id}/release": "device.changed",
    "/devices/{device_id}/retire": "device.retired",
    "/devices/{device_id}/continue": "device.changed",
    "/devices/{device_id}/forget": "device.forgotten",
    "/devices/{device_id}/check-now": "command.given",
    "/devices/{device_id}/lock": "command.given",
    "/devices/{device_id}/waivers": "waiver.requested",
    "/waivers": "waiver.requested",
    "/waivers/{number}/approve": "waiver.granted",
    "/waivers/{number}/refuse": "waiver.refused",
    "/waivers/{number}/withdraw": "waiver.refused",
    "/waivers/{number}/end": "waiver.ended",
    "/disputes/{number}/resolve": "dispute.resolved",
    "/notifications/test": "notification.tested",
    "/notifications/{number}/retry": "notification.retried",
    "/policy/apply": "policy.applied",
    "/exports": "export.written",
    "/exports/{export}/stop": "export.stopped",
    "/exports/{export}/deliver": "export.delivered",
    "/enrollment-tokens": "token.created",
    "/enrollment-tokens/{token_id}/revoke": "token.revoked",
    "/account/tokens": "token.created",
    "/account/tokens/{token_id}": "token.revoked",
}


@EVERY
def test_a_use_is_written_down_with_who_and_what(desk: Desk, owner: Program, route: Route) -> None:
    asked = Objects(desk).asked(route, Role.OWNER)[0]
    me = owner.get("/account")["token_id"]
    before = len(desk.audited())
    assert owner.ask(route.method, asked.path, asked.body).status_code == 200
    record, *more = desk.audited()[before:]
    assert [each["action"] for each in more] == ["export.fetched"] * route.file
    assert (record["actor"], record["name"]) == ("token", f"owner/{me}")
    if route.changes:
        assert record["action"] == SPECIFIC[route.path]
    else:
        assert record["action"] == "page.viewed"
        assert record["on"] == f"api:{route.method} {route.template}"


@EVERY
def test_what_cannot_be_written_down_does_not_happen(
    desk: Desk, owner: Program, route: Route
) -> None:
    asked = Objects(desk).asked(route, Role.OWNER)[0]
    before = everything(desk)
    desk.break_log()
    answer = owner.ask(route.method, asked.path, asked.body)
    assert answer.status_code == 503
    assert answer.json()["title"] == "This cannot be written down, so it is not done"
    after = everything(desk)
    if asked.body and "code" in asked.body:  # the code was used up by then
        for tables in (before, after):
            tables.pop("recovery_code")  # type: ignore[attr-defined]
    assert after == before


@EVERY
def test_a_denied_use_is_written_down_as_denied(desk: Desk, route: Route) -> None:
    program = desk.programs[Role.VIEWER]
    asked = Objects(desk).asked(route, Role.VIEWER)[0]
    before = len(desk.audited())
    if program.ask(route.method, asked.path, asked.body).status_code == 404:
        (record,) = desk.audited()[before:]
        assert (record["action"], record["outcome"]) == ("page.denied", "denied")
        assert record["name"].startswith("viewer/")
        assert record["on"] == f"api:{route.method} {route.template}"


def test_a_change_that_was_refused_leaves_a_trace_too(desk: Desk, owner: Program) -> None:
    answer = owner.ask("POST", "/policy/apply", {"text": "rules = 1"})
    assert answer.status_code == 400
    last = desk.audited()[-1]
    assert (last["action"], last["outcome"]) == ("page.denied", "failed")
    assert last["detail"] == {"status": "400"}


def test_a_name_that_a_request_claims_is_believed_nowhere(desk: Desk, owner: Program) -> None:
    claimed = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-User": "mallory",
        "Forwarded": "for=203.0.113.9",
        "From": "mallory@example.org",
        "X-Remote-User": "mallory",
        "User-Agent": "mallory\x1b[2J",
    }
    owner.ask("GET", "/status", **claimed)
    text = "".join(map(str, desk.audited()))
    assert "mallory" not in text
    assert "203.0.113.9" not in text
