"""The collector's only way to the provider: named hosts, HTTPS, no redirects, so long and so much.

A name is resolved once and the address that was looked at is the one connected to, so a name that
points elsewhere a moment later leads nowhere. Addresses of private networks are called only when
the operator says that the provider is there; link-local ones (where clouds keep their metadata)
never.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import h11

from collector.accounts.sso.settings import host_of

SECONDS = 10.0
MOST_BYTES = 256 * 1024
MOST_HEAD_BYTES = 16 * 1024

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]


class Unreachable(Exception):
    """No usable answer; str() says why in one line, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Question:
    """`form` makes it a POST. `authorization` is the header of that name."""

    url: str
    form: Mapping[str, str] | None = field(default=None, repr=False)
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = field(repr=False)


Ask = Callable[[Question], Awaitable[Answer]]


async def resolve(host: str, port: int) -> list[str]:
    """Every address of the name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Outbound:
    """Asks the hosts in `hosts` (HOST:PORT) and nobody else."""

    hosts: frozenset[str]
    tls: ssl.SSLContext
    private_network: bool = False
    seconds: float = SECONDS
    resolve: Resolve = resolve

    async def ask(self, question: Question) -> Answer:
        """Raises Unreachable."""
        place = host_of(question.url)
        if urlsplit(question.url).scheme != "https" or place not in self.hosts:
            raise Unreachable(f"{place} is not one of the provider's hosts (issuer, also_hosts)")
        try:
            async with asyncio.timeout(self.seconds):
                return await self._ask(question, place)
        except TimeoutError as error:
            raise Unreachable(f"{place} did not answer within {self.seconds:g} seconds") from error
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"{place} shows a certificate that is not trusted ({error.verify_message}): name "
                "its authority in ca_file"
            ) from error
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{place} cannot be reached ({error})") from error
        except h11.ProtocolError as error:
            raise Unreachable(f"{place} does not answer as HTTP has it ({error})") from error

    async def _ask(self, question: Question, place: str) -> Answer:
        parts = urlsplit(question.url)
        host, port = str(parts.hostname), parts.port or 443
        addresses = await self.resolve(host, port)
        for address in addresses:
            if not may_call(address, private_network=self.private_network):
                raise Unreachable(
                    f"{place} has the address {address}, which is not one of the internet: set "
                    "private_network = true if the provider is inside your network"
                )
        reader, writer = await self._connect(addresses, host, port)
        try:
            return await _talk(reader, writer, question, place)
        finally:
            writer.transport.abort()

    async def _connect(
        self, addresses: list[str], host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        trouble: OSError = OSError("the name has no address")
        for address in addresses:
            try:
                return await asyncio.open_connection(
                    address, port, ssl=self.tls, server_hostname=host
                )
            except ssl.SSLCertVerificationError:
                raise
            except OSError as error:
                trouble = error
        raise trouble


def may_call(address: str, *, private_network: bool) -> bool:
    """
    >>> may_call("93.184.215.14", private_network=False)
    True
    >>> may_call("10.0.0.7", private_network=False), may_call("10.0.0.7", private_network=True)
    (False, True)
    >>> may_call("::ffff:169.254.169.254", private_network=True)
    False
    """
    try:
        ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False
    return ip.is_global or (private_network and ip.is_private)


def _inner(ip: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4), else itself."""
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: Question, place: str
) -> Answer:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)
    writer.write(_written(connection, question))
    await writer.drain()
    status, body = 0, bytearray()
    while True:
        event = await _next(connection, reader)
        if isinstance(event, h11.Response):
            status = _status(event, place)
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MOST_BYTES:
                raise Unreachable(f"{place} answers with more than {MOST_BYTES // 1024} KiB")
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            raise Unreachable(f"{place} closed the connection before it answered")


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    """What comes next, when enough of it has been read."""
    event = connection.next_event()
    while event is h11.NEED_DATA:
        connection.receive_data(await reader.read(16 * 1024))
        event = connection.next_event()
    return event


def _status(response: h11.Response, place: str) -> int:
    if dict(response.headers).get(b"content-encoding", b"identity") != b"identity":
        raise Unreachable(f"{place} answers in a compressed form that nobody asked for")
    return response.status_code


def _written(connection: h11.Connection, question: Question) -> bytes:
    """The whole request as bytes."""
    parts = urlsplit(question.url)
    body = urlencode(question.form).encode() if question.form is not None else b""
    headers = [
        ("Host", parts.netloc),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", "muster-collector"),
        ("Connection", "close"),
    ]
    if question.authorization:
        headers.append(("Authorization", question.authorization))
    if question.form is not None:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        headers.append(("Content-Length", str(len(body))))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    method = "GET" if question.form is None else "POST"
    request = h11.Request(method=method, target=target, headers=headers)
    sent = [connection.send(request)]
    if body:
        sent.append(connection.send(h11.Data(data=body)))
    sent.append(connection.send(h11.EndOfMessage()))
    return b"".join(part for part in sent if part)
