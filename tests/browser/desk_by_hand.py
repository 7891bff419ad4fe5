"""What people decided about the fleet by hand: groups, waivers, messages, doubts, releases."""

from datetime import datetime, timedelta

from collector import releasing
from collector.policy import default_text
from collector.store import (
    Connection,
    disputes,
    groups,
    notifications,
    ownership,
    persons,
    policies,
    releases,
    waivers,
)
from collector.store.disputes import SYSTEM, Place, Turned
from collector.store.groups import Group
from collector.store.notifications import Message, New
from collector.store.persons import Person
from collector.store.releases import Update, UpdateOutcome
from collector.store.waivers import Asked
from collector.subscriptions import Topic
from tests.collector.web.fleet import device_id

DAY = timedelta(days=1)
STRICTER = default_text().replace("stale_after_days = 7", "stale_after_days = 10")


def decide(c: Connection, now: datetime) -> None:
    """Something of everything that a page can list."""
    _group(c, now)
    _waive(c, now)
    _tell(c, now)
    _release(c, now)
    found = Turned("antivirus_active", Place(SYSTEM, "windows 10.0.26100"), 3)
    disputes.open_one(c, found, 4, now - timedelta(hours=2))
    persons.put(c, Person("greta@example.org", "Greta Olsen", "Finance", "en"), now)
    gone = Person("farid@example.org", "Farid Haddad", "Design", "fr", left_at=now - 9 * DAY)
    persons.put(c, gone, now)
    ownership.set_owners(c, {device_id("mac-farid"): gone.email}, now, "admin")
    policies.add(c, STRICTER, now - DAY, "admin")


def _group(c: Connection, now: datetime) -> None:
    groups.describe(c, "sales", "Everybody who travels to customers", "sales@example.org")
    groups.add_members(c, "sales", [device_id("lap-alice"), device_id("lap-david")], now)
    groups.add(c, Group("workshop", "Machines that stay in the workshop", "", now - 30 * DAY))
    groups.add_members(c, "workshop", [device_id("pc-workshop")], now)


def _waive(c: Connection, now: datetime) -> None:
    lasting = (
        ("antivirus_definitions_fresh", "The lab has no way to the vendor until it is moved.", 20),
        ("os_restart_done", "A measurement runs over the weekend.", 2),
    )
    for rule_id, reason, ends_in in lasting:
        target = device_id("lap-bruno") if ends_in > 10 else device_id("lap-alice")
        asked = Asked(rule_id, reason, "some-helpdesk", now + ends_in * DAY, target)
        waivers.approve(c, waivers.request(c, asked, now - DAY), "admin", now)
    wanted = Asked(
        "os_updates_applied",
        "The supplier has to approve each update of the lathe.",
        "some-helpdesk",
        now + 60 * DAY,
        group="workshop",
    )
    refused = waivers.request(c, wanted, now - 3 * DAY)
    waivers.refuse(c, refused, "admin", now - 2 * DAY, "Ask for one month at most.")


def _tell(c: Connection, now: datetime) -> None:
    messages = (
        ("a", Topic.FAILURES, "lap-alice: 2 new failures", "helpdesk@example.org"),
        ("b", Topic.FAILURES, "lap-bruno: 1 new failure", "helpdesk@example.org"),
        ("c", Topic.FAILURES, "Weekly summary", "lead@example.org"),
    )
    new = [New(key, topic, "it", Message(words), to) for key, topic, words, to in messages]
    notifications.add(c, new, now - timedelta(hours=5), now)
    notifications.taken(c, 1, now - timedelta(hours=5))
    notifications.refused(c, 2, now, "550 No such user here", None)


def _release(c: Connection, now: datetime) -> None:
    releasing.add(c, "1.1.0", "admin", now - 20 * DAY)
    for outcome in (UpdateOutcome.BEGUN, UpdateOutcome.ROLLED_BACK):
        told = Update(device_id("lap-david"), "1.1.0", outcome, now - 19 * DAY, "no check-in")
        releasing.take(c, told)
    releasing.add(c, "1.2.0", "admin", now - 2 * DAY)
    releases.widen(c, "1.2.0", 10)
