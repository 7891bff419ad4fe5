"""A group's waiver in a pack: over those that were in the group when it was approved, for ever."""

from datetime import datetime, timedelta

from collector.model import FormFactor, Platform, Waiver
from collector.store import Connection, devices, groups
from collector.store.devices import InventoryRow
from tests.collector.export.conftest import Packing, files_of, table_of
from tests.collector.export.fleet import DAY, DISKS, FIREWALL, NOW
from tests.collector.granting import grant

GROUP = "lab"


def waived(packer: Packing, as_of: datetime = NOW) -> set[str]:
    """The devices over which the group's waiver lay."""
    rows = table_of(packer.pack(as_of), "findings")
    return {row["device_id"] for row in rows if row["waiver_reason"] == "new disks"}


def join(packer: Packing, device_id: str, at: datetime) -> None:
    packer.desk.store.write(lambda c: groups.add_members(c, GROUP, [device_id], at))


def leave(packer: Packing, device_id: str, at: datetime) -> None:
    packer.desk.store.write(lambda c: groups.remove_members(c, GROUP, [device_id], at))


def allow(packer: Packing, at: datetime) -> None:
    def change(c: Connection) -> None:
        for rule in (DISKS, FIREWALL):
            wanted = Waiver("", rule, "new disks", "alice", at, NOW + 9 * DAY, group=GROUP)
            grant(c, wanted)

    packer.desk.store.write(change)


def founded(packer: Packing) -> None:
    group = groups.Group(GROUP, "", "", NOW - 9 * DAY)
    packer.desk.store.write(lambda c: groups.add(c, group))


def test_who_came_after_the_approval_is_not_covered(packer: Packing) -> None:
    founded(packer)
    join(packer, "id-bad", NOW - 3 * DAY)
    allow(packer, NOW - 2 * DAY)
    join(packer, "id-evil", NOW - DAY)
    assert waived(packer) == {"id-bad"}


def test_who_left_and_came_again_is_not_covered(packer: Packing) -> None:
    founded(packer)
    join(packer, "id-bad", NOW - 3 * DAY)
    allow(packer, NOW - 2 * DAY)
    leave(packer, "id-bad", NOW - timedelta(hours=4))
    join(packer, "id-bad", NOW - timedelta(hours=3))
    assert waived(packer) == set()
    assert waived(packer, NOW - timedelta(hours=5)) == {"id-bad"}
    assert waived(packer, NOW - timedelta(hours=3, minutes=30)) == set()


def test_the_pack_of_a_moment_stays_whoever_comes_and_goes_later(packer: Packing) -> None:
    founded(packer)
    join(packer, "id-bad", NOW - 3 * DAY)
    allow(packer, NOW - 2 * DAY)
    join(packer, "id-evil", NOW - DAY)
    first = packer.pack()
    before = files_of(first)
    first.unlink()
    for device_id in ("id-bad", "id-evil"):
        leave(packer, device_id, NOW + DAY)
    for device_id in ("id-evil", "id-bad", "id-new"):
        join(packer, device_id, NOW + 2 * DAY)
    assert files_of(packer.pack()) == before


def test_another_group_changes_nothing(packer: Packing) -> None:
    founded(packer)
    join(packer, "id-bad", NOW - 3 * DAY)
    allow(packer, NOW - 2 * DAY)
    other = groups.Group("sales", "", "", NOW)
    packer.desk.store.write(lambda c: groups.add(c, other))
    packer.desk.store.write(lambda c: groups.add_members(c, "sales", ["id-bad"], NOW - DAY))
    assert waived(packer) == {"id-bad"}


def test_the_register_is_told_as_devices_were_called_then(packer: Packing) -> None:
    before = table_of(packer.pack(), "waivers")
    assert {row["hostname"] for row in before} == {"beta"}
    (packer.out / next(packer.out.iterdir()).name).unlink()
    row = InventoryRow("renamed", Platform.LINUX, FormFactor.LAPTOP)
    packer.desk.store.write(
        lambda c: devices.record_check_in(c, "id-bad", row, 2, b"e" * 32, NOW + DAY)
    )
    assert table_of(packer.pack(), "waivers") == before


def test_the_pack_of_a_group_has_the_waivers_of_its_devices_then(packer: Packing) -> None:
    founded(packer)
    join(packer, "id-bad", NOW - DAY)
    allow(packer, NOW - timedelta(hours=1))
    leave(packer, "id-bad", NOW + DAY)
    told = table_of(packer.pack(scope=f"group:{GROUP}"), "waivers")
    assert [(row["group"], row["device_id"], row["rule_id"]) for row in told] == [
        ("", "id-bad", DISKS),
        ("", "id-bad", FIREWALL),
        (GROUP, "", DISKS),
        (GROUP, "", FIREWALL),
    ]
    none = table_of(packer.pack(NOW - 2 * DAY, scope=f"group:{GROUP}"), "waivers")
    assert none == []
