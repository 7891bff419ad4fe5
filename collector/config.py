"""Where the collector listens, keeps its data and what it is called: checked once, here."""

import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- recognised here, not listened on


class ConfigError(ValueError):
    """A setting cannot be used; str() is one line that names it and says what it should be."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0: any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def default_folder() -> Path:
    """`$XDG_DATA_HOME/muster-collector`, in the home folder when the variable is not set."""
    base = os.environ.get("XDG_DATA_HOME", "")
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share"
    return root / "muster-collector"


@dataclass(frozen=True)  # without slots: the command line shows the defaults, `Config.web`
class Config:
    """`host_names`: what agents and browsers call this machine; the first one is handed out.

    `web_certificate` and `web_key`: the operator's own for the pages; without them the collector's
    authority makes them. `proxies`: networks whose X-Forwarded-For is believed.
    `environment`: empty until `environment.settled` says it.
    """

    folder: Path
    name: str = "Muster"
    check_in: Address = Address("127.0.0.1", 7843)
    enroll: Address = Address("127.0.0.1", 7844)
    web: Address = Address("127.0.0.1", 7845)
    host_names: tuple[str, ...] = ()
    web_certificate: Path | None = None
    web_key: Path | None = None
    proxies: tuple[Network, ...] = ()
    environment: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 64 or not self.name.isprintable():
            raise ConfigError("--name: give the collector a name of 1 to 64 printable characters")
        for host in self.host_names:
            if len(host) > 253 or not HOST_NAME.fullmatch(host):
                raise ConfigError(f"--host-name: {host!r} is not a host name or an address")

        if (self.web_certificate is None) != (self.web_key is None):
            raise ConfigError("--web-certificate and --web-key: give both or neither")

    def reachable(self, address: Address) -> Address:
        """`address` as others can call it: listening everywhere is not a place to call."""
        if address.host not in EVERYWHERE:
            return address
        host = self.host_names[0] if self.host_names else socket.gethostname()
        return Address(host, address.port)


def parse_address(text: str, option: str) -> Address:
    """
    >>> parse_address("[::1]:7843", "--check-in")
    Address(host='::1', port=7843)
    >>> parse_address("localhost", "--web")
    Traceback (most recent call last):
    collector.config.ConfigError: --web: 'localhost' is not an address: write HOST:PORT, for \
example 127.0.0.1:7845
    """
    host, colon, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not colon or not port.isascii() or not port.isdigit() or not HOST_NAME.fullmatch(host):
        raise ConfigError(
            f"{option}: {text!r} is not an address: write HOST:PORT, for example 127.0.0.1:7845"
        )
    if int(port) > 65535:
        raise ConfigError(f"{option}: port {port} does not exist: the highest is 65535")
    return Address(host, int(port))


def parse_network(text: str, option: str) -> Network:
    """
    >>> parse_network("192.0.2.7", "--proxy")
    IPv4Network('192.0.2.7/32')
    """
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError:
        raise ConfigError(
            f"{option}: {text!r} is no address or network: write for example 192.0.2.7 or "
            "192.0.2.0/24"
        ) from None
