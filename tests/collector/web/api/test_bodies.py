"""A body that two parsers could read differently, or that costs much, is refused by its field."""

import time

import pytest

from collector.web.api.bodies import MEDIA_TYPE
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.api.test_crawl import everything

CHECK = "/policy/check"
RIGHT = b'{"text": "name = \\"x\\""}'


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (b"", "(body)", "RFC 8259"),
        (b"{", "(body)", "RFC 8259"),
        (b"[]", "(body)", "send an object"),
        (b'"text"', "(body)", "send an object"),
        (b"null", "(body)", "send an object"),
        (b'{"text": "a", "text": "b"}', "text", "give it once"),
        (b'{"text": "a", "x": {"y": 1, "y": 2}}', "y", "give it once"),
        (b'{"text": NaN}', "(body)", "NaN is no JSON"),
        (b'{"text": -Infinity}', "(body)", "no JSON"),
        (b'{"text": 1e999}', "(body)", "too large"),
        (b'{"text": ' + b"9" * 5000 + b"}", "(body)", "RFC 8259"),
        (b"[" * 60_000, "(body)", "nest at most"),
        (b'{"a":' * 10_000, "(body)", "nest at most"),
        (b'{"text": [[[[[1]]]]]}', "(body)", "nest at most"),
        (b'{"text": ["a"]}', "text", "give a text"),
        (b'{"text": {"a": 1}}', "text", "give a text"),
        (b'{"text": null}', "text", "give a text"),
        (b'{"text": true}', "text", "give a text"),
        (b"{}", "text", "it is missing: the policy in TOML"),
        (b'{"text": "a", "version": 3}', "version", "there are text"),
        (b'{"text": "a", "__proto__": 1}', "__proto__", "no such field"),
        (b'{"text": "a\\u0000b"}', "text", "printable"),
        (b'{"text": "\\ud800"}', "text", "printable"),
        (b'{"text": ""}', "text", "1 to 65536"),
        (b'\xef\xbb\xbf{"text": "a"}', "(body)", "RFC 8259"),
        (b'{"text": "\xff"}', "(body)", "UTF-8"),
        ('{"text": "a"}'.encode("utf-16"), "(body)", "UTF-8"),
        (b"text=a", "(body)", "RFC 8259"),
    ],
)
def test_a_body_is_refused_with_the_field_and_what_to_do(
    owner: Program, body: bytes, field: str, said: str
) -> None:
    begun = time.monotonic()
    answer = owner.ask("POST", CHECK, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert time.monotonic() - begun < 1
    wrong = answer.json()["errors"][0]
    assert wrong["field"] == field
    assert said in wrong["detail"]


def test_brackets_in_a_text_are_no_depth(owner: Program) -> None:
    text = "# " + "[{" * 100 + '\\"' + "[" * 100
    assert owner.ask("POST", CHECK, {"text": text}).json() == {"sound": True, "problems": []}


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json",
     "application/json-patch+json", "application/xml"],
)  # fmt: skip
def test_only_json_is_taken(owner: Program, kind: str) -> None:
    answer = owner.ask("POST", CHECK, RIGHT, **{"Content-Type": kind})
    assert answer.status_code == 415
    assert MEDIA_TYPE in answer.json()["detail"]


def test_a_parameter_of_the_media_type_is_forgiven(owner: Program) -> None:
    content_type = "Application/JSON; charset=utf-8"
    assert owner.ask("POST", CHECK, RIGHT, **{"Content-Type": content_type}).status_code == 200


def test_a_body_is_64_kib_at_most(owner: Program) -> None:
    for size, status in ((65_536, 400), (65_537, 413)):
        answer = owner.ask("POST", CHECK, b" " * size)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"until": "2026-11-21"}, "until"),
        ({"until": "2028-01-01"}, "until"),
        ({"until": "2026-13-01"}, "until"),
        ({"until": "20261201"}, "until"),
        ({"until": 20261201}, "until"),
        ({"rule_id": "no_rule"}, "rule_id"),
        ({"reason": ""}, "reason"),
        ({"reason": " \t"}, "reason"),
        ({"reason": "a\nb"}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "\u202egnp"}, "reason"),
        ({"requested_by": "somebody else"}, "requested_by"),
    ],
)
def test_a_waiver_that_cannot_be_granted_changes_nothing(
    desk: Desk, owner: Program, change: dict[str, object], field: str
) -> None:
    from collector.model import Compliance
    from tests.collector.web.fleet import Seen

    desk.enrol(Seen("lap", Compliance.UNKNOWN))
    right: dict[str, object] = {
        "rule_id": "disk_encrypted", "until": "2026-12-01", "reason": "in repair",
    }  # fmt: skip
    before = everything(desk)
    answer = owner.ask("POST", "/devices/id-lap/waivers", {**right, **change})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert everything(desk) == before
    assert owner.ask("POST", "/devices/id-lap/waivers", right).status_code == 200
    again = owner.ask("POST", "/devices/id-lap/waivers", right)
    assert again.status_code == 409
    assert "waits for a decision already" in again.json()["detail"]


@pytest.mark.parametrize("hours", [0, 8761, -1, 1.5, "1", True, 10**30, None])
def test_an_enrollment_token_lives_within_its_bounds(owner: Program, hours: object) -> None:
    answer = owner.ask("POST", "/enrollment-tokens", {"hours": hours})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "hours"


def test_no_enrollment_string_is_made_while_the_addresses_are_not_known(owner: Program) -> None:
    answer = owner.ask("POST", "/enrollment-tokens", {})
    assert answer.status_code == 409
    assert "not running" in answer.json()["detail"]


def test_an_unsound_policy_is_refused_to_the_line(owner: Program) -> None:
    text = "stale_after_days = 7\n[rules.disk_encrypted]\nseverity = 'hihg'\n"
    checked = owner.ask("POST", CHECK, {"text": text}).json()
    assert checked["problems"][0]["line"] == 3
    answer = owner.ask("POST", "/policy/apply", {"text": text})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "text:3"
