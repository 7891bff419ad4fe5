"""Whose address counts: the socket's, unless it is a proxy that the operator named.

From a named proxy, X-Forwarded-For is read from its end: every hop that is a named proxy too is
skipped, and the first that is not is the visitor. Headers of anybody else are not looked at, and
no other header (Forwarded, X-Real-IP, True-Client-IP) is ever read.
"""

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
HEADER = "x-forwarded-for"


def _plain(address: IpAddress) -> IpAddress:
    """The IPv4 address that a socket of both kinds shows as ::ffff:192.0.2.7, else itself."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


class TrueAddress:
    """Puts the visitor's address where the pages, the throttle and the audit log read it."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network] = ()) -> None:
        self._app = app
        self._proxies = tuple(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client and self._named(client[0]):
            hops = ",".join(Headers(scope=scope).getlist(HEADER)).split(",")
            scope = {**scope, "client": (self._visitor(hops) or client[0], 0)}
        await self._app(scope, receive, send)

    def _visitor(self, hops: Sequence[str]) -> str | None:
        """The last hop that is no named proxy; None when the header says nothing usable."""
        for hop in reversed(hops):
            try:
                address = ipaddress.ip_address(hop.strip())
            except ValueError:
                return None
            if not self._named(str(address)):
                return str(_plain(address))
        return None

    def _named(self, host: str) -> bool:
        return is_named(host, self._proxies)


def is_named(host: str, proxies: Sequence[Network]) -> bool:
    try:
        address = _plain(ipaddress.ip_address(host))
    except ValueError:
        return False
    return any(address in network for network in proxies)
