"""Releases signed by the operator's own script, served on loopback, and what an attacker may do."""

import functools
import http.server
import importlib.util
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from agent.update.settings import Settings

SCRIPT = Path(__file__).resolve().parents[3] / "build" / "agent" / "update" / "repository.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("repository", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    spec.loader.exec_module(module)
    return module


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing is said."""


@dataclass
class Published:
    """An operator's keys and the folder that the web server serves."""

    folder: Path
    url: str

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def served(self) -> Path:
        return self.folder / "served"

    @property
    def metadata(self) -> Path:
        return self.served / "metadata"

    def settings(self) -> Settings:
        root = (self.metadata / "1.root.json").read_bytes()
        return Settings(f"{self.url}/metadata/", f"{self.url}/targets/", root)

    def init(self, now: datetime | None = None) -> None:
        assert script().main(["init", str(self.keys), str(self.served)], now) == 0

    def add(self, version: str, content: bytes = b"", now: datetime | None = None) -> None:
        package = self.folder / "package"
        package.write_bytes(content or f"installer of {version}".encode())
        words = ["add", str(self.keys), str(self.served), str(package), version, "macos"]
        assert script().main(words, now) == 0

    def renew(self, now: datetime | None = None) -> None:
        assert script().main(["renew", str(self.keys), str(self.served)], now) == 0

    def file(self, version: str) -> Path:
        (found,) = (self.served / "targets").glob(f"*muster-agent-{version}-*")
        return found

    def snapshot(self) -> Path:
        """A copy of what is served now, to be served again later."""
        copy = self.folder / f"copy-{datetime.now(UTC).timestamp()}"
        shutil.copytree(self.served, copy)
        return copy

    def serve_again(self, copy: Path) -> None:
        shutil.rmtree(self.served)
        shutil.copytree(copy, self.served)


@contextmanager
def publishing(folder: Path) -> Iterator[Published]:
    """Serves `folder/served` on loopback until the end of the block."""
    (folder / "web").mkdir()
    answering = functools.partial(_Quiet, directory=str(folder / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield Published(folder, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
