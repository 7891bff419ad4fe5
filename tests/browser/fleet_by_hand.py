"""A small fleet as a helpdesk knows it: some laptops fail, one is silent, most are well."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from collector.incidents.kinds import alarm
from collector.model import Compliance, EvidenceLine, FormFactor, Platform, Status
from collector.policy.wording import Text, days, sentence
from collector.store import Connection, incidents, ownership, persons, snapshots, tallies
from collector.store.persons import Person
from tests.browser.desk_by_hand import decide
from tests.collector.web.fleet import LAPTOP, Seen, device_id
from tests.collector.web.test_crawl import World

FAIL, UNKNOWN = Status.FAIL, Status.UNKNOWN
WINDOWS = replace(
    LAPTOP,
    platform=Platform.WINDOWS,
    os_id="windows",
    os_name="Windows 11 Pro",
    os_version="10.0.26100",
    manufacturer="Dell Inc.",
    model="Latitude 7450",
    serial="7XK2P54",
)
MAC = replace(
    LAPTOP,
    platform=Platform.MACOS,
    os_id="macos",
    os_name="macOS 26.1",
    os_version="26.1",
    manufacturer="Apple Inc.",
    model="MacBook Pro (14-inch, 2024)",
    serial="C02ZX1ABMD6T",
)
DESKTOP = replace(LAPTOP, form_factor=FormFactor.DESKTOP, model="ThinkStation P3")
VOLUMES = (
    EvidenceLine("manage-bde", "C: is encrypted with XTS-AES 256; protection is off"),
    EvidenceLine("Win32_EncryptableVolume", "ProtectionStatus 0, ConversionStatus 1"),
)
DAY = timedelta(days=1)

# In the words of the rules, so that the pages say them in French, too.
SUSPENDED = sentence(
    Text("encrypted, but with its key in clear or suspended: %(names)s", names="C:")
)
LET_IN = sentence(Text("new inbound traffic is let in on %(names)s", names="ipv6"))
RESTART = sentence(
    Text(
        "a restart has been pending since %(day)s; the limit is %(limit)s",
        day="2026-11-09",
        limit=days(7),
    )
)
WEEKS_AGO = (
    (28, {"compliant": 2, "non_compliant": 3}, {"disk_encrypted": 2, "os_restart_done": 1}),
    (21, {"compliant": 3, "non_compliant": 3}, {"disk_encrypted": 2, "os_restart_done": 2}),
    (14, {"compliant": 4, "non_compliant": 2, "unknown": 1}, {"disk_encrypted": 1}),
    (7, {"compliant": 4, "non_compliant": 2, "unknown": 1}, {"firewall_blocks_inbound": 1}),
)
"""From so many days ago until the next of these: the devices by state, those that fail a rule."""

FLEET = (
    Seen(
        "lap-alice",
        Compliance.NON_COMPLIANT,
        {
            "disk_encrypted": (FAIL, SUSPENDED),
            "os_restart_done": (FAIL, RESTART),
        },
        VOLUMES,
        WINDOWS,
        bad_for=5 * DAY,
    ),
    Seen(
        "lap-bruno",
        Compliance.NON_COMPLIANT,
        {
            "firewall_blocks_inbound": (FAIL, LET_IN),
            "antivirus_active": (UNKNOWN, "Permission denied."),
        },
        (EvidenceLine("nft list ruleset", "table ip filter: policy drop; no table for ip6"),),
        bad_for=12 * DAY,
    ),
    Seen(
        "mac-chloe",
        Compliance.UNKNOWN,
        {"screen_locks_automatically": (UNKNOWN, "Nobody is logged in.")},
        inventory=MAC,
        bad_for=1 * DAY,
    ),
    Seen("lap-david", Compliance.COMPLIANT, inventory=WINDOWS, bad_for=40 * DAY, quiet=19 * DAY),
    Seen("lap-elena", Compliance.COMPLIANT, inventory=WINDOWS, bad_for=61 * DAY),
    Seen("mac-farid", Compliance.COMPLIANT, inventory=MAC, bad_for=33 * DAY),
    Seen("pc-workshop", Compliance.COMPLIANT, inventory=DESKTOP, bad_for=80 * DAY),
)
OWNERS = {
    "lap-alice": Person("alice@example.org", "Alice Martin", "Sales", "fr"),
    "lap-bruno": Person("bruno@example.org", "Bruno Costa", "Engineering", "en"),
    "mac-chloe": Person("chloe@example.org", "Chloe Durand", "Design", "fr"),
    "lap-david": Person("david@example.org", "David Novak", "Sales", "en"),
}


def settle(world: World) -> None:
    """Put all of it into the store of the crawl's world."""
    store, now = world.browser.store, world.browser.clock()
    world.browser.enrol(*FLEET)
    for person in OWNERS.values():
        store.write(partial(persons.put, one=person, at=now))
    owners = {device_id(hostname): person.email for hostname, person in OWNERS.items()}
    store.write(lambda c: ownership.set_owners(c, owners, now, "admin"))
    store.write(lambda c: _keep_weeks(c, now))
    store.write(lambda c: decide(c, now))
    raised = alarm("login_guessing", "account:alice", "31 failures from 203.0.113.7 in 10 minutes")
    store.write(lambda c: incidents.open_or_count(c, raised, now - timedelta(hours=3)))


def _keep_weeks(c: Connection, now: datetime) -> None:
    for ago in range(WEEKS_AGO[0][0], 0, -1):
        _, states, failing = next(row for row in reversed(WEEKS_AGO) if row[0] >= ago)
        rows = [("", state, count) for state, count in states.items()]
        rows += [(rule_id, "fail", count) for rule_id, count in failing.items()]
        snapshots.keep(c, tallies.day_number((now - ago * DAY).date()), rows)
