"""Whose the devices are: found, imported as a whole, and forgotten by whoever may."""

import html
import re
from datetime import timedelta

import pytest

from collector.model import Compliance
from collector.store import devices, ownership, persons
from collector.store.persons import Person
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.fleet import Seen, device_id

OWNERS = "email;nom;appareil\nalice@example.org;Zoé <b>;lap-1\nbob@example.org;Bob;lap-9\n"


def plan_of(browser: Browser, text: str = OWNERS) -> dict[str, str]:
    """The form that takes it over, as the page fills it in."""
    answer = browser.send("/people/import", text=text)
    assert answer.status_code == 200, answer.text
    seen = re.search(r'name="seen" value="(\w+)"', answer.text)
    kept = re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', answer.text, re.DOTALL)
    assert seen
    assert kept
    return {"seen": seen[1], "text": html.unescape(kept[1])}


def test_nothing_is_done_before_it_was_shown(helpdesk: Browser) -> None:
    helpdesk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    form = plan_of(helpdesk)
    assert helpdesk.store.read(lambda c: persons.get(c, "alice@example.org")) is None
    answer = helpdesk.send("/people/import", **form)
    assert "This is done" in answer.text
    page = helpdesk.get("/people")
    assert "Zoé &lt;b&gt;" in page
    assert f'<a href="/devices/{device_id("lap-1")}">lap-1</a>' in page
    (record,) = [r for r in helpdesk.audited() if r["action"] == "people.imported"]
    assert record["outcome"] == "done"
    assert "alice" not in str(record)


def test_a_file_is_uploaded(helpdesk: Browser) -> None:
    form = {"form_token": helpdesk.token("/people/import")}
    content = OWNERS.encode("utf-16")
    answer = helpdesk.client.post(
        "/people/import", data=form, files={"file": ("owners.csv", content)}, headers=FROM_US
    )
    assert answer.status_code == 200
    assert "line 3: no device &#39;lap-9&#39; is enrolled" in answer.text


def test_what_is_wrong_is_said_with_its_line_and_what_was_typed_is_kept(helpdesk: Browser) -> None:
    answer = helpdesk.send("/people/import", text="email\nnobody\n")
    assert answer.status_code == 400
    assert "line 2: &#39;nobody&#39; is no e-mail address" in answer.text
    assert "email\nnobody" in answer.text.replace("\r", "")


def test_what_changed_meanwhile_is_shown_and_not_done(helpdesk: Browser) -> None:
    helpdesk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    form = plan_of(helpdesk)
    helpdesk.store.write(
        lambda c: persons.put(c, Person("alice@example.org", "Alice"), helpdesk.clock())
    )
    answer = helpdesk.send("/people/import", **form)
    assert answer.status_code == 409
    assert "Something changed meanwhile" in answer.text
    assert helpdesk.store.read(lambda c: persons.get(c, "bob@example.org")) is None


def test_whoever_left_with_a_device_that_reports_is_found(helpdesk: Browser) -> None:
    helpdesk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    now, left = helpdesk.clock(), helpdesk.clock() - timedelta(days=3)
    helpdesk.store.write(lambda c: persons.put(c, Person("eve@example.org", left_at=left), now))
    helpdesk.store.write(lambda c: persons.put(c, Person("bob@example.org"), now))
    give = {device_id("lap-1"): "eve@example.org"}
    helpdesk.store.write(lambda c: ownership.set_owners(c, give, now, "me"))
    page = helpdesk.get("/people?only=left_reporting")
    assert "eve@example.org" in page
    assert "bob@example.org" not in page
    assert "bob@example.org" in helpdesk.get("/people?only=without_device")
    assert "Nobody matches" in helpdesk.get("/people?q=zzz")
    assert "eve@example.org" in helpdesk.get("/people?q=eve&only=nonsense")


def test_the_list_goes_on_where_the_page_ended(helpdesk: Browser) -> None:
    people = [Person(f"p{number:02}@example.org") for number in range(51)]
    helpdesk.store.write(lambda c: persons.put_many(c, people, helpdesk.clock()))
    page = helpdesk.get("/people")
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    assert "p50@" not in page
    assert "p50@" in helpdesk.get(html.unescape(following[1]))


def test_a_person_is_forgotten_by_typing_the_address(helpdesk: Browser) -> None:
    helpdesk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    give = {device_id("lap-1"): "eve@example.org"}
    helpdesk.store.write(lambda c: ownership.set_owners(c, give, helpdesk.clock(), "me"))
    path = "/people/person/eve@example.org"
    assert "lap-1" in helpdesk.get(path)
    assert helpdesk.send(f"{path}/forget", path, typed="eve").status_code == 400
    assert helpdesk.send(f"{path}/forget", path, typed="eve@example.org").status_code == 303
    assert helpdesk.client.get(path).status_code == 404
    held = helpdesk.store.read(lambda c: devices.get(c, device_id("lap-1")))
    assert held is not None
    assert held.owner == ""
    assert "eve@" not in str([r for r in helpdesk.audited() if r["action"] == "people.forgotten"])


@pytest.mark.parametrize("path", ["/people?after=%00", "/people?q=%25", "/people/person/no@no.org"])
def test_an_odd_address_is_an_ordinary_answer(helpdesk: Browser, path: str) -> None:
    assert helpdesk.client.get(path).status_code in (200, 404)


def test_what_does_not_fit_together_is_counted_and_leads_to_its_list(helpdesk: Browser) -> None:
    helpdesk.enrol(Seen("lap-1", Compliance.COMPLIANT), Seen("lap-2", Compliance.COMPLIANT))
    now, write = helpdesk.clock(), helpdesk.store.write
    left = Person("left@example.org", left_at=now - timedelta(days=3))
    write(lambda c: persons.put_many(c, [left, Person("idle@example.org")], now))
    owned = {device_id("lap-1"): "left@example.org"}
    write(lambda c: ownership.set_owners(c, owned, now, "admin"))
    pattern = r'<a class="chip \w+" href="([^"]+)"><span class="count">([^<]+)<'
    assert re.findall(pattern, helpdesk.get("/people")) == [
        ("/devices?owner=none", "1"),
        ("/people?only=without_device", "1"),
        ("/people?only=left_reporting", "1"),
    ]
