"""A program reads what the pages show, a page at a time, and nothing that its role may not see."""

from datetime import timedelta

import pytest

from collector.accounts.roles import Role
from collector.model import Compliance, EvidenceLine, Status
from collector.policy import RULES
from collector.store import groups, ownership
from collector.store.groups import Group
from collector.translation import Text
from collector.translation.sentences import sentence
from tests.collector.web.api.desk import Desk, Program
from tests.collector.web.fleet import FIREWALL, Seen, _posture

BAD = {FIREWALL: (Status.FAIL, "Incoming connections are let in.")}


def fleet(desk: Desk) -> None:
    for number in range(7):
        desk.enrol(Seen(f"lap-{number}", Compliance.COMPLIANT))
    desk.enrol(Seen("zebra", Compliance.NON_COMPLIANT, BAD))


def names(found: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["hostname"] for each in found["items"]]


@pytest.mark.parametrize("sort", ["worst", "name"])
def test_pages_follow_each_other_without_gap_or_repetition(
    desk: Desk, owner: Program, sort: str
) -> None:
    fleet(desk)
    seen, cursor = [], ""
    for _ in range(10):
        page = owner.get(f"/devices?limit=3&sort={sort}&cursor={cursor}")
        seen += names(page)
        cursor = page["next"]
        if not cursor:
            break
    expected = sorted(seen)
    assert len(seen) == len(set(seen)) == 8
    assert seen == (["zebra", *expected[:-1]] if sort == "worst" else expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=non_compliant", ["zebra"]),
        (f"rule={FIREWALL}", ["zebra"]),
        ("text=lap-3", ["lap-3"]),
        ("text=pf0x1234&limit=1", ["zebra"]),
        ("platform=windows", []),
        ("state=compliant&sort=name&limit=2", ["lap-0", "lap-1"]),
    ],
)
def test_filters_narrow_the_list(
    desk: Desk, owner: Program, query: str, expected: list[str]
) -> None:
    fleet(desk)
    assert names(owner.get(f"/devices?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("group=sales", ["zebra", "lap-1"]),
        ("group=none", []),
        ("owner=Alice@Example.org", ["lap-1"]),
        ("owner=none&group=sales", ["zebra"]),
        ("text=alice", ["lap-1"]),
        ("seen=over-30", []),
        ("seen=within-1&group=sales&sort=name", ["lap-1", "zebra"]),
        ("signal=firewall", ["zebra"]),
        ("signal=firewall&status=pass&owner=alice@example.org", ["lap-1"]),
        (f"rule={FIREWALL}&status=fail_or_unknown&cause=odd", []),
        ("group=sales&sort=since", ["lap-1", "zebra"]),
        ("group=sales&sort=worst", ["zebra", "lap-1"]),
    ],
)
def test_the_filters_and_orders_of_the_page_are_here_as_well(
    desk: Desk, owner: Program, query: str, expected: list[str]
) -> None:
    fleet(desk)
    now, sales = desk.clock(), ["id-lap-1", "id-zebra"]
    given = {"id-lap-1": "alice@example.org"}
    desk.store.write(lambda c: ownership.set_owners(c, given, now, "me"))
    desk.store.write(lambda c: groups.add(c, Group("sales", "", "", now)))
    desk.store.write(lambda c: groups.add_members(c, "sales", sales, now))
    assert names(owner.get(f"/devices?{query}")) == expected


def test_whoever_may_not_see_people_is_told_that_there_is_no_owner_to_ask_by(desk: Desk) -> None:
    fleet(desk)
    given = {"id-lap-1": "alice@example.org"}
    desk.store.write(lambda c: ownership.set_owners(c, given, desk.clock(), "me"))
    viewer = desk.programs[Role.VIEWER]
    answer = viewer.ask("GET", "/devices?owner=alice@example.org")
    assert answer.status_code == 400
    assert names(viewer.get("/devices?text=alice")) == []


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("sort=serial", "sort", "worst, severity"),
        ("sort=name;drop table device", "sort", "choose one of"),
        ("state=good", "state", "compliant"),
        ("cause=timed_out", "cause", "ask rule with it"),
        ("status=unknown", "status", "ask rule or signal with it"),
        ("seen=yesterday", "seen", "over-7"),
        ("seen=over-99999", "seen", "over-7"),
        ("signal=wifi", "signal", "choose one of"),
        ("limit=0", "limit", "1 to 200"),
        ("limit=201", "limit", "1 to 200"),
        ("limit=-1", "limit", "1 to 200"),
        ("limit=1e9", "limit", "1 to 200"),
        ("limit=٣", "limit", "1 to 200"),
        ("limit=1&limit=2", "limit", "give it once"),
        ("order=name", "order", "there are text, state"),
        ("cursor=x", "cursor", "as it was"),
        ("cursor=WzEsMiwzXQ", "cursor", "as it was"),
        ("text=a%00b", "text", "printable"),
        ("text=" + "%25" * 1000, "text", "0 to 200"),
    ],
)
def test_what_a_list_cannot_be_asked_is_refused_by_name(
    owner: Program, query: str, field: str, said: str
) -> None:
    answer = owner.ask("GET", f"/devices?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    (wrong,) = answer.json()["errors"]
    assert wrong["field"] == field
    assert said in wrong["detail"]


def test_a_device_its_findings_its_history_and_what_it_is(desk: Desk, owner: Program) -> None:
    fleet(desk)
    device = owner.get("/devices/id-zebra")
    assert (device["compliance"], device["serial"]) == ("non_compliant", "PF0X1234")
    found = owner.get("/devices/id-zebra/findings")["items"]
    assert {each["rule_id"] for each in found} == {rule.id for rule in RULES}
    worst = found[0]
    assert (worst["rule_id"], worst["status"]) == (FIREWALL, "fail")
    assert worst["because"] == "Incoming connections are let in."
    assert worst["evidence"] == [{"source": "/proc/mounts", "said": "/dev/sda2 on /"}]
    assert worst["remediation"]
    past = owner.get("/devices/id-zebra/history?limit=200")["items"]
    assert len(past) == len(RULES)
    assert past[0]["closed_at"] is None
    assert owner.get("/devices/id-zebra/inventory")["disks"] == []


def test_reasons_are_said_in_the_language_that_is_asked_for(desk: Desk, owner: Program) -> None:
    told = sentence(Text("no restart is pending"))
    desk.enrol(Seen("lap", Compliance.NON_COMPLIANT, {FIREWALL: (Status.FAIL, told)}))
    for path in ("/devices/id-lap/findings", "/devices/id-lap/history"):
        said = {
            asked: next(each for each in items["items"] if each["rule_id"] == FIREWALL)["because"]
            for asked, items in (
                ("", owner.get(path)),
                ("lang", owner.get(f"{path}?lang=fr")),
                ("header", owner.ask("GET", path, **{"Accept-Language": "fr-CA"}).json()),
                ("both", owner.ask("GET", f"{path}?lang=en", **{"Accept-Language": "fr"}).json()),
            )
        }
        english, french = "No restart is pending.", "Aucun redémarrage n\u2019est en attente."
        assert said == {"": english, "lang": french, "header": french, "both": english}, path
    assert "Activez" in str(owner.get("/fixes?lang=fr"))
    assert owner.ask("GET", "/fixes?lang=de").status_code == 400


def test_an_account_name_is_read_by_those_only_who_may_see_people(desk: Desk) -> None:
    screen = "screen_locks_automatically"
    said = {screen: (Status.FAIL, "The screen does not lock by itself for alice (GNOME).")}
    seen = (EvidenceLine("gsettings of alice in /home/alice/.config", "lock-enabled false"),)
    desk.enrol(Seen("lap", Compliance.NON_COMPLIANT, said, seen, posture=posture_of("alice")))
    for role in Role:
        program = desk.programs[role]
        told = str(program.get("/devices/id-lap/findings")) + str(
            program.get("/devices/id-lap/history")
        )
        assert ("alice" in told) is (role is not Role.VIEWER), role
    (found,) = [
        each
        for each in desk.programs[Role.VIEWER].get("/devices/id-lap/findings")["items"]
        if each["rule_id"] == screen
    ]
    assert found["because"] == "The screen does not lock by itself for (somebody) (GNOME)."


def posture_of(user: str) -> bytes:
    from protos.posture.v1.posture_service_pb2 import Posture
    from protos.posture.v1.signals_pb2 import Observation, ScreenLock, UserScreenLock

    told = Posture.FromString(_posture("lap"))
    lock = ScreenLock(users=[UserScreenLock(user=user, desktop="GNOME", locks=False)])
    told.observations.append(Observation(signal="screen_lock", screen_lock=lock))
    return told.SerializeToString()


def test_the_status_names_version_environment_and_counts(desk: Desk, owner: Program) -> None:
    fleet(desk)
    status = owner.get("/status")
    assert status["environment"] == "production"
    assert status["devices"] == {"compliant": 7, "non_compliant": 1, "unknown": 0, "stale": 0}


def test_the_audit_log_is_read_by_those_who_may(desk: Desk, owner: Program) -> None:
    owner.get("/policy/versions")
    records = owner.get("/audit/records?action=page.viewed")["items"]
    assert records[0]["on"] == "api:GET /api/v1/policy/versions"
    assert records[0]["actor"] == "token"
    assert records[0]["name"].startswith("owner/")


def test_a_use_is_noted_with_its_time(desk: Desk, owner: Program) -> None:
    owner.get("/status")
    (token,) = owner.get("/account/tokens")["items"]
    assert token["last_used_at"] == "2026-11-22T12:00:00Z"
    desk.clock.advance(seconds=timedelta(hours=1).seconds)
    owner.get("/status")
    (token,) = owner.get("/account/tokens")["items"]
    assert token["last_used_at"] == "2026-11-22T13:00:00Z"
