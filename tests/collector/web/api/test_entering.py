"""A token is the only way into the API and none into the pages; wrong ones are slow."""

import pytest

from collector.accounts import access_tokens, sessions
from collector.accounts.roles import Role
from collector.model import Compliance
from collector.store import Connection, accounts
from collector.web.cookie import NAME
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.fleet import Seen

PATHS = ["/status", "/devices", "/openapi.json", "/audit/records", "/account/tokens"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YWRtaW46YWRtaW4=",
        "Bearer muster_pat_" + "A" * 43,
        "Bearer muster1_abc",
        "Bearer " + "muster_pat_" * 1000,
        "Bearer muster_pat_\u00e9",
        "muster_pat_" + "A" * 43,
    ],
)
def test_without_a_token_that_lasts_nothing_is_told(desk: Desk, path: str, given: str) -> None:
    desk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    headers = {"Authorization": given.encode("latin-1", "replace")} if given else {}
    answer = desk.client.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="muster"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/account/tokens" in answer.json()["detail"]
    assert "lap-1" not in answer.text


def test_every_answer_carries_the_headers_of_the_pages(desk: Desk, owner: Program) -> None:
    for answer in (
        owner.ask("GET", "/status"),
        owner.ask("GET", "/none"),
        desk.client.get("/api/"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "strict-transport-security" in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control")]


def session_of(desk: Desk, username: str) -> str:
    def begin(c: Connection) -> str:
        account = accounts.get(c, username)
        assert account is not None
        return sessions.begin(c, account, desk.clock(), factor_at=desk.clock())

    return desk.store.write(begin)


def test_a_cookie_opens_nothing_under_api(desk: Desk) -> None:
    cookie = {"Cookie": f"{NAME}={session_of(desk, 'owner')}"}
    assert desk.client.get("/devices", headers=cookie).status_code == 200
    for path in PATHS:
        assert desk.client.get(f"/api/v1{path}", headers=cookie).status_code == 401


def test_a_token_opens_no_page(desk: Desk, owner: Program) -> None:
    for given in ({"Authorization": f"Bearer {owner.token}"}, {"Cookie": f"{NAME}={owner.token}"}):
        answer = desk.client.get("/devices", headers=given)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_a_token_in_the_address_is_no_token(desk: Desk, owner: Program) -> None:
    for name in ("token", "access_token", "Authorization"):
        answer = desk.client.get(f"/api/v1/status?{name}={owner.token}")
        assert answer.status_code == 401


def test_another_origin_reads_nothing(desk: Desk, owner: Program) -> None:
    for origin in ("https://evil.example", "null"):
        answer = owner.ask("OPTIONS", "/devices", Origin=origin)
        assert answer.status_code == 405
        assert not [name for name in answer.headers if name.startswith("access-control")]


def wrong(desk: Desk, number: int) -> int:
    token = f"muster_pat_{number:043d}"
    return desk.client.get(
        "/api/v1/status", headers={"Authorization": f"Bearer {token}"}
    ).status_code


def test_wrong_tokens_become_slow_and_a_right_one_does_not(desk: Desk, owner: Program) -> None:
    statuses = [wrong(desk, number) for number in range(200)]
    assert statuses[:3] == [401, 401, 401]
    assert set(statuses[5:]) == {429}
    assert owner.ask("GET", "/status").status_code == 200
    failed = [each for each in desk.audited() if each["action"] == "login"]
    assert len(failed) < 10
    assert {(each["actor"], each["name"], each["outcome"]) for each in failed} == {
        ("nobody", "", "failed")
    }


def test_a_throttled_address_reads_when_to_come_back(desk: Desk) -> None:
    while wrong(desk, 1) != 429:
        pass
    answer = desk.client.get(
        "/api/v1/status", headers={"Authorization": "Bearer muster_pat_" + "B" * 43}
    )
    assert int(answer.headers["retry-after"]) > 0


def test_a_token_is_gone_the_moment_its_account_is_disabled(desk: Desk, owner: Program) -> None:
    assert owner.ask("GET", "/status").status_code == 200
    desk.store.write(lambda c: accounts.disable(c, "owner", desk.clock(), "left"))
    assert owner.ask("GET", "/status").status_code == 401


def test_a_token_of_a_lower_role_does_less_than_its_owner(desk: Desk) -> None:
    weak = Program(desk.client, desk.token("owner", Role.VIEWER))
    assert weak.ask("GET", "/enrollment-tokens").status_code == 404
    assert weak.get("/account")["role"] == "viewer"
    assert "enroll" not in weak.get("/account")["permissions"]


def test_a_token_makes_none_that_is_stronger_or_longer(desk: Desk) -> None:
    weak = Program(desk.client, desk.token("owner", Role.HELPDESK, days=10))
    wish = {"label": "x", "role": "helpdesk", "days": 10, "code": desk.codes["owner"][0]}
    for change, field in (({"role": "owner"}, "role"), ({"days": 11}, "days")):
        answer = weak.ask("POST", "/account/tokens", {**wish, **change})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == field
    made = weak.ask("POST", "/account/tokens", wish)
    assert made.status_code == 200
    another = Program(desk.client, made.json()["token"])
    assert another.get("/account")["username"] == "owner"
    assert made.json()["token"].startswith(access_tokens.PREFIX)


def test_no_token_is_made_without_a_code_that_works_once(desk: Desk, owner: Program) -> None:
    code = desk.codes["owner"][0]
    wish = {"label": "x", "role": "viewer", "days": 1}
    assert owner.ask("POST", "/account/tokens", wish).status_code == 400
    assert owner.ask("POST", "/account/tokens", {**wish, "code": "123456"}).status_code == 403
    assert owner.ask("POST", "/account/tokens", {**wish, "code": code}).status_code == 200
    assert owner.ask("POST", "/account/tokens", {**wish, "code": code}).status_code == 403
    statuses = [
        owner.ask("POST", "/account/tokens", {**wish, "code": f"{number:06d}"}).status_code
        for number in range(10)
    ]
    assert statuses[-1] == 429


def test_a_removed_token_opens_nothing(desk: Desk, owner: Program) -> None:
    mine = owner.get("/account")["token_id"]
    assert owner.ask("DELETE", f"/account/tokens/{mine}").status_code == 200
    assert owner.ask("GET", "/status").status_code == 401


def test_a_token_waits_while_its_owners_password_is_due(desk: Desk) -> None:
    """No way around the renewal: the pages lead to it, and a program is told."""
    desk.clock.advance(days=360)
    programs = {role: Program(desk.client, desk.token(role, role)) for role in Role}
    assert {p.ask("GET", "/account").status_code for p in programs.values()} == {200}
    desk.clock.advance(days=6)
    asked = {role: p.ask("GET", "/account") for role, p in programs.items()}
    told = {role: answer.status_code for role, answer in asked.items()}
    assert told == {"viewer": 200, "helpdesk": 403, "admin": 403, "owner": 403}
    assert "choose a new one" in asked[Role.ADMIN].json()["detail"]
    last = [r for r in desk.audited() if r["outcome"] == "denied"][-1]
    assert (last["name"].split("/")[0], last["detail"]) == (
        "owner",
        {"why": "a new password is due"},
    )


def test_a_wrong_code_is_a_failed_login_in_the_log(desk: Desk, owner: Program) -> None:
    """So that guessing opens the same incident here as on the pages."""
    wish = {"label": "x", "role": "viewer", "days": 1, "code": "123456"}
    assert owner.ask("POST", "/account/tokens", wish).status_code == 403
    failed = [r for r in desk.audited() if (r["action"], r["outcome"]) == ("login", "failed")]
    assert [r["on"] for r in failed] == ["account:owner"]
