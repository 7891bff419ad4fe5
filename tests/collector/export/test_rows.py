"""Every device in service stands there with every rule, whatever is known of it."""

from datetime import timedelta

import pytest

from collector.accounts.roles import ROLES, Permission, Role
from collector.export.rows import NEVER_REPORTED, NOT_JUDGED, Row, rows
from collector.model import Status
from collector.policy import Policy, default_text, load
from collector.store import Connection, Store, devices, reports
from collector.store.reports import StoredReport
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import Observation, ScreenLock, UserScreenLock
from tests.collector.export.fleet import DAY, DISKS, FIREWALL, NOW, enrol, judged, two_rules


def exported(store: Store, policy: Policy | None = None) -> dict[tuple[str, str], Row]:
    found = store.read(lambda c: list(rows(c, policy or two_rules(), NOW)))
    by_key = {(row.device_id, row.rule_id): row for row in found}
    assert len(by_key) == len(found)
    return by_key


def test_every_device_in_service_is_there_with_every_rule_that_is_asked(store: Store) -> None:
    serving = ("id-good", "id-bad", "id-evil", "id-new", "id-part")
    assert exported(store).keys() == {(d, r) for d in serving for r in (DISKS, FIREWALL)}
    policy = load(default_text(), "policy.toml", 4)
    assert len(exported(store, policy)) == len(serving) * len(policy.rules)


def test_a_device_that_never_reported_is_unknown_to_every_rule(store: Store) -> None:
    for rule in (DISKS, FIREWALL):
        row = exported(store)["id-new", rule]
        assert (row.status, row.because) == ("unknown", NEVER_REPORTED)
        assert (row.since, row.evaluated_at, row.evidence) == (NOW - 30 * DAY, None, "")
        assert row.compliance == "stale"


def test_a_rule_that_was_never_put_to_a_device_is_unknown(store: Store) -> None:
    row = exported(store)["id-part", DISKS]
    assert (row.status, row.because) == ("unknown", NOT_JUDGED)
    assert row.compliance == "unknown", "its judged state was compliant"


def test_a_waiver_is_there_while_it_lasts_and_hides_nothing(store: Store) -> None:
    waived = exported(store)["id-bad", DISKS]
    words = "until 2026-11-23, number 1, asked for by alice, approved by bob: in repair"
    assert (waived.status, waived.waiver) == ("fail", words)
    assert exported(store)["id-bad", FIREWALL].waiver == ""


def test_a_failure_in_grace_says_until_when(store: Store) -> None:
    assert exported(store)["id-bad", FIREWALL].grace_ends_at == NOW + 3 * DAY
    assert exported(store)["id-bad", DISKS].grace_ends_at is None


def test_the_evidence_is_one_cell_and_the_last_look_is_dated(store: Store) -> None:
    row = exported(store)["id-good", DISKS]
    assert row.evidence == "lsblk: sda2 is plain; /proc/swaps: no swap"
    assert (row.since, row.evaluated_at) == (NOW - 2 * DAY, NOW - timedelta(hours=1))


def test_a_quarantine_is_told_beside_the_state(store: Store) -> None:
    assert exported(store)["id-part", FIREWALL].quarantine == "two machines, one key"
    assert exported(store)["id-good", FIREWALL].quarantine == ""


@pytest.mark.parametrize("silent_days", [0, 8])
def test_the_state_takes_silence_into_account(store: Store, silent_days: int) -> None:
    def heard(c: object) -> None:
        devices.touch(c, "id-good", 2, NOW - silent_days * DAY)  # type: ignore[arg-type]

    store.write(heard)
    state = exported(store)["id-good", DISKS].compliance
    assert state == ("stale" if silent_days else "compliant")


@pytest.mark.parametrize("role", [None, *Role])
def test_an_export_for_a_role_names_people_to_those_who_may_see_them(
    store: Store, role: Role | None
) -> None:
    lock = ScreenLock(users=[UserScreenLock(user="alice")])
    report = Posture(observations=[Observation(screen_lock=lock)]).SerializeToString()
    said = "alice never locks, see /home/bob/.config"

    def name_them(c: Connection) -> None:
        enrol(c, "id-named", "omega")
        judged(c, "id-named", {DISKS: (Status.FAIL, said), FIREWALL: (Status.PASS, "On.")})
        reports.add(c, "id-named", StoredReport(99, b"d", report, NOW, NOW))

    store.write(name_them)
    found = store.read(lambda c: list(rows(c, two_rules(), NOW, role)))
    text = " ".join(f"{row.because} {row.evidence}" for row in found)
    sees = role is None or Permission.SEE_PEOPLE in ROLES[role]
    assert ("alice" in text, "bob" in text) == (sees, sees)
    assert ("(somebody) never locks, see /home/(somebody)/.config" in text) is not sees
