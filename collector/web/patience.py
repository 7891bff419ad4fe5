"""A connection that asks for nothing, or not to the end, is dropped: 200 of them would shut us.

uvicorn limits the time between two requests only: one that never finishes its first is kept.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from collector.web.proxies import Network, is_named

REQUEST_SECONDS = 15.0
MOST_OF_ONE_ADDRESS = 40
"""Connections at a time; a browser opens six."""

UNFINISHED = (h11.IDLE, h11.SEND_BODY)


class Patience(H11Protocol):
    """HTTP/1.1 with so many seconds for a whole request, head and body.

    `proxies`: behind an address of these are many people.
    """

    proxies: Sequence[Network] = ()
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._is_one_person() and self._of_same_address() > MOST_OF_ONE_ADDRESS:
            transport.abort()
        else:
            self._wait_for_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._wait_for_request()
        super().on_response_complete()

    def _is_one_person(self) -> bool:
        return not (self.client and is_named(self.client[0], self.proxies))

    def _of_same_address(self) -> int:
        def host(connection: Any) -> str | None:
            return connection.client[0] if connection.client else None

        mine = host(self)
        return sum(host(each) == mine for each in self.connections) if mine else 0

    def _wait_for_request(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """`abort`, because `close` would wait for a reader that does not read."""
        if self.conn.their_state in UNFINISHED:
            self.transport.abort()


def patience(proxies: Sequence[Network]) -> type[Patience]:
    """What the server makes of every connection."""

    class Behind(Patience):
        pass

    Behind.proxies = tuple(proxies)
    return Behind
