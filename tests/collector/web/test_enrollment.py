"""A person makes an enrollment string, sees it once, and ends it."""

import html
import json
import re

import pytest
from httpx2 import Response

from collector.accounts.roles import Role
from collector.identity.enrollment_string import decode
from collector.identity.tokens import TokenRefused, find
from collector.store import tokens
from tests.collector.web.conftest import Browser
from tests.collector.web.test_crawl import World, world

__all__ = ["world"]

PAGE = "/enrollment"
SERVING = {
    "check_in": "muster.example:7843",
    "enroll": "muster.example:7844",
    "authority_sha256": "ab" * 32,
    "name": "Example",
}


@pytest.fixture
def desk(helpdesk: Browser) -> Browser:
    (helpdesk.store.path.parent / "serving.json").write_text(json.dumps(SERVING))
    return helpdesk


def make(desk: Browser, **typed: str) -> Response:
    form = {"label": "sales <laptops>", "days": "7", "uses": "20", **typed}
    return desk.send(PAGE, **form)


def string_in(answer: Response) -> str:
    found = re.search(r"<code>(muster1_[\w-]+)</code>", answer.text)
    assert found
    return found[1]


def test_a_string_is_shown_once_with_its_link_square_and_commands(desk: Browser) -> None:
    answer = make(desk)
    assert answer.status_code == 200
    string = string_in(answer)
    assert f"<code>muster://enroll#{string}</code>" in answer.text
    assert "<svg" in answer.text.split('class="square"')[1]
    assert "sudo muster-agent enroll --string-file enrollment.txt" in answer.text
    assert "ENROLLMENTFILE=" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    again = desk.get(PAGE)
    assert "muster1_" not in again
    assert "sales &lt;laptops&gt;" in again
    assert "0 of 20" in again


def test_what_was_made_admits_devices_and_is_written_down_without_the_secret(
    desk: Browser,
) -> None:
    said = decode(string_in(make(desk)))
    assert (said.enroll_address, said.collector_name) == ("muster.example:7844", "Example")
    kept = desk.store.read(lambda c: find(c, said.token, desk.clock()))
    assert (kept.label, kept.max_uses) == ("sales <laptops>", 20)
    record = [each for each in desk.audited() if each["action"] == "token.created"][-1]
    assert (record["name"], record["on"], record["outcome"]) == ("admin", "enrollment", "done")
    assert said.token not in str(desk.audited())


def test_a_revoked_string_admits_nobody_and_is_revoked_once(desk: Browser) -> None:
    secret = decode(string_in(make(desk))).token
    (kept,) = desk.store.read(lambda c: tokens.newest(c, 2))
    assert desk.send(PAGE, revoke=kept.token_id).status_code == 303
    with pytest.raises(TokenRefused, match="revoked"):
        desk.store.read(lambda c: find(c, secret, desk.clock()))
    again = desk.send(PAGE, revoke=kept.token_id)
    assert again.status_code == 409
    assert "Somebody revoked this string meanwhile." in again.text
    ended = [each for each in desk.audited() if each["action"] == "token.revoked"]
    assert [each["on"] for each in ended] == [f"enrollment:{kept.token_id}"]
    assert desk.send(PAGE, revoke="none").status_code == 404


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"uses": "0"}, "a number from 1 to 100000"),
        ({"uses": "٣"}, "a number from 1 to 100000"),
        ({"uses": "many"}, "a number from 1 to 100000"),
        ({"uses": "100001"}, "a number from 1 to 100000"),
        ({"days": "9999"}, "Choose how long it is good."),
        ({"label": "x" * 101}, "up to 100 printable characters"),
        ({"label": "x\x00y"}, "up to 100 printable characters"),
    ],
)
def test_what_cannot_be_made_is_said_and_what_was_typed_stays(
    desk: Browser, typed: dict[str, str], words: str
) -> None:
    answer = make(desk, **typed)
    assert answer.status_code == 400
    assert words in html.unescape(answer.text)
    assert 'value="sales &lt;laptops&gt;"' in answer.text or "label" in typed
    assert desk.store.read(lambda c: tokens.newest(c, 1)) == []
    assert "token.created" not in {each["action"] for each in desk.audited()}


def test_without_addresses_nothing_is_made(helpdesk: Browser) -> None:
    answer = make(helpdesk)
    assert answer.status_code == 409
    assert "addresses are not known" in answer.text
    assert helpdesk.store.read(lambda c: tokens.newest(c, 1)) == []


def test_an_address_that_only_this_computer_reaches_is_said_to_be_one(desk: Browser) -> None:
    near = {**SERVING, "enroll": "127.0.0.1:7844"}
    (desk.store.path.parent / "serving.json").write_text(json.dumps(near))
    assert "Only this computer can reach that address." in make(desk).text


def test_the_second_factor_is_asked_for_again(desk: Browser) -> None:
    desk.clock.advance(minutes=6)
    answer = desk.client.get(PAGE)
    assert answer.headers["location"] == "/account/confirm?next=%2Fenrollment"


@pytest.mark.parametrize("role", [*Role])
def test_the_way_there_is_shown_to_whoever_may_enroll(world: World, role: Role) -> None:
    shown = 'href="/enrollment"' in world.ask(role, "GET", "/devices", {}).text
    assert shown is (role in (Role.ADMIN, Role.OWNER))
