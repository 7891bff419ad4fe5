"""Two people make a waiver in the browser; the register says who, why and until when."""

from datetime import timedelta

import pytest

from collector.model import Compliance, Status, Waiver
from collector.store import accounts, groups, waivers
from collector.store.groups import Group
from tests.collector.granting import grant
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.fleet import DISKS, FIREWALL, Seen, device_id

BAD = Seen("zeta", Compliance.NON_COMPLIANT, {DISKS: (Status.FAIL, "/ is plain.")})
DEVICE = device_id("zeta")
FORM = "/waivers/new"


@pytest.fixture
def owner(helpdesk: Browser) -> Browser:
    helpdesk.enrol(BAD)
    return helpdesk


def register(browser: Browser) -> list[waivers.Entry]:
    return browser.store.read(lambda c: waivers.every(c, 10**6, 100))


def asked_by(browser: Browser, who: str, rule: str = DISKS, group: str = "") -> int:
    now = browser.clock()
    device = "" if group else DEVICE
    asked = waivers.Asked(rule, "in repair", who, now + timedelta(days=5), device, group)
    return browser.store.write(lambda c: waivers.request(c, asked, now))


def actions(browser: Browser) -> list[tuple[str, str, str]]:
    found = [(r["action"], r["outcome"], r["on"]) for r in browser.audited()]
    return [each for each in found if each[0].startswith("waiver.")]


def filled(**other: str) -> dict[str, str]:
    return {
        "device": DEVICE, "rule": DISKS, "until": "2026-12-01", "reason": "in repair", **other,
    }  # fmt: skip


def test_the_page_of_a_device_leads_to_the_form_with_its_rule(owner: Browser) -> None:
    link = f"/waivers/new?device={DEVICE}&amp;rule={DISKS}"
    assert link in owner.get(f"/devices/{DEVICE}")
    form = owner.get(link.replace("&amp;", "&"))
    assert f'<option value="{DISKS}" selected>' in form
    assert f'name="device" value="{DEVICE}"' in form


def test_who_asks_cannot_approve_even_as_an_owner(owner: Browser) -> None:
    answer = owner.send(FORM, form_at=f"{FORM}?device={DEVICE}", **filled())
    assert answer.headers["location"] == "/waivers?show=waiting"
    (entry,) = register(owner)
    assert (entry.asked.requested_by, entry.decision) == ("admin", "")
    page = owner.get("/waivers")
    assert "Somebody else has to approve it." in page
    assert 'value="approve"' not in page
    refused = owner.send("/waivers/1/decide", form_at="/waivers", action="approve")
    assert refused.status_code == 409
    assert "admin asked for waiver 1: somebody else has to approve it" in refused.text
    assert register(owner)[0].decision == ""
    assert actions(owner) == [("waiver.requested", "done", f"device:{DEVICE}")]


def test_another_approves_and_the_device_is_judged_at_once(owner: Browser) -> None:
    asked_by(owner, "somebody")
    assert 'value="approve"' in owner.get("/waivers")
    answer = owner.send("/waivers/1/decide", form_at="/waivers", action="approve")
    assert answer.status_code == 303
    (in_force,) = owner.store.read(lambda c: waivers.active_for(c, DEVICE, owner.clock()))
    assert in_force.approved_by == "admin"
    assert actions(owner) == [("waiver.granted", "done", f"device:{DEVICE}")]
    page = owner.get("/waivers?show=in_force")
    assert "somebody asked" in page
    assert "admin approved" in page


def test_a_refusal_says_why(owner: Browser) -> None:
    asked_by(owner, "somebody")
    owner.send("/waivers/1/decide", form_at="/waivers", action="refuse", remark="Mend it.")
    assert register(owner)[0].remark == "Mend it."
    assert "Mend it." in owner.get("/waivers?show=over")


def test_only_who_asked_takes_a_request_back(owner: Browser) -> None:
    asked_by(owner, "somebody")
    asked_by(owner, "admin", FIREWALL)
    other = owner.send("/waivers/1/withdraw", form_at="/waivers")
    assert other.status_code == 409
    assert "only whoever asked for it may take it back" in other.text
    assert owner.send("/waivers/2/withdraw", form_at="/waivers").status_code == 303
    assert [each.decision for each in register(owner)] == ["withdrawn", ""]


def test_what_has_ended_meanwhile_is_a_clear_answer(owner: Browser) -> None:
    now = owner.clock()
    granted = Waiver(DEVICE, DISKS, "in repair", "somebody", now, now + timedelta(days=5))
    owner.store.write(lambda c: grant(c, granted))
    assert owner.send("/waivers/1/decide", form_at="/waivers", action="end").status_code == 303
    again = owner.send("/waivers/1/decide", form_at="/waivers", action="end")
    assert again.status_code == 409
    assert "waiver 1 is not in force any more, it is ended" in again.text
    assert owner.send("/waivers/9/decide", form_at="/waivers", action="end").status_code == 404


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"until": "2026-11-01"}, "until", "is over: name today or a later day"),
        ({"until": "2027-03-01"}, "until", "lasts 90 days at most: name a day up to 2027-02-20"),
        ({"until": "soon"}, "until", "is not a day: write it as 2027-01-31"),
        ({"reason": " "}, "reason", "say why in 1 to 500"),
        ({"rule": "no_rule"}, "rule", "no rule"),
        ({"device": "", "group": "nobody"}, "group", "there is no group"),
        ({"device": ""}, "group", "choose a group"),
        ({"device": "id-never"}, "", "there is no such device"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_kept(
    owner: Browser, change: dict[str, str], field: str, said: str
) -> None:
    answer = owner.send(FORM, form_at=FORM, **{**filled(), **change})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert said in answer.text
    if field:
        assert answer.text.count('aria-invalid="true"') == 1
    assert f'value="{change.get("until", "2026-12-01")}"' in answer.text
    assert register(owner) == []
    assert actions(owner) == []


def test_several_devices_are_asked_for_at_once_and_what_was_left_out_is_named(
    owner: Browser,
) -> None:
    owner.enrol(Seen("eta", Compliance.COMPLIANT))
    asked_by(owner, "somebody")
    body = {**filled(), "form_token": owner.token(FORM)}
    pairs = {**body, "device": [DEVICE, device_id("eta")]}
    answer = owner.client.post(FORM, data=pairs, headers=FROM_US)
    assert answer.status_code == 400
    assert "1 are asked for; left out are 1, the first of them id-zeta" in answer.text
    assert {each.asked.device_id for each in register(owner)} == {DEVICE, device_id("eta")}


def test_a_group_has_one_waiver_for_all_its_devices(owner: Browser) -> None:
    now = owner.clock()
    owner.store.write(lambda c: groups.add(c, Group("lab", "", "", now)))
    owner.store.write(lambda c: groups.add_members(c, "lab", [DEVICE], now))
    assert "<option>lab</option>" in owner.get(FORM)
    answer = owner.send(FORM, form_at=FORM, **filled(device="", group="lab"))
    assert answer.status_code == 303
    asked_by(owner, "somebody", FIREWALL, "lab")
    assert "Group lab" in owner.get("/waivers")
    owner.send("/waivers/2/decide", form_at="/waivers", action="approve")
    active = owner.store.read(lambda c: waivers.active_for(c, DEVICE, owner.clock()))
    assert [(each.group, each.rule_id) for each in active] == [("lab", FIREWALL)]


def test_the_lists_are_pages_that_follow_each_other(owner: Browser) -> None:
    for _number in range(60):
        asked_by(owner, "somebody")
    page = owner.get("/waivers")
    assert page.count('<tr id="number-') == 50
    assert page.count('value="approve"') == 50
    following = owner.get("/waivers?show=waiting&after=50.0")
    assert following.count('<tr id="number-') == 10


@pytest.mark.parametrize("after", ["x", "1", "1.x", "9" * 40, "1.99999999999", "-1.0", "٣.1"])
def test_a_mark_that_no_page_gave_begins_anew_or_ends(owner: Browser, after: str) -> None:
    for shown in ("waiting", "in_force", "over", "about_to_end", "nonsense"):
        assert owner.client.get(f"/waivers?show={shown}&after={after}").status_code == 200


@pytest.mark.parametrize(
    ("role", "asks", "decides"), [("viewer", 404, 404), ("helpdesk", 200, 404), ("admin", 200, 303)]
)
def test_who_may_ask_and_who_may_decide(owner: Browser, role: str, asks: int, decides: int) -> None:
    asked_by(owner, "somebody")
    owner.store.write(lambda c: accounts.set_role(c, "admin", role))
    if owner.client.get("/devices").status_code != 200:
        assert owner.log_in() == 303
    assert owner.client.get("/waivers").status_code == 200
    assert owner.client.get(FORM).status_code == asks
    decided = owner.send("/waivers/1/decide", form_at="/account", action="approve")
    assert decided.status_code == decides
