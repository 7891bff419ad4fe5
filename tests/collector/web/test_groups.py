"""Groups in the browser: made, described over nothing unseen, and removed by their name."""

import re
from datetime import timedelta
from functools import partial

from collector.model import Compliance
from collector.store import groups, waivers
from collector.store.groups import Group
from collector.store.waivers import Asked
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import Seen, device_id

HERE = "/groups/group/lab"


def seen(browser: Browser) -> str:
    found = re.search(r'name="seen" value="(\w+)"', browser.get(HERE))
    assert found
    return found[1]


def test_a_group_is_made_described_shown_and_removed(helpdesk: Browser) -> None:
    helpdesk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    assert "There is no group yet." in helpdesk.get("/groups")
    wrong = helpdesk.send("/groups/new", "/groups", name="Big Lab", description="Benches")
    assert wrong.status_code == 400
    assert 'value="Big Lab"' in wrong.text
    assert helpdesk.send("/groups/new", "/groups", name="lab").headers["location"] == HERE
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: groups.add_members(c, "lab", [device_id("lap-1")], now))
    asked = Asked("disk_encrypted", "in repair", "alice", now + timedelta(days=3), group="lab")
    number = helpdesk.store.write(lambda c: waivers.request(c, asked, now))
    helpdesk.store.write(lambda c: waivers.approve(c, number, "bob", now))
    page = helpdesk.get(HERE)
    assert "lap-1" in page
    assert "in repair" in page
    before = seen(helpdesk)
    said = {"seen": before, "description": "<b>Benches</b>", "contact": "lab@example.org"}
    assert helpdesk.send(f"{HERE}/change", HERE, **said).status_code == 303
    assert "&lt;b&gt;Benches" in helpdesk.get("/groups")
    late = helpdesk.send(f"{HERE}/change", HERE, seen=before, description="Other")
    assert late.status_code == 409
    assert "Somebody changed this group meanwhile" in late.text
    assert helpdesk.send(f"{HERE}/remove", HERE, typed="la").status_code == 400
    assert helpdesk.send(f"{HERE}/remove", HERE, typed="lab").status_code == 303
    assert helpdesk.client.get(HERE).status_code == 404
    (entry,) = helpdesk.store.read(lambda c: waivers.every(c, 99, 9))
    assert entry.ended_at == now


def test_pages_of_groups_follow_each_other(helpdesk: Browser) -> None:
    for number in range(60):
        one = Group(f"g{number:02}", "", "", helpdesk.clock())
        helpdesk.store.write(partial(groups.add, group=one))
    first = re.findall(r"/groups/group/(g\d+)", helpdesk.get("/groups"))
    rest = re.findall(r"/groups/group/(g\d+)", helpdesk.get("/groups?after=g49"))
    assert first + rest == [f"g{number:02}" for number in range(60)]
    assert "/groups?after=g49" in helpdesk.get("/groups")
