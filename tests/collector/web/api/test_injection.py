"""What somebody wrote, in a request or long ago on a device, is data and is shown as typed."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from collector.model import Compliance, EvidenceLine, Status
from collector.store import groups
from collector.store.groups import Group
from collector.web.api.routes import Route, routes
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.api.test_crawl import everything
from tests.collector.web.fleet import FIREWALL, LAPTOP, Seen

SQL = [
    "' OR '1'='1",
    "'; DROP TABLE device; --",
    '" UNION SELECT secret_hash FROM personal_token --',
    "1) OR 1=1 --",
    "`hostname`",
    "hostname DESC, (SELECT 1)",
    "%' ESCAPE '\\",
    "\\",
    "a\\'",
    "x' AND (SELECT randomblob(1000000000)) --",
    "' || (SELECT password_hash FROM account) || '",
    "%",
    "_" * 50,
    "*) OR (1=1",
]
TYPED = [
    "{{7*7}}",
    "${7*7}",
    "%s%n%x",
    "{0.__class__.__mro__}",
    "<script>alert(1)</script>",
    "=1+1",
    "@SUM(A1)",
    "{% raw %}",
    "#{7*7}",
    "${jndi:ldap://x}",
]


def places() -> list[tuple[Route, str]]:
    """Every value of every query, and every part of every path, of what is read."""
    found = []
    for route in routes():
        if route.method == "GET":
            found += [(route, given.name) for given in route.query]
            found += [(route, name) for name in route.names]
    return found


@pytest.mark.parametrize(
    ("route", "name"), places(), ids=lambda each: getattr(each, "path", str(each))
)
def test_sql_is_only_text_in_every_sort_filter_and_id(
    desk: Desk, owner: Program, route: Route, name: str
) -> None:
    desk.enrol(Seen("lap-1", Compliance.COMPLIANT), Seen("lap-2", Compliance.COMPLIANT))
    if "{group}" in route.path:
        desk.store.write(lambda c: groups.add(c, Group("sales", "", "", desk.clock())))
    before = everything(desk)
    for attack in SQL:
        path = route.path.replace("{" + name + "}", quote(attack, safe=""))
        path = path.replace("{device_id}", "id-lap-1").replace("{group}", "sales")
        path = path.replace("{export}", "1")
        query = "" if name in route.names else f"?{name}={quote(attack)}"
        answer = owner.ask("GET", path + query)
        assert answer.status_code in ((404,) if name in route.names else (200, 400)), attack
        if answer.status_code == 200:
            assert answer.json()["items"] == []
        else:
            assert "sql" not in answer.text.lower().replace("mysql", "")
            assert attack not in answer.text
    assert everything(desk) == before


@pytest.mark.parametrize("text", [*SQL, *TYPED])
def test_what_a_device_said_is_found_and_shown_as_typed(
    desk: Desk, owner: Program, text: str
) -> None:
    said = {FIREWALL: (Status.FAIL, text)}
    inventory = replace(LAPTOP, model=text, serial=text)
    desk.enrol(
        Seen("lap-1", Compliance.NON_COMPLIANT, said, (EvidenceLine(text, text),), inventory),
        Seen("lap-2", Compliance.COMPLIANT),
    )
    before = everything(desk)
    (device,) = owner.get(f"/devices?text={quote(text)}")["items"]
    assert (device["model"], device["serial"]) == (text, text)
    worst = owner.get("/devices/id-lap-1/findings")["items"][0]
    assert (worst["because"], worst["evidence"]) == (text, [{"source": text, "said": text}])
    assert owner.get("/devices/id-lap-1/history")["items"][0]["because"]
    assert everything(desk) == before


def test_a_host_name_is_no_sql_when_the_next_page_begins_with_it(
    desk: Desk, owner: Program
) -> None:
    for number, attack in enumerate(SQL):
        desk.enrol(replace(Seen(f"{attack}{number}", Compliance.COMPLIANT)))
    for sort in ("worst", "name"):
        seen, cursor = [], ""
        while True:
            page = owner.get(f"/devices?limit=1&sort={sort}&cursor={cursor}")
            seen += [each["hostname"] for each in page["items"]]
            cursor = page["next"]
            if not cursor:
                break
        assert sorted(seen) == sorted(f"{attack}{number}" for number, attack in enumerate(SQL))


@pytest.mark.parametrize("text", [*SQL, *TYPED])
def test_what_a_person_wrote_is_shown_as_typed(desk: Desk, owner: Program, text: str) -> None:
    desk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    sent = {"rule_id": FIREWALL, "until": "2026-12-01", "reason": text}
    granted = owner.ask("POST", "/devices/id-lap-1/waivers", sent)
    assert granted.json()["reason"] == text
    (waiver,) = owner.get("/waivers?state=waiting")["items"]
    assert waiver["reason"] == text
    last = owner.get("/audit/records?action=waiver")["items"][-1]
    assert last["detail"]["reason"] == text
