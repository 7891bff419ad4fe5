"""Fetches what the operator published, by the way to the network that check-ins take as well."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import urllib3
from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

from agent.exchange import proxy
from agent.exchange.troubles import Unreachable

SILENT_SECONDS = 30.0
"""Until the first byte, and from one to the next."""
AT_ONCE = 400_000
NAME = {"User-Agent": "muster-agent"}


class Fetcher(FetcherInterface):
    """`told`: the proxy that enrollment was told; "" leaves it to the environment.

    Whatever goes wrong is a DownloadError, also in the middle of a file; none names the proxy's
    password.
    """

    def __init__(self, told: str = "") -> None:
        self._told = told

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            response = self._pool(url).request(
                "GET", url, preload_content=False, timeout=urllib3.Timeout(SILENT_SECONDS)
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise DownloadError(_why(error)) from error
        if response.status >= 400:
            response.close()
            raise DownloadHTTPError(f"the server answers {response.status}", response.status)
        return _parts(response)

    def _pool(self, url: str) -> urllib3.PoolManager:
        try:
            way = proxy.proxy_for(urlsplit(url).hostname or "", os.environ, self._told)
        except Unreachable as error:
            raise DownloadError(str(error)) from error
        if way is None:
            return urllib3.PoolManager(headers=NAME)
        login = urllib3.make_headers(proxy_basic_auth=way.login) if way.login else None
        return urllib3.ProxyManager(f"http://{way}", headers=NAME, proxy_headers=login)


def _parts(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from response.stream(AT_ONCE)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise DownloadError(_why(error)) from error
    finally:
        response.release_conn()


def _why(error: Exception) -> str:
    """Without addresses: the collector is told it."""
    return type(getattr(error, "reason", None) or error).__name__
