"""A server that answers drop by drop is waited for so long in all, and not so long for each drop.

A socket's own time limit begins anew with every byte that comes.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType


class Deadline:
    """Inside the block the connection is cut when the time is over: what waits on it fails.

    `line`: a duplicate of the connection's socket, which TLS may have taken over since.
    """

    def __init__(self, line: socket.socket, seconds: float) -> None:
        self._line = line
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._timer.join()

    def _cut(self) -> None:
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
