"""Who falls short, in what, since when: on 80 columns, and under stable names for programs."""

import pytest

from collector.model import FormFactor, Platform
from collector.store import certificates, continuations, devices, groups, ownership
from collector.store.certificates import Certificate
from collector.store.devices import InventoryRow
from collector.store.groups import Group
from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, GOOD, RULE, Desk, firewall, posture
from tests.collector.web import fleet

UUID = "5a3e1f0c-0000-4000-8000-000000000001"
EVIL = "\x1b[31mevil\u202e\x9b2J\nname" + "x" * 60


def enrol(desk: Desk, device_id: str, hostname: str) -> None:
    row = InventoryRow(hostname, Platform.LINUX, FormFactor.LAPTOP)
    desk.store.write(lambda c: devices.add(c, device_id, row, desk.clock()))


def test_the_worst_come_first_with_what_is_wrong_and_a_count(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    enrol(desk, "d2", "aaa")
    said = console.says("devices").splitlines()
    assert said[0].split() == ["HOST", "NAME", "STATE", "SINCE", "LAST", "SEEN"]
    assert said[1].split() == ["alpha", "Non-compliant", "2026-11-22", "just", "now"]
    assert said[2].strip().startswith("New inbound traffic is let in on ipv4, ipv6")
    assert "unknown" in " ".join(said[2:4])
    assert said[-3].split()[:2] == ["aaa", "Unknown"]
    assert said[-2].strip() == "no report yet"
    assert said[-1] == "2 devices: 1 non-compliant, 1 unknown"


def test_every_filter_narrows_the_list(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    enrol(desk, "d2", "beta")
    for words in (
        ("--noncompliant",),
        ("--state", "non_compliant"),
        ("--rule", RULE),
        ("--signal", "firewall", "--noncompliant"),
        ("--search", "ALPH"),
    ):
        listed = console.reads("devices", *words)
        assert [each["hostname"] for each in listed["devices"]] == ["alpha"], words
        assert listed["count"] == 1
    assert console.says("devices", "--state", "compliant") == "No device is like that.\n"
    desk.clock.advance(days=30)
    assert console.reads("devices", "--state", "stale")["count"] == 2


def test_the_filters_and_orders_of_the_page_are_options(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    enrol(desk, "d2", "beta")
    now = desk.clock()
    desk.store.write(lambda c: ownership.set_owners(c, {"d2": "alice@example.org"}, now, "me"))
    desk.store.write(lambda c: groups.add(c, Group("sales", "", "", now)))
    desk.store.write(lambda c: groups.add_members(c, "sales", ["d2"], now))
    for words, found in (
        (("--group", "sales"), ["beta"]),
        (("--owner", "Alice@Example.org"), ["beta"]),
        (("--owner", "none"), ["alpha"]),
        (("--platform", "linux", "--sort", "name"), ["alpha", "beta"]),
        (("--platform", "windows"), []),
        (("--rule", RULE, "--status", "unknown"), []),
        (("--rule", RULE, "--status", "fail"), ["alpha"]),
        (("--seen", "over-7"), []),
        (("--search", "alice"), ["beta"]),
    ):
        listed = console.reads("devices", *words)["devices"]
        assert [each["hostname"] for each in listed] == found, words


def test_a_filter_by_rule_shows_that_rule_alone(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    (listed,) = console.reads("devices", "--rule", RULE)["devices"]
    assert [each["rule_id"] for each in listed["findings"]] == [RULE]
    assert "unknown" not in console.says("devices", "--rule", RULE).splitlines()[2]


def test_json_has_stable_names_and_times_in_utc(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    listed = console.reads("devices", "--noncompliant")
    assert listed["as_of"] == "2026-11-22T13:00:00Z"
    (device,) = listed["devices"]
    assert device["device_id"] == "d1"
    assert device["compliance"] == "non_compliant"
    assert device["last_seen_at"] == "2026-11-22T13:00:00Z"
    assert device["retired_at"] is None
    found = next(each for each in device["findings"] if each["rule_id"] == RULE)
    assert (found["status"], found["counts"], found["severity"]) == ("fail", True, "high")
    assert found["evidence"] == [{"source": "nft list ruleset", "said": "policy drop"}]


def test_a_list_longer_than_a_page_is_whole(desk: Desk, console: Console) -> None:
    for number in range(401):
        enrol(desk, f"n{number}", f"host-{number:03}")
    listed = console.reads("devices")["devices"]
    assert len({each["device_id"] for each in listed}) == len(listed) == 402


def test_nobody_enrolled_says_how_to_begin(desk: Desk, console: Console) -> None:
    desk.store.write(lambda c: devices.retire(c, "d1", desk.clock()))
    said = console.says("devices")
    assert "No device is enrolled yet" in said
    assert "muster-collector token create" in said
    assert console.reads("devices")["devices"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rule", "firewall"), "no rule 'firewall'; there are antivirus_active, "),
        (("--signal", "wifi"), "no signal 'wifi'; there are antivirus, "),
        (("--seen", "long"), "seen: not heard of for 7 days or more: over-7; "),
        (("--cause", "timed_out"), "--cause: it says nothing alone: ask rule with it"),
        (("--status", "pass"), "--status: it says nothing alone: ask rule or signal with it"),
        (("--sort", "colour"), "Invalid value for '--sort': 'colour' is not one of "),
        (("--state", "bad"), "Invalid value for '--state': 'bad' is not one of "),
        (("--state", "stale", "--noncompliant"), "--noncompliant and --state ask for different"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    words: tuple[str, ...], said: str, console: Console
) -> None:
    assert console.refuses("devices", *words).startswith(said)


def test_names_and_words_from_devices_steer_no_terminal(desk: Desk, console: Console) -> None:
    enrol(desk, UUID, EVIL)
    desk.store.write(
        lambda c: devices.quarantine(c, UUID, f"same hardware as {EVIL}", desk.clock())
    )
    waive = (UUID, "antivirus_definitions_fresh", "--until", "2026-12-01", "--reason", "x" * 90)
    for words in (
        ("devices",),
        ("device", "show", UUID),
        ("device", "release", UUID, "--yes"),
        ("waiver", "request", *waive),
        ("waiver", "list"),
        ("device", "retire", UUID, "--yes"),
    ):
        assert "evil" in console.says(*words) or words[0] == "waiver"
    assert console.reads("device", "show", UUID)["hostname"] == EVIL
    desk.report(1, posture(firewall(blocked=False, said="\x1b]0;owned\x07" + "y" * 300)))
    assert "owned" in console.says("device", "show", "d1")


def test_a_device_is_shown_with_everything_that_helps(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    said = console.says("device", "show", "alpha")
    assert said.splitlines()[0] == "alpha  Non-compliant"
    assert "Not compliant since Sunday 22 November." in said
    fails, unknown = said.index("  Fails: The firewall"), said.index("  Unknown: ")
    assert fails < unknown
    for words in (
        "rule          firewall_blocks_inbound",
        "because       New inbound traffic is let in",
        "since         2026-11-22 13:00 UTC, just now",
        "to do         Turn on the firewall",
        "evidence      nft list ruleset: policy drop",
        "Hostname        alpha",
        "last seen       2026-11-22 13:00 UTC, just now",
        "next expected   2026-11-22 14:00 UTC, in 1 hour",
        "device id       d1",
    ):
        assert words in said
    shown = console.reads("device", "show", "alpha")
    assert shown["inventory"]["hostname"] == "alpha"
    assert {each["status"] for each in shown["findings"]} == {"fail", "unknown"}


def test_a_device_is_shown_in_the_language_that_was_asked_for(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    said = console.says("device", "show", "alpha", "--language", "fr")
    assert "  Fails: Le pare-feu bloque les connexions entrantes" in said
    assert "to do         Activez le pare-feu" in said
    shown = console.reads("device", "show", "alpha", "--language", "fr")["findings"][0]
    assert shown["why"].startswith("Sur un réseau inconnu")
    assert "'de' is not one of 'en', 'fr'" in console.refuses(
        "device", "show", "alpha", "--language", "de"
    )


def test_a_device_that_never_reported_is_shown_as_such(console: Console) -> None:
    said = console.says("device", "show", "alpha")
    assert "No report has come yet, so nothing is known." in said
    assert "FINDINGS: none, for want of a report" in said


def test_a_device_is_meant_by_name_by_id_or_by_its_beginning(desk: Desk, console: Console) -> None:
    enrol(desk, "abc-1", "one")
    enrol(desk, "abd-2", "two")
    enrol(desk, "x-3", "abc-1x")
    for words, meant in (("abc", "abc-1"), ("abd-2", "abd-2"), ("two", "abd-2"), ("x", "x-3")):
        assert console.reads("device", "show", words)["device_id"] == meant
    assert console.refuses("device", "show", "zzz").startswith("no device 'zzz': give its host")
    assert console.refuses("device", "show", "").startswith("no device ''")
    assert console.refuses("device", "show", "%").startswith("no device '%'")


def test_several_that_could_be_meant_are_listed_and_none_is_chosen(
    desk: Desk, console: Console
) -> None:
    enrol(desk, "abc-1", "twin")
    enrol(desk, "abd-2", "twin")
    desk.clock.advance(hours=2)
    desk.store.write(lambda c: devices.touch(c, "abd-2", 9, desk.clock()))
    for words in ("twin", "ab"):
        result = console.run("device", "retire", words, "--yes")
        assert (result.exit_code, result.stdout) == (2, "")
        first, *rest = result.stderr.splitlines()
        assert first == f"muster-collector: '{words}' could be one of these: give its id"
        assert [line.split() for line in rest] == [
            ["abc-1", "seen", "2026-11-22", "13:00", "UTC", "twin"],
            ["abd-2", "seen", "2026-11-22", "15:00", "UTC", "twin"],
        ]
    assert console.reads("devices")["count"] == 3


def test_in_the_list_an_id_tells_devices_of_one_name_apart(desk: Desk, console: Console) -> None:
    enrol(desk, "3f9c0e12-aaaa", "twin" * 10)
    enrol(desk, "4f9c0e12-bbbb", "twin" * 10)
    said = console.says("devices")
    for beginning in ("3f9c0e12", "4f9c0e12"):
        assert f"twintwintwintwin… ({beginning})  Unknown" in said
    assert "alpha (d1)" not in said


def test_a_laptop_that_was_installed_anew_continues_what_it_was(
    desk: Desk, console: Console
) -> None:
    for seen in fleet.installed_anew("lap"):
        desk.store.write(lambda c, seen=seen: fleet.enrol(c, seen, desk.clock()))  # type: ignore[misc]
    desk.store.write(lambda c: continuations.find(c, "id-lap", ["id-was-lap"], desk.clock()))
    to_do = "muster-collector device continue id-lap --of id-was-lap"
    assert to_do in console.says("device", "show", "lap")
    refused = console.refuses("device", "continue", "lap", "--of", "alpha", "--yes")
    assert refused.startswith("alpha (d1) was enrolled later")
    assert console.says("device", "continue", "lap", "--of", "was-lap", "--yes") == (
        "lap (id-lap) continues was-lap (id-was-lap), which is retired.\n"
    )
    assert console.reads("device", "show", "was-lap")["continued_as"] == "id-lap"
    assert console.reads("device", "show", "lap")["continues"] == "id-was-lap"
    assert "Continues was-lap (id-was-lap)" in console.says("device", "show", "lap")
    assert console.refuses("device", "continue", "lap", "--of", "was-lap", "--yes").startswith(
        "lap (id-lap) continues another device already"
    )


def test_a_retired_twin_does_not_stand_in_the_way(desk: Desk, console: Console) -> None:
    enrol(desk, "old", "twin")
    enrol(desk, "new", "twin")
    console.says("device", "retire", "old", "--yes")
    assert console.reads("device", "show", "twin")["device_id"] == "new"
    assert console.reads("device", "show", "old")["retired_at"] == "2026-11-22T13:00:00Z"
    assert "Retired on" in console.says("device", "show", "old")


def test_retiring_revokes_the_certificates_and_is_remembered(desk: Desk, console: Console) -> None:
    now = desk.clock()
    issued = Certificate("ab", "d1", now, now.replace(year=2027))
    desk.store.write(lambda c: certificates.add(c, issued))
    assert console.says("device", "retire", "alpha", "--yes") == (
        "alpha (d1) is retired; its certificates are revoked.\n"
    )
    revoked = desk.store.read(lambda c: certificates.get(c, "ab"))
    assert revoked is not None
    assert revoked.revoked_at == now
    assert desk.events() == ["retired"]
    assert console.reads("devices")["count"] == 0
    assert console.refuses("device", "retire", "alpha", "--yes").startswith(
        "alpha (d1) was retired on"
    )


def test_nothing_is_decided_where_nobody_can_be_asked(desk: Desk, console: Console) -> None:
    desk.store.write(lambda c: devices.quarantine(c, "d1", "two machines", desk.clock()))
    for command in ("retire", "release"):
        said = console.refuses("device", command, "alpha")
        assert said == "nobody is there to ask: give --yes if you are sure"
    device = desk.store.read(lambda c: devices.get(c, "d1"))
    assert device is not None
    assert (device.retired_at, device.quarantined_because) == (None, "two machines")


def test_a_released_device_is_judged_again(desk: Desk, console: Console) -> None:
    desk.store.write(lambda c: devices.quarantine(c, "d1", "two machines", desk.clock()))
    assert "In quarantine: two machines." in console.says("device", "show", "d1")
    assert "in quarantine: two machines" in console.says("devices")
    console.says("device", "release", "alpha", "--yes")
    desk.report(1, GOOD)
    assert console.reads("device", "show", "d1")["findings"]
    assert console.refuses("device", "release", "alpha", "--yes") == (
        "alpha (d1) is not in quarantine"
    )


def test_a_check_is_asked_for_once_and_said_when_it_arrives(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    assert "hears of it" in console.says("device", "check-now", "alpha")
    assert "Somebody has asked it to check now." in console.says("device", "check-now", "alpha")
    assert "is asked to lock the screen" in console.says("device", "lock", "alpha", "--reason", "x")
    assert console.refuses("device", "lock", "alpha", "--reason", " ").startswith("Say why")
