"""A setting is understood or refused in one line that names it."""

from pathlib import Path

import pytest

from collector.config import Address, Config, ConfigError, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("collector.example:443", Address("collector.example", 443)),
        ("[::]:7843", Address("::", 7843)),
        (" 0.0.0.0:7843\n", Address("0.0.0.0", 7843)),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse_address(text, "--web") == address


@pytest.mark.parametrize(
    "text",
    ["", "7843", ":7843", "host:", "host:x", "host:-1", "host:65536", "::1:7843", "a b:1", "h:²"],
)
def test_a_wrong_address_names_the_option_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--web: [^\n]*$"):
        parse_address(text, "--web")


@pytest.mark.parametrize("host", ["", "a b", "ä.example", "x" * 254, "a/b", "*.example"])
def test_a_host_name_that_no_certificate_can_hold_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="--host-name"):
        Config(Path(), host_names=(host,))


def test_listening_everywhere_is_handed_out_as_the_first_host_name() -> None:
    config = Config(Path(), host_names=("collector.example", "10.0.0.1"))
    assert str(config.reachable(Address("0.0.0.0", 7843))) == "collector.example:7843"
    assert str(config.reachable(Address("127.0.0.1", 7843))) == "127.0.0.1:7843"
    assert str(Address("::1", 7843)) == "[::1]:7843"


def test_the_command_line_can_read_the_default_addresses() -> None:
    defaults = (Config.check_in, Config.enroll, Config.web)
    assert [str(one) for one in defaults] == [f"127.0.0.1:{port}" for port in (7843, 7844, 7845)]
