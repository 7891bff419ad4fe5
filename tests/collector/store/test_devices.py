"""The devices page's questions are answered from the rows, silence included."""

from datetime import timedelta

from collector.model import Compliance, FormFactor, Platform, Status
from collector.store import Store, devices, findings
from collector.store.devices import DeviceFilter, InventoryRow, Judgement
from collector.store.findings import Moves, Opening
from tests.collector.store.test_findings import finding
from tests.fakes import FixedClock

WEEK = timedelta(days=7)


def enrol(
    store: Store,
    clock: FixedClock,
    device_id: str,
    hostname: str,
    platform: Platform = Platform.LINUX,
) -> None:
    row = InventoryRow(hostname, platform, FormFactor.LAPTOP, serial=f"SN-{device_id}")
    store.write(lambda c: devices.add(c, device_id, row, clock()))


def judge(store: Store, clock: FixedClock, device_id: str, compliance: Compliance) -> None:
    said = Judgement(compliance, clock(), 1, b"x", 1, clock(), None)
    store.write(lambda c: devices.record_judgement(c, device_id, said))


def found(store: Store, clock: FixedClock, **wanted: object) -> list[str]:
    page = store.read(
        lambda c: devices.find(c, DeviceFilter(**wanted), clock(), WEEK)  # type: ignore[arg-type]
    )
    return [device.device_id for device in page.devices]


def test_a_new_device_is_unknown_and_has_been_seen(store: Store, clock: FixedClock) -> None:
    enrol(store, clock, "d1", "alpha")
    device = store.read(lambda c: devices.get(c, "d1"))
    assert device is not None
    assert device.compliance is Compliance.UNKNOWN
    assert device.last_seen_at == device.enrolled_at == clock()
    assert device.last_report_at is None


def test_pages_follow_each_other_without_gap(store: Store, clock: FixedClock) -> None:
    for number in range(7):
        enrol(store, clock, f"d{number}", f"host{number // 2}")
    after, seen = None, []
    while True:
        wanted = DeviceFilter(after=after, limit=3)
        page = store.read(lambda c, w=wanted: devices.find(c, w, clock(), WEEK))
        seen += [device.device_id for device in page.devices]
        after = page.next_after
        if after is None:
            break
    assert seen == [f"d{number}" for number in range(7)]


def test_the_state_that_is_asked_for_includes_silence(store: Store, clock: FixedClock) -> None:
    enrol(store, clock, "d1", "alpha")
    judge(store, clock, "d1", Compliance.COMPLIANT)
    clock.advance(days=7)
    enrol(store, clock, "d2", "beta")
    judge(store, clock, "d2", Compliance.COMPLIANT)
    assert found(store, clock, state=Compliance.COMPLIANT) == ["d1", "d2"]
    clock.advance(seconds=1)
    assert found(store, clock, state=Compliance.COMPLIANT) == ["d2"]
    assert found(store, clock, state=Compliance.STALE) == ["d1"]
    counts = store.read(lambda c: devices.count_by_state(c, clock(), WEEK))
    assert counts == {
        Compliance.COMPLIANT: 1,
        Compliance.NON_COMPLIANT: 0,
        Compliance.UNKNOWN: 0,
        Compliance.STALE: 1,
    }


def test_text_is_found_in_any_case_and_taken_literally(store: Store, clock: FixedClock) -> None:
    enrol(store, clock, "d1", "Alpha_1")
    enrol(store, clock, "d2", "alphax1", Platform.WINDOWS)
    assert found(store, clock, text="ALPHA_") == ["d1"]
    assert found(store, clock, text="sn-d2") == ["d2"]
    assert found(store, clock, text="%") == []
    assert found(store, clock, platform=Platform.WINDOWS) == ["d2"]


def test_devices_are_found_by_the_rule_they_fall_short_of(store: Store, clock: FixedClock) -> None:
    for name, status in (("d1", Status.FAIL), ("d2", Status.PASS), ("d3", Status.UNKNOWN)):
        enrol(store, clock, name, name)
        opening = Opening(finding(clock(), status, "locked", name), "screen_lock")
        store.write(lambda c, n=name, o=opening: findings.move(c, n, Moves(opened=[o])))
    assert found(store, clock, rule_id="locked") == ["d1", "d3"]
    assert found(store, clock, signal="screen_lock", status=Status.UNKNOWN) == ["d3"]
    assert found(store, clock, rule_id="other") == []


def test_a_retired_device_is_in_no_list_and_no_count(store: Store, clock: FixedClock) -> None:
    enrol(store, clock, "d1", "alpha")
    store.write(lambda c: devices.retire(c, "d1", clock()))
    assert found(store, clock) == []
    assert sum(store.read(lambda c: devices.count_by_state(c, clock(), WEEK)).values()) == 0


def test_a_fingerprint_names_the_devices_that_showed_it(store: Store, clock: FixedClock) -> None:
    for name in ("d1", "d2"):
        row = InventoryRow(
            name, None, FormFactor.UNKNOWN, fingerprint={"board": b"b", "serial": name.encode()}
        )
        store.write(lambda c, n=name, r=row: devices.add(c, n, r, clock()))
    assert store.read(lambda c: devices.with_fingerprint(c, "board", b"b")) == ["d1", "d2"]
    assert store.read(lambda c: devices.with_fingerprint(c, "serial", b"d2")) == ["d2"]
    store.write(lambda c: devices.retire(c, "d1", clock()))
    assert store.read(lambda c: devices.with_fingerprint(c, "board", b"b")) == ["d2"]


def test_a_search_that_stops_early_says_where_to_go_on(store: Store, clock: FixedClock) -> None:
    for number in range(20):
        enrol(store, clock, f"d{number:02}", f"host{number:02}")
    after, seen, pages = None, [], 0
    while True:
        wanted = DeviceFilter(text="host1", after=after, limit=4, most_looked_at=3)
        page = store.read(lambda c, w=wanted: devices.walk(c, w, clock(), WEEK))
        seen += [device.device_id for device in page.devices]
        after, pages = page.next_after, pages + 1
        if after is None:
            break
    assert seen == [f"d{number}" for number in range(10, 20)]
    assert pages == 7


def test_a_rare_finding_is_found_however_far_it_is(store: Store, clock: FixedClock) -> None:
    for number in range(20):
        enrol(store, clock, f"d{number:02}", f"host{number:02}")
    new = finding(clock(), Status.FAIL, "disk_encrypted", "d19")
    store.write(lambda c: findings.move(c, "d19", Moves(opened=[Opening(new, "s")])))
    wanted = {"rule_id": "disk_encrypted", "limit": 4, "most_looked_at": 3}
    assert found(store, clock, **wanted) == ["d19"]
