"""A CONNECT proxy on loopback that counts what goes through it, and may want a login."""

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class ConnectProxy:
    """`asked` holds the places that were asked for; `passed` the bytes both ways, without CONNECT.

    `login`: "user:password", or "" to let everybody through. `answer` is said instead, if set.
    """

    login: str = ""
    answer: bytes = b""
    asked: list[str] = field(default_factory=list)
    passed: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.login + '@' if self.login else ''}127.0.0.1:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                part = client.recv(1)
                if not part:
                    return
                head += part
            self.asked.append(head.split()[1].decode())
            if self.answer or not self._knows(head):
                client.sendall(self.answer or b"HTTP/1.1 407 Who are you\r\n\r\n")
                return
            host, _, port = self.asked[-1].rpartition(":")
            with socket.create_connection((host.strip("[]"), int(port)), 10) as server:
                client.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
                back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                back.start()
                self._pump(client, server)
                back.join(10)

    def _knows(self, head: bytes) -> bool:
        wanted = base64.b64encode(self.login.encode())
        return not self.login or b"Basic " + wanted in head

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                self.passed += len(part)
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def connect_proxy(login: str = "", answer: bytes = b"") -> Iterator[ConnectProxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = ConnectProxy(login, answer, port=listener.getsockname()[1])
        serving = threading.Thread(target=proxy.serve, args=(listener,), daemon=True)
        serving.start()
        yield proxy
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
