"""A TLS 1.3 server on loopback that shows a certificate and says nothing."""

import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.agent.certificates import TestAuthority


@contextmanager
def served(authority: TestAuthority, host: str = "127.0.0.1") -> Iterator[str]:
    """Its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    key, chain = authority.server(host)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(key + chain)
        context.load_cert_chain(file.name)

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError), context.wrap_socket(client, True) as open_:
                open_.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
