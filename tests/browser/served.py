"""The pages over real HTTPS, with the fleet by hand and an account for every role."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.testclient import TestClient

from collector.accounts.passwords import Cost, Passwords
from collector.identity.key_files import open_authority, open_server
from collector.store import Store, accounts
from collector.store.accounts import Account
from collector.web.application import Reach, application
from tests.browser.fleet_by_hand import settle
from tests.collector.web.conftest import HOST, PASSWORD, SECRET, Browser, keeping
from tests.collector.web.test_crawl import World
from tests.fakes import FixedClock

NAMES = ("collector.example", "localhost", "127.0.0.1")


@dataclass
class Served:
    """`world` knows every object of every page; `at` is where a browser finds them."""

    world: World
    at: str


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A collector's pages until the end of this."""
    clock = FixedClock()
    store = Store.open(folder, clock=clock)
    kept = keeping(folder, clock)
    passwords = Passwords(Cost(memory_kib=64, passes=1, lanes=1))
    sealed = kept.seal.close(SECRET, "admin")
    owner = Account("admin", passwords.hash(PASSWORD), clock(), totp_sealed=sealed)
    store.write(lambda c: accounts.add(c, owner))
    app = application(store, clock, kept, Reach(NAMES), passwords=passwords)
    identity = open_server(folder, open_authority(folder, "Example", clock()), NAMES, clock())
    config = uvicorn.Config(
        app,
        port=0,
        log_level="error",
        lifespan="off",
        ssl_certfile=identity.chain_path,
        ssl_keyfile=identity.key_path,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    with TestClient(app, HOST, follow_redirects=False) as client:
        world = World(Browser(client, store, clock, kept))
        world.build()
        settle(world)
        thread.start()
        yield Served(world, f"https://localhost:{_port(server, thread)}")
        server.should_exit = True
        thread.join(10)
    store.close()


def _port(server: uvicorn.Server, thread: threading.Thread) -> int:
    """Waits until it listens; the thread ends if it cannot."""
    while not server.started:
        thread.join(0.02)
        assert thread.is_alive(), "the server has ended"
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
