"""A real collector over a large fleet: the first view in a browser, and the whole list as CSV."""

import http.client
import ssl
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Browser, sync_playwright

from collector.web.cookie import NAME
from tests.browser.conftest import CHROMIUM
from tests.fleet import collector

PAGES = ("/", "/devices")
ROUNDS = 7
READY_SECONDS = 300.0
"""A collector reads its whole database once when it starts."""
PAINTED = """async () => {
  const painted = await new Promise((told) => {
    const heard = (list) => list.getEntriesByName("first-contentful-paint").forEach(told);
    new PerformanceObserver(heard).observe({ type: "paint", buffered: true });
  });
  const [page] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource");
  const bytes = [page, ...files].reduce((sum, each) => sum + each.transferSize, 0);
  return [painted.startTime, page.loadEventEnd, bytes];
}"""


def measure_served(folder: Path, token: str) -> None:
    with collector(folder, READY_SECONDS) as (running, serving):
        assert running.process is not None
        if CHROMIUM.exists():
            first_views(serving["web"], token)
        else:
            print(f"first view: not measured, there is no {CHROMIUM}")
        whole_list(psutil.Process(running.process.pid), serving["web"], token)


def first_views(web: str, token: str) -> None:
    """By the wall clock, in a browser that has nothing of the pages yet, in a new window each."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            for path in PAGES:
                _view(browser, web, path, token)
        finally:
            browser.close()


def whole_list(server: psutil.Process, web: str, token: str) -> None:
    """The list of all devices as CSV, read as it comes and thrown away."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    before, most, size = server.memory_info().rss, 0, 0
    used, begun = sum(server.cpu_times()[:2]), time.perf_counter()
    place = http.client.HTTPSConnection(urlsplit(web).netloc, context=context, timeout=600)
    place.request("GET", "/devices/csv", headers={"Cookie": f"{NAME}={token}"})
    answer = place.getresponse()
    assert answer.status == http.client.OK, answer.status
    while piece := answer.read(1 << 16):
        size += len(piece)
        most = max(most, server.memory_info().rss)
    place.close()
    took, cpu = time.perf_counter() - begun, sum(server.cpu_times()[:2]) - used
    print(
        f"all devices as CSV: {size / 1e6:.1f} MB in {took:.1f} s, {cpu:.1f} s of one processor;"
        f" memory grew by {max(0, most - before) / 1e6:.0f} MB",
        flush=True,
    )


def _view(browser: Browser, web: str, path: str, token: str) -> None:
    seen = [_once(browser, web, path, token) for _ in range(ROUNDS + 1)][1:]
    painted, loaded, size = zip(*seen, strict=True)
    print(
        f"first view of {path}: painted after {statistics.median(painted):.0f} ms"
        f" (at most {max(painted):.0f}), whole after {statistics.median(loaded):.0f} ms"
        f" (at most {max(loaded):.0f}), {max(size) / 1000:.0f} kB",
        flush=True,
    )


def _once(browser: Browser, web: str, path: str, token: str) -> tuple[float, float, float]:
    context = browser.new_context(ignore_https_errors=True)
    host = urlsplit(web).hostname or ""
    context.add_cookies([{"name": NAME, "value": token, "url": f"https://{host}/", "secure": True}])
    try:
        page = context.new_page()
        answer = page.goto(web + path, wait_until="load")
        assert answer is not None, path
        assert (answer.status, urlsplit(page.url).path) == (200, path), page.url
        painted, loaded, size = page.evaluate(PAINTED)
        return painted, loaded, size
    finally:
        context.close()
