"""T42: whoever is not a proxy that the operator named cannot say where a request comes from."""

import ipaddress

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from collector.web.proxies import TrueAddress

NAMED = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")]


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse(scope["client"][0])(scope, receive, send)


def seen(peer: str, *forwarded: str, **others: str) -> str:
    headers = [("X-Forwarded-For", each) for each in forwarded]
    headers += [(name.replace("_", "-"), value) for name, value in others.items()]
    client = TestClient(TrueAddress(tell, NAMED), client=(peer, 1234))
    return client.get("/", headers=headers).text


def test_a_stranger_is_who_the_socket_says() -> None:
    others = {"Forwarded": "for=192.0.2.1", "X_Real_IP": "192.0.2.1", "True_Client_IP": "192.0.2.1"}
    assert seen("198.51.100.9", "192.0.2.1", **others) == "198.51.100.9"


@pytest.mark.parametrize(
    ("forwarded", "visitor"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["203.0.113.5, 192.0.2.1"], "192.0.2.1"),  # the visitor made up the first one
        (["192.0.2.1, 10.9.9.9"], "192.0.2.1"),  # two proxies in a row
        (["203.0.113.5", "192.0.2.1"], "192.0.2.1"),  # the header twice
        (["2001:db8::5, 192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1, nonsense"], "10.1.1.1"),
        (["10.2.2.2"], "10.1.1.1"),
        ([""], "10.1.1.1"),
        ([], "10.1.1.1"),
    ],
)
def test_a_named_proxy_says_who_came_last(forwarded: list[str], visitor: str) -> None:
    assert seen("10.1.1.1", *forwarded) == visitor


def test_a_named_proxy_is_not_believed_in_other_headers() -> None:
    assert seen("10.1.1.1", Forwarded="for=192.0.2.1", X_Real_IP="192.0.2.1") == "10.1.1.1"


def test_an_address_is_the_same_however_a_socket_of_both_kinds_writes_it() -> None:
    assert seen("::ffff:10.0.0.1", "192.0.2.7") == "192.0.2.7"
    assert seen("10.0.0.1", "::ffff:192.0.2.7") == "192.0.2.7"
