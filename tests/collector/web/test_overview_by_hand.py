"""The times to fix and the trends of a week that was counted by hand.

Six laptops fail for 3, 30, 50 and 120 hours, and for longer. Half of the four fixes took 30 hours
or less: the overview says the end of the bucket, two days.
"""

import re
from datetime import UTC, datetime, timedelta

from collector.model import Compliance, Finding, Status
from collector.policy.advice import SIGNALS
from collector.store import devices, findings, snapshots
from collector.store.devices import Judgement
from collector.store.findings import Moves, Opening
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, LAPTOP

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, STALE_AFTER = timedelta(hours=1), timedelta(days=30)
FIXED_AFTER_HOURS = {"a": 3, "b": 30, "c": 50, "d": 120, "e": None, "f": None}
"""By laptop, after how long it was fixed; all of them have failed since Monday, 06:00."""

AT_THE_END_OF = {
    "2026-11-16": (5, 1),
    "2026-11-17": (4, 2),
    "2026-11-18": (3, 3),
    "2026-11-19": (3, 3),
    "2026-11-20": (3, 3),
    "2026-11-21": (2, 4),
}
"""How many fail and how many are compliant."""


def say(browser: Browser, name: str, status: Status) -> None:
    """The rule's answer on the device, and the state that follows."""
    at = browser.clock()
    failing = status is Status.FAIL
    new = Finding(name, DISKS, status, "Because.", (), at, at, at, 1)
    closed = [] if failing else [(DISKS, at)]
    state = Compliance.NON_COMPLIANT if failing else Compliance.COMPLIANT
    judgement = Judgement(state, at, 1, b"x", 1, at, None)
    moves = Moves(closed, [Opening(new, SIGNALS[DISKS])])
    browser.store.write(lambda c: findings.move(c, name, moves))
    browser.store.write(lambda c: devices.record_judgement(c, name, judgement))


def live_through(browser: Browser) -> None:
    """Hour by hour from Monday, 06:00, to Sunday, 06:00, with a count after each midnight."""
    begun_at = MONDAY + 6 * HOUR
    browser.clock.now = begun_at
    row = LAPTOP
    for name in FIXED_AFTER_HOURS:
        browser.store.write(lambda c, name=name: devices.add(c, name, row, begun_at))  # type: ignore[misc]
        browser.store.write(
            lambda c, name=name: devices.record_check_in(c, name, row, 1, b"d", begun_at)  # type: ignore[misc]
        )
        say(browser, name, Status.FAIL)
    for hour in range(1, 6 * 24 + 1):
        browser.clock.now = begun_at + hour * HOUR
        for name in (name for name, after in FIXED_AFTER_HOURS.items() if after == hour):
            say(browser, name, Status.PASS)
        browser.store.write(lambda c: snapshots.take(c, browser.clock(), STALE_AFTER))


def row_of(page: str, heading: str, day: str) -> list[str]:
    """The numbers of a day in the table of the plot with that heading."""
    table = page.split(f'aria-label="{heading}"')[1].split("</table>", maxsplit=1)[0]
    row = re.search(rf'<th scope="row">{day}</th>(.*?)</tr>', table, re.DOTALL)
    assert row, day
    return re.findall(r"<td>([^<]*)</td>", row[1])


def test_the_overview_says_what_was_counted_by_hand(browser: Browser) -> None:
    live_through(browser)
    assert browser.log_in() == 303
    page = browser.get("/")

    disks = page.split("Every disk volume is encrypted</th>")[1].split("</tr>")[0]
    words = re.sub(r"<[^>]+>|\s+", " ", disks).split()
    assert words == ["Critical", "2", "0", "0", "0", "2", "days", "of", "4"]

    for day, (failing, compliant) in AT_THE_END_OF.items():
        assert row_of(page, "Open failures by severity", day) == [str(failing), "0", "0", "0"]
        states = row_of(page, "Devices by state over time", day)
        assert states == [str(failing), "0", "0", str(compliant)]
    turned = {day: row_of(page, "Newly failing and fixed, by day", day) for day in AT_THE_END_OF}
    assert list(turned.values()) == [
        ["6", "1"], ["0", "1"], ["0", "1"], ["0", "0"], ["0", "0"], ["0", "1"],
    ]  # fmt: skip
