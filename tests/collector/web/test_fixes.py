"""What to fix first: the same remediation once, with how many devices wait for it."""

import re
from dataclasses import replace
from html import unescape

from collector.accounts.roles import Role
from collector.model import Compliance, Platform, Status
from collector.policy import default_text, load
from collector.store.tallies import FindingCount
from collector.translation import language
from collector.web.fixes import queue_of
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, FIREWALL, LAPTOP, Seen
from tests.fakes import FixedClock

NO = (Status.FAIL, "No.")


def seen(number: int, rule_id: str, platform: Platform = Platform.LINUX) -> Seen:
    inventory = replace(LAPTOP, platform=platform)
    return Seen(f"h-{number}", Compliance.NON_COMPLIANT, {rule_id: NO}, inventory=inventory)


def test_few_fixes_cover_most_failures() -> None:
    counts = [
        FindingCount(DISKS, Status.FAIL, "", Platform.WINDOWS, 60),
        FindingCount(FIREWALL, Status.FAIL, "", Platform.LINUX, 25),
        FindingCount(FIREWALL, Status.FAIL, "group_policy", Platform.WINDOWS, 15),
        FindingCount(FIREWALL, Status.UNKNOWN, "timed_out", Platform.WINDOWS, 900),
        FindingCount("a_rule_that_is_gone", Status.FAIL, "", Platform.LINUX, 900),
    ]
    policy = load(default_text(), "policy.toml", 1)
    queue = queue_of(counts, policy, language(), FixedClock()())
    assert (queue.few, queue.percent, queue.failures) == (2, 85, 100)
    assert [fix.devices for fix in queue.fixes] == [60, 25, 15]
    assert all(fix.remediation for fix in queue.fixes)


def test_each_fix_leads_to_just_its_devices(helpdesk: Browser) -> None:
    helpdesk.enrol(seen(1, DISKS), seen(2, DISKS), seen(3, DISKS, Platform.MACOS))
    helpdesk.enrol(seen(4, FIREWALL))
    page = helpdesk.get("/fixes")
    assert "3 fixes cover 100 % of 4 open failures." in page
    hrefs = re.findall(r'class="how-many">\s*<a href="([^"]*)"><b>(\d+)</b>', page)
    assert [count for _, count in hrefs] == ["2", "1", "1"]
    for href, count in hrefs:
        listed = helpdesk.get(unescape(href))
        assert len(re.findall(r'<th scope="row"><a href="/devices/', listed)) == int(count)


def test_when_nothing_fails_it_says_so(helpdesk: Browser) -> None:
    helpdesk.enrol(Seen("h-1", Compliance.COMPLIANT))
    assert "Nothing fails" in helpdesk.get("/fixes")


def test_owners_are_named_to_those_who_may_see_people(helpdesk: Browser) -> None:
    helpdesk.enrol(seen(1, DISKS))
    helpdesk.store.write(
        lambda c: c.exec_driver_sql("UPDATE device SET owner = 'alice@example.org'")
    )
    assert "alice@example.org" in helpdesk.get("/fixes")
    helpdesk.store.write(lambda c: c.exec_driver_sql(f"UPDATE account SET role = '{Role.VIEWER}'"))
    assert "alice@example.org" not in helpdesk.get("/fixes")
