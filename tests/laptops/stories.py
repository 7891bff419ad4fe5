"""What happens to a laptop after its first report, and what must be true afterwards."""

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from collector.store import Store, findings
from collector.store.findings import Past
from tests.laptops.case import Row
from tests.laptops.running import Laptop
from tests.laptops.uml import LaptopTrouble

RULE = "firewall_blocks_inbound"
CLOCKS_DIFFER = timedelta(seconds=2)
BACK_SECONDS = 180.0
INTO_A_LOOK_SECONDS = 4.0
REPORT_ALONE = "setsid muster-agent report >/dev/null 2>&1 &"
KEPT = "ls /var/lib/muster-agent/spool | grep -q '[.]report$'"
UNTIL_KEPT = f"n=0; until {KEPT}; do n=$((n+1)); test $n -lt 90 || exit 1; sleep 1; done; sleep 1"
"""Until the report is on the disk; a second later it waits for a collector that is not there."""
OF_THE_AGENT = ("enrollment", "certificate", "collector", "clock", "last check-in", "spool")


def firewall_switched(laptop: Laptop) -> list[Row]:
    """Off, a report, on, a report: three intervals that meet, begun when each was observed."""
    name = laptop.case.name
    switched = [datetime.now(UTC)]
    for order in ("ufw disable", "ufw --force enable"):
        laptop.machine.must(order)
        laptop.report()
        switched.append(datetime.now(UTC))
    was_on, off, on = intervals(laptop, 3)[:3]
    told = f"{[(p.finding.status.value, p.finding.since, p.closed_at) for p in (was_on, off, on)]}"
    return [
        row(name, "statuses in turn", "pass fail pass", _statuses([was_on, off, on]), told),
        held(name, "opened when off", switched[0], off.finding.since, switched[1]),
        held(name, "closed when on again", switched[1], on.finding.since, switched[2]),
        row(name, "intervals meet", "yes", yes(_meet([was_on, off, on])), told),
    ]


def power_cut(laptop: Laptop) -> list[Row]:
    """Once while the agent looks at the device, once while its report waits for an answer.

    Before the second, the network goes, so that the report is written and never answered. Its
    finding must arrive after the restart, with the time it was observed.
    """
    name, before = laptop.case.name, laptop.shown()
    laptop.machine.must("systemctl stop muster-agent")
    laptop.machine.must(REPORT_ALONE)
    time.sleep(INTO_A_LOOK_SECONDS)
    cut_and_power_on(laptop)
    rows = [row(name, "after a cut while it looks", "in order", *order(laptop))]
    laptop.machine.must("systemctl stop muster-agent")
    laptop.site.network.unplug(laptop.boot.tap)
    begun_at = datetime.now(UTC)
    laptop.machine.must("ufw disable")
    laptop.machine.must(f"{REPORT_ALONE}\n{UNTIL_KEPT}")
    cut_at = cut_and_power_on(laptop)
    after, opened = laptop.shown(), intervals(laptop, 2)[1]
    same = before["device_id"] == after["device_id"]
    return [
        *rows,
        row(name, "after a cut while it sends", "in order", *order(laptop)),
        row(name, "what it had to send", "fail", opened.finding.status.value, ""),
        held(name, "opened before the cut", begun_at, opened.finding.since, cut_at),
        row(name, "still the same device", "yes", yes(same), after["device_id"]),
    ]


def cut_and_power_on(laptop: Laptop) -> datetime:
    """Returns when it was cut, after the laptop has come back and reported by itself."""
    cut_at = datetime.now(UTC)
    laptop.machine.cut_power()
    laptop.site.network.plug_in(laptop.boot.tap)
    laptop.power_on_again()
    wait_until_seen_after(laptop, cut_at)
    return cut_at


def order(laptop: Laptop) -> tuple[str, str]:
    """What doctor says of the agent itself; what it cannot see of the device is no matter here."""
    _, said = laptop.machine.order("muster-agent doctor --json")
    items = {item["name"]: item for item in json.loads(said)["items"]}
    wrong = [name for name in OF_THE_AGENT if items[name]["to_do"]]
    return ", ".join(wrong) or "in order", said


def intervals(laptop: Laptop, count: int) -> list[Past]:
    """Of the firewall rule, the oldest first, straight from the collector's store.

    Raises LaptopTrouble when there are fewer than `count`.
    """
    device_id = laptop.shown()["device_id"]
    store = Store.open(laptop.site.collector.folder, create=False)
    try:
        past = store.read(lambda c: findings.history(c, device_id))
    finally:
        store.close()
    found = [each for each in reversed(past) if each.finding.rule_id == RULE]
    if len(found) < count:
        raise LaptopTrouble(f"the firewall was found {_statuses(found)}, {count} were expected")
    return found


def wait_until_seen_after(laptop: Laptop, at: datetime) -> None:
    deadline = time.monotonic() + BACK_SECONDS
    while datetime.fromisoformat(laptop.shown()["last_seen_at"]) <= at:
        if time.monotonic() > deadline:
            raise LaptopTrouble(f"nothing came after the cut: {laptop.agent_log()}")
        time.sleep(1)


def _meet(intervals: list[Past]) -> bool:
    pairs = pairwise(intervals)
    return all(old.closed_at == new.finding.recorded_at for old, new in pairs)


def _statuses(intervals: list[Past]) -> str:
    return " ".join(each.finding.status.value for each in intervals)


def held(case: str, asked: str, after: datetime, at: datetime, before: datetime) -> Row:
    ok = after - CLOCKS_DIFFER <= at <= before + CLOCKS_DIFFER
    return Row(case, asked, "in time", "in time" if ok else "not", ok, f"{after} {at} {before}")


def row(case: str, asked: str, expected: str, found: str, because: str) -> Row:
    return Row(case, asked, expected, found, expected == found, because)


def yes(true: bool) -> str:
    return "yes" if true else "no"
