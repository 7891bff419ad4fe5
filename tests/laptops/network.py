"""A network of its own for the laptops and the collector: one namespace, one bridge, a tap each."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

COLLECTOR = "10.87.0.1"
PREFIX = 24


@dataclass(frozen=True)
class Network:
    namespace: str

    def tap(self, number: int) -> tuple[str, str]:
        """A new tap on the bridge, and the address of the laptop on it."""
        name = f"tap{number}"
        self._ip("tuntap", "add", "dev", name, "mode", "tap")
        self._ip("link", "set", name, "master", "bridge0", "up")
        return name, f"10.87.0.{10 + number}/{PREFIX}"

    def unplug(self, tap: str) -> None:
        self._ip("link", "set", tap, "nomaster")

    def plug_in(self, tap: str) -> None:
        self._ip("link", "set", tap, "master", "bridge0")

    def inside(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]

    def _ip(self, *words: str) -> None:
        _ip("-n", self.namespace, *words)


@contextmanager
def network() -> Iterator[Network]:
    """Gone again at the end, with everything in it."""
    namespace = f"laptops-{os.getpid()}"
    _ip("netns", "add", namespace)
    try:
        made = Network(namespace)
        for words in (
            ("link", "set", "lo", "up"),
            ("link", "add", "bridge0", "type", "bridge"),
            ("address", "add", f"{COLLECTOR}/{PREFIX}", "dev", "bridge0"),
            ("link", "set", "bridge0", "up"),
        ):
            made._ip(*words)
        yield made
    finally:
        _ip("netns", "del", namespace)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")
