"""An enrollment string says where and for how long, and only its maker sees it."""

import json
from pathlib import Path

import pytest

from collector.identity import enrollment_string, tokens
from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk

SERVING = {
    "check_in": "127.0.0.1:7843",
    "enroll": "127.0.0.1:7844",
    "web": "https://127.0.0.1:7845",
    "authority_sha256": "ab" * 32,
    "name": "Muster",
}


@pytest.fixture
def serving(console: Console) -> Path:
    path = console.folder / "serving.json"
    path.write_text(json.dumps(SERVING))
    return path


@pytest.mark.usefixtures("serving")
def test_a_token_comes_with_where_it_leads_and_what_it_admits(desk: Desk, console: Console) -> None:
    said = console.says("token", "create", "--label", "lab", "--days", "7", "--uses", "3")
    string = said.splitlines()[0]
    content = enrollment_string.decode(string)
    assert content.enroll_address == "127.0.0.1:7844"
    assert content.check_in_address == "127.0.0.1:7843"
    assert content.authority_sha256 == b"\xab" * 32
    assert content.collector_name == "Muster"
    assert "3 devices until 2026-11-29 13:00 UTC" in said
    used = desk.store.write(lambda c: tokens.use(c, content.token, desk.clock()))
    assert (used.label, used.max_uses) == ("lab", 3)
    assert content.token.encode() not in desk.store.path.read_bytes()


@pytest.mark.usefixtures("serving")
def test_the_string_is_drawn_as_a_square_when_it_is_asked_for(console: Console) -> None:
    plain, drawn = console.says("token", "create"), console.says("token", "create", "--qr")
    assert len(drawn.splitlines()) > len(plain.splitlines()) + 15
    assert "▄" in drawn


@pytest.mark.usefixtures("serving")
def test_only_the_string_is_printed_when_only_the_string_is_asked_for(console: Console) -> None:
    result = console.run("token", "create", "--string-only", "--hours", "1")
    assert result.stderr == ""
    (line,) = result.stdout.splitlines()
    assert enrollment_string.decode(line).enroll_address == "127.0.0.1:7844"


@pytest.mark.usefixtures("serving")
def test_a_collector_only_this_computer_can_reach_says_so(console: Console) -> None:
    assert "Only this computer can reach" in console.run("token", "create").stderr
    named = console.run("token", "create", "--address-host", "collector.example")
    assert "Only this computer" not in named.stderr
    content = enrollment_string.decode(named.stdout.splitlines()[0])
    assert content.check_in_address == "collector.example:7843"
    sixth = console.run("token", "create", "--address-host", "2001:db8::1", "--string-only")
    assert enrollment_string.decode(sixth.stdout).enroll_address == "[2001:db8::1]:7844"


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--days", "1", "--hours", "1"), "--days and --hours say the same"),
        (("--days", "400"), "an enrollment token lives between a minute and a year"),
        (("--days", "99999999999"), "an enrollment token lives between a minute and a year"),
        (("--days", "0"), "Invalid value for '--days': 0 is not in the range x>=1"),
        (("--uses", "0"), "an enrollment token can be used 1 to 100000 times"),
        (("--uses", "many"), "Invalid value for '--uses': 'many' is not a valid integer"),
        (("--label", "a\x1b[2J"), "--label: up to 100 printable characters"),
        (("--address-host", "a b"), "--address-host: 'a b' is not a host name"),
    ],
)
def test_what_cannot_be_a_token_is_refused_and_none_is_made(
    words: tuple[str, ...], said: str, console: Console
) -> None:
    assert console.refuses("token", "create", *words).startswith(said)
    assert console.reads("token", "list") == {"tokens": []}


def test_without_a_running_collector_no_token_is_made(console: Console) -> None:
    said = console.refuses("token", "create", status=1)
    assert "start it with `muster-collector serve`" in said
    assert console.reads("token", "list") == {"tokens": []}


def test_a_damaged_serving_file_is_one_line(console: Console, serving: Path) -> None:
    for content in ("{", "[]", '{"check_in": 1}', '{"authority_sha256": "xyz"}'):
        serving.write_text(content)
        assert "is damaged: start the collector again" in console.refuses(
            "token", "create", status=1
        )


@pytest.mark.usefixtures("serving")
def test_a_program_reads_the_string_and_all_that_it_says(console: Console) -> None:
    made = console.reads("token", "create", "--uses", "3", "--address-host", "muster.example")
    content = enrollment_string.decode(made.pop("enrollment_string"))
    (listed,) = console.reads("token", "list")["tokens"]
    assert content.token not in made.values()
    assert made == {
        "token_id": listed["token_id"],
        "expires_at": "2026-11-23T13:00:00Z",
        "max_uses": 3,
        "enroll_address": content.enroll_address,
        "check_in_address": "muster.example:7843",
        "authority_sha256": "ab" * 32,
        "collector": "Muster",
    }
    assert "give one of them" in console.refuses("token", "create", "--json", "--string-only")


@pytest.mark.usefixtures("serving")
def test_the_list_says_what_became_of_every_token(desk: Desk, console: Console) -> None:
    for label in ("good", "used", "revoked"):
        console.says("token", "create", "--days", "2", "--label", label)
    console.says("token", "create", "--label", "expired", "--hours", "1")
    ids = {each["label"]: each["token_id"] for each in console.reads("token", "list")["tokens"]}
    said = console.says("token", "revoke", ids["revoked"])
    assert said == f"Token {ids['revoked']} admits nobody any more; it admitted 0 devices.\n"
    string = console.run("token", "create", "--string-only", "--days", "2").stdout
    secret = enrollment_string.decode(string).token
    desk.store.write(lambda c: tokens.use(c, secret, desk.clock()))
    desk.clock.advance(hours=2)
    states = {each["label"]: each["state"] for each in console.reads("token", "list")["tokens"]}
    assert states == {
        "good": "good",
        "used": "good",
        "revoked": "revoked",
        "expired": "expired",
        "": "used up",
    }
    table = console.says("token", "list")
    assert "expired" in table
    assert "1 of 1" in table
    assert desk.events() == ["token revoked"]


def test_a_token_that_is_not_there_cannot_be_revoked(console: Console) -> None:
    said = console.refuses("token", "revoke", "x\x1b[2J")
    assert said == "no token 'x [2J': see muster-collector token list"


def test_an_empty_list_says_how_to_make_one(console: Console) -> None:
    assert console.says("token", "list") == "No token was made yet: muster-collector token create\n"
