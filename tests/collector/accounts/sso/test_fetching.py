"""Only the provider is asked, over TLS, within seconds and sizes, and never where it points on."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.accounts.sso.fetching import Answer, Outbound, Question, Unreachable, may_call
from collector.identity.key_files import open_authority, open_server

Answering = Callable[[asyncio.StreamWriter], None]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the chain of a server called login.example and its authority."""
    folder = tmp_path_factory.mktemp("provider")
    now = datetime.now(UTC)
    authority = open_authority(folder, "Provider", now)
    open_server(folder, authority, ["login.example"], now)
    return folder


class Site:
    """A server on loopback; `seen` is what it was sent."""

    def __init__(self, folder: Path, port: int, seen: list[bytes]) -> None:
        self.folder, self.port, self.seen = folder, port, seen
        self.addresses = ["127.0.0.1"]
        self.seconds = 5.0
        self.private_network = True

    async def resolve(self, host: str, port: int) -> list[str]:
        return self.addresses

    async def ask(self, url: str = "", form: dict[str, str] | None = None) -> Answer:
        """Asks login.example, which is the only host that may be."""
        place = f"login.example:{self.port}"
        outbound = Outbound(
            frozenset({place}),
            trusting(self.folder),
            self.private_network,
            self.seconds,
            self.resolve,
        )
        return await outbound.ask(Question(url or f"https://{place}/keys?a=1", form, "Basic x"))


def trusting(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "authority.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@asynccontextmanager
async def serving(folder: Path, answer: Answering) -> AsyncIterator[Site]:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        answer(writer)
        await reader.read()  # until the collector hangs up
        writer.transport.abort()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield Site(folder, server.sockets[0].getsockname()[1], seen)


def says(*parts: bytes) -> Answering:
    return lambda writer: writer.writelines(parts)


OK = b"HTTP/1.1 200 OK\r\n"


async def test_an_answer_comes_with_its_status(certificates: Path) -> None:
    async with serving(certificates, says(OK, b"Content-Length: 2\r\n\r\n{}")) as site:
        assert await site.ask() == Answer(200, b"{}")
    (request,) = site.seen
    assert request.startswith(b"GET /keys?a=1 HTTP/1.1\r\n")
    assert f"host: login.example:{site.port}\r\n".encode() in request.lower()
    assert b"authorization: basic x\r\n" in request.lower()


async def test_a_form_is_posted(certificates: Path) -> None:
    async with serving(certificates, says(OK, b"Content-Length: 0\r\n\r\n")) as site:
        await site.ask(form={"code": "a b&c"})
    assert site.seen[0].startswith(b"POST /keys?a=1 ")


async def test_a_redirect_is_an_answer_and_is_not_followed(certificates: Path) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with serving(certificates, says(moved)) as site:
        assert (await site.ask()).status == 302
    assert len(site.seen) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(OK, b"\r\n", b"x" * 300_000), "more than 256 KiB"),
        (
            says(OK, b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
            "",
        ),
        (says(OK, b"X: " + b"y" * 40_000), "HTTP"),
        (says(b"SSH-2.0-OpenSSH\r\n\r\n"), "HTTP"),
        (says(OK, b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"), "compressed"),
    ],
)
async def test_what_is_too_large_or_no_answer_is_refused(
    certificates: Path, answer: Answering, said: str
) -> None:
    async with serving(certificates, answer) as site:
        site.seconds = 0.3
        with pytest.raises(Unreachable, match=said or "within 0.3 seconds"):
            await site.ask()


async def test_an_answer_that_trickles_is_given_up(certificates: Path) -> None:
    def trickle(writer: asyncio.StreamWriter) -> None:
        async def drip() -> None:
            while not writer.transport.is_closing():
                writer.write(b"X-Wait: 1\r\n")
                await asyncio.sleep(0.01)

        writer.write(OK)
        writer.trickle = asyncio.create_task(drip())  # type: ignore[attr-defined]

    async with serving(certificates, trickle) as site:
        site.seconds = 0.3
        with pytest.raises(Unreachable, match="did not answer within"):
            await site.ask()


async def test_a_connection_that_closes_early_is_no_answer(certificates: Path) -> None:
    async with serving(certificates, lambda writer: writer.close()) as site:
        with pytest.raises(Unreachable, match=r"login\.example"):
            await site.ask()


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://other.example/keys",
        "https://login.example/keys",
        "https://login.example.evil.example/keys",
        "https://login.example@evil.example/keys",
        "http://login.example:{port}/keys",
        "file:///etc/passwd",
    ],
)
async def test_nobody_but_the_providers_hosts_is_asked(certificates: Path, url: str) -> None:
    async with serving(certificates, says(OK)) as site:
        with pytest.raises(Unreachable, match="not one of the provider's hosts"):
            await site.ask(url.replace("{port}", str(site.port)))
    assert site.seen == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "100.64.0.1"])
async def test_a_name_that_leads_into_the_network_is_not_called(
    certificates: Path, address: str
) -> None:
    async with serving(certificates, says(OK)) as site:
        site.private_network, site.addresses = False, ["93.184.215.14", address]
        with pytest.raises(Unreachable, match="private_network = true"):
            await site.ask()
    assert site.seen == []


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "224.0.0.1",
        "0.0.0.0",
        "::",
        "x",
    ],
)
def test_some_addresses_are_never_called(address: str) -> None:
    assert not may_call(address, private_network=True)


async def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    certificates: Path,
) -> None:
    calls: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        calls.append(host)
        return ["127.0.0.1"] if len(calls) == 1 else ["169.254.169.254"]

    async with serving(certificates, says(OK, b"Content-Length: 0\r\n\r\n")) as site:
        site.resolve = rebinding  # type: ignore[method-assign]
        assert (await site.ask()).status == 200
    assert calls == ["login.example"]


async def test_a_certificate_of_nobody_we_trust_is_refused(
    certificates: Path, tmp_path: Path
) -> None:
    open_authority(tmp_path, "Stranger", datetime.now(UTC))
    async with serving(certificates, says(OK)) as site:
        site.folder = tmp_path
        with pytest.raises(Unreachable, match=r"not trusted.*ca_file"):
            await site.ask()
    assert site.seen == []


async def test_a_certificate_of_another_name_is_refused(certificates: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for name in ("authority.key", "authority.pem"):
        (tmp_path / name).write_bytes((certificates / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    open_server(tmp_path, open_authority(tmp_path, "", now), ["other.example"], now)
    async with serving(tmp_path, says(OK)) as site:
        with pytest.raises(Unreachable, match="not trusted"):
            await site.ask()


async def test_a_port_where_nobody_listens_is_said(certificates: Path) -> None:
    async with serving(certificates, says(OK)) as site:
        pass
    with pytest.raises(Unreachable, match="cannot be reached"):
        await site.ask()
