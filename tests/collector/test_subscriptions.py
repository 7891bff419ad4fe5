"""Whom the collector tells is read from its settings, or refused in one line that names the key."""

from pathlib import Path

import pytest

from collector.config import ConfigError
from collector.settings import FILE, read_settings
from collector.subscriptions import Kind, Security, Subscriptions

MAIL = '[mail]\nserver = "mail.example.org:587"\nfrom = "muster@example.org"\n'
WHOLE = (
    MAIL
    + """from_name = "Muster"
username = "muster"
password_file = "password"

[channel]
webhook = "https://alerts.example.org/muster"
secret_file = "password"
to = ["night@example.org"]

[[subscriber]]
name = "it"
kind = "mail"
to = ["it@bücher.example"]
told = ["failures", "waivers", "digest"]
least_severity = "critical"
language = "fr"

[[subscriber]]
name = "chat"
kind = "slack"
url_file = "url"
told = ["incidents"]
"""
)


def read(tmp_path: Path, text: str) -> Subscriptions:
    for name, content in (("password", "x"), ("url", "https://hooks.example.org/T/B/X")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    (tmp_path / FILE).write_text(text)
    return read_settings(tmp_path).told


def test_the_whole_is_read(tmp_path: Path) -> None:
    told = read(tmp_path, WHOLE)
    assert told.mail is not None
    assert (told.mail.security, told.mail.address.port) == (Security.STARTTLS, 587)
    names = [(each.name, each.kind, each.urgent) for each in told.subscribers]
    assert names == [
        ("emergency", Kind.WEBHOOK, True),
        ("emergency-mail", Kind.MAIL, True),
        ("it", Kind.MAIL, False),
        ("chat", Kind.SLACK, False),
    ]
    assert told.subscribers[2].to == ("it@xn--bcher-kva.example",)
    assert told.emergency


def test_without_any_nobody_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Subscriptions()


def one(kind: str = "mail", **lines: str) -> str:
    values = {"name": '"it"', "kind": f'"{kind}"', "to": '["a@b.example"]', "told": '["digest"]'}
    values.update(lines)
    return MAIL + "[[subscriber]]\n" + "".join(f"{k} = {v}\n" for k, v in values.items() if v)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (one(to=""), "subscriber 1: to: give at least one mail address"),
        (one(to='["a@b.example\\nBcc: x@y.example"]'), "must be a line of text"),
        (one(to='["a b@c.example"]'), "to: 'a b@c.example' is not a mail address"),
        (one(to='["@c.example"]'), "is not a mail address"),
        (one(told='["all"]'), "told: 'all' is not one of failures, incidents"),
        (one(told="[]"), "told: write of what"),
        (one(name='"owners"'), "name: 'owners' is taken"),
        (one(name='"I T"'), "name: use 1 to 31 small letters"),
        (one(kind="sms"), "kind: 'sms' is not one of mail, webhook, slack, teams"),
        (one(language='"de"'), "language: 'de' is not one of en, fr"),
        (one(colour='"red"'), "colour: no such setting here"),
        (one("slack", to=""), "url_file: is not set"),
        (one("webhook", to="", webhook='"http://example.org/x"'), "write https://HOST"),
        (one().replace(MAIL, ""), "mail: is not set, and 'it' is told by mail"),
        (MAIL.replace(":587", ""), "mail: server: write HOST:PORT"),
        (MAIL + 'security = "none"\n', "security: none is for a mail server on this machine"),
        (MAIL + 'username = "muster"\n', "username: give username and password_file"),
        (MAIL + 'password_file = "missing"\nusername = "x"\n', "missing cannot be read"),
        ("[channel]\n", "channel: webhook: is not set"),
        ('[channel]\nto = ["a@b.example"]\n', "is not set, and 'emergency-mail' is told by mail"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    read(tmp_path, WHOLE)
    (tmp_path / "url").chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others: run `chmod 600"):
        read_settings(tmp_path)


def test_links_lead_where_people_find_the_pages(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('address = "https://muster.example.org/"\n')
    assert read_settings(tmp_path).address == "https://muster.example.org"


@pytest.mark.parametrize("address", ["http://muster.example.org", "https://a/b", "muster"])
def test_an_address_that_no_link_can_begin_with_is_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / FILE).write_text(f'address = "{address}"\n')
    with pytest.raises(ConfigError, match=r"address: .* write https"):
        read_settings(tmp_path)
