"""Every page and filter over a large fleet, in server time, against a page that does nothing."""

import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from starlette.testclient import TestClient

from collector.accounts import sessions
from collector.accounts.roles import Role
from collector.accounts.sealing import open_seal
from collector.app import keep_what_is_loaded
from collector.audit.journal import Journal
from collector.audit.signing import open_signer
from collector.clock import system_clock
from collector.store import Store, accounts
from collector.store.accounts import Account
from collector.web.application import Reach, application
from collector.web.cookie import NAME
from collector.web.site import Keeping
from tests.load.large_fleet import seeded
from tests.load.served_bench import measure_served

ROUNDS = 12
HOST = "https://collector.example"
PATHS = (
    *("/", "/fixes", "/changes", "/changes?what=fixed", "/devices"),
    *(f"/devices?state={state}" for state in ("non_compliant", "unknown", "stale", "compliant")),
    *(f"/devices?platform={platform}" for platform in ("linux", "macos", "windows")),
    *("/devices?rule=disk_encrypted", "/devices?rule=os_updates_applied"),
    "/devices?rule=disk_encrypted&status=unknown&cause=timed_out",
    "/devices?rule=disk_encrypted&platform=macos&state=stale",
    "/devices?rule=disk_encrypted&state=compliant",
    *("/devices?q=lap", "/devices?q=debian", "/devices?q=lap-77", "/devices?q=nothing+like+it"),
    "/devices?q=Model+7&rule=disk_encrypted&platform=linux&state=non_compliant",
    *("/devices?q=l", "/devices?q=la", "/devices?q=person4444@", "/devices?q=example.org"),
    *(f"/devices?sort={order}" for order in ("since", "seen", "severity", "name")),
    "/devices?sort=seen&state=unknown&rule=disk_encrypted",
    "/devices?sort=severity&platform=linux&q=debian",
    "/devices?sort=since&rule=disk_encrypted&status=unknown&cause=timed_out&group=large",
    *("/devices?group=small", "/devices?group=large", "/devices?group=large&state=stale"),
    *("/devices?owner=person4444@example.org", "/devices?owner=none"),
    *("/devices?seen=over-7", "/devices?seen=over-60", "/devices?seen=within-1"),
    "/devices?seen=over-60&rule=disk_encrypted&sort=severity",
    *("/people", "/people?q=person4", "/people?q=sales", "/people?only=without_device"),
    *("/people?only=left_reporting", "/people/import", "/waivers"),
    *(f"/waivers?show={shown}" for shown in ("waiting", "about_to_end", "in_force", "over")),
    *("/notifications", "/notifications?only=failed", "/people?q=sales+person4"),
    *("/disputes", "/policy", "/policy/edit", "/incidents", "/accounts", "/audit"),
)

LAST_DEVICE = "SELECT max(device_id) FROM device"
"""The one with the long history."""


def measure_pages(many: int) -> None:
    """Prints a line a page: median and 95th percentile in ms, and how much is transferred."""
    folder = Path(tempfile.gettempdir()) / f"muster-bench-{many}"
    folder.mkdir(exist_ok=True)
    store = seeded(folder, many)
    try:
        client, token = logged_in(store, folder)
        floor = timed(client, "/healthz")[0]
        print(f"\n{many:,} devices; a page that does nothing: {floor:.1f} ms")
        print(f"{'page':<76}{'median':>8}{'p95':>8}{'kB':>7}{'ratio':>9}")
        long = store.read(lambda c: c.exec_driver_sql(LAST_DEVICE).scalar_one())
        history = (f"/devices/{long}", f"/devices/{long}/history")
        for path in (*PATHS, *further(client), *history):
            median, worst, size = timed(client, path)
            print(
                f"{path[:75]:<76}{median:>8.1f}{worst:>8.1f}{size / 1000:>7.1f}"
                f"{median / floor:>9.1f}",
                flush=True,
            )
    finally:
        store.close()
    measure_served(folder, token)


def logged_in(store: Store, folder: Path) -> tuple[TestClient, str]:
    journal = Journal(folder / "audit", open_signer(folder), system_clock)
    keeping = Keeping(open_seal(folder), journal, "Bench")
    app = application(store, system_clock, keeping, Reach(["collector.example"]))
    keep_what_is_loaded()
    token = session(store)
    headers = {"Cookie": f"{NAME}={token}"}
    return TestClient(app, HOST, headers=headers, follow_redirects=False), token


def session(store: Store) -> str:
    """The token of a new one, as its cookie has it."""
    now = system_clock()
    account = Account("bench", "", now, Role.OWNER)
    if store.read(lambda c: accounts.get(c, "bench")) is None:
        store.write(lambda c: accounts.add(c, account))
    return store.write(lambda c: sessions.begin(c, account, now, factor_at=now))


def further(client: TestClient) -> Iterator[str]:
    """The second page of the list, and the page of one device."""
    page = client.get("/devices").text
    found = re.search(r'rel="next" href="([^"]*)"', page)
    if found:
        yield unescape(found[1])
    device = re.search(r'href="(/devices/[0-9a-f-]{20,})"', page)
    if device:
        yield device[1]


def timed(client: TestClient, path: str) -> tuple[float, float, int]:
    """Median and 95th percentile in ms, after one that is not counted, and bytes.

    In processor time of this process: what else the machine does is not in it.
    """
    took, size = [], 0
    for number in range(ROUNDS + 1):
        begun = time.process_time()
        response = client.get(path)
        if number:
            took.append((time.process_time() - begun) * 1000)
        assert response.status_code in (200, 204), (path, response.status_code)
        size = len(response.content)
        if took and took[0] > 5000:
            break
    worst = sorted(took)[min(len(took) - 1, round(0.95 * len(took)))]
    return statistics.median(took), worst, size
