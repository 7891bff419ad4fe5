"""Every rule at its limit and on either side of it."""

from datetime import datetime, timedelta

import pytest

from collector.model import Platform, Status
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    DiskEncryption,
    Firewall,
    FirewallManager,
    FirewallOpening,
    FirewallScope,
    InboundDefault,
    OsUpdates,
    PendingUpdate,
    Protection,
    ScreenLock,
    UserScreenLock,
    Volume,
    VolumeRole,
)
from tests.collector.policy.postures import (
    A_SECOND,
    NOW,
    days_ago,
    inventory,
    observed,
    stamp,
    verdict_of,
)

SYSTEM = VolumeRole.VOLUME_ROLE_SYSTEM
DATA = VolumeRole.VOLUME_ROLE_DATA
SWAP = VolumeRole.VOLUME_ROLE_SWAP
BOOT = VolumeRole.VOLUME_ROLE_BOOT
REMOVABLE = VolumeRole.VOLUME_ROLE_REMOVABLE
UNMOUNTED = VolumeRole.VOLUME_ROLE_UNMOUNTED
ENCRYPTED = Protection.PROTECTION_ENCRYPTED
PLAIN = Protection.PROTECTION_PLAIN
PARTIAL = Protection.PROTECTION_PARTIAL
KEY_EXPOSED = Protection.PROTECTION_KEY_EXPOSED
MEMORY_ONLY = Protection.PROTECTION_MEMORY_ONLY
ROOT = Volume(name="/", role=SYSTEM, protection=ENCRYPTED, method="LUKS2")
BLOCKED = InboundDefault.INBOUND_DEFAULT_BLOCKED
ALLOWED = InboundDefault.INBOUND_DEFAULT_ALLOWED
IPV4 = FirewallScope(name="ipv4", in_use=True, inbound=BLOCKED)
IPV6 = FirewallScope(name="ipv6", in_use=True, inbound=BLOCKED)
GUARD = AntivirusProduct(name="ClamAV", running=True, real_time=True)


@pytest.mark.parametrize(
    ("volumes", "status"),
    [
        ([ROOT], Status.PASS),
        ([ROOT, Volume(name="[swap]", role=SWAP, protection=MEMORY_ONLY)], Status.PASS),
        ([ROOT, Volume(name="/boot", role=BOOT, protection=PLAIN)], Status.PASS),
        ([ROOT, Volume(name="/media/x", role=REMOVABLE, protection=PLAIN)], Status.PASS),
        ([ROOT, Volume(name="/home", role=DATA, protection=PLAIN)], Status.FAIL),
        ([ROOT, Volume(name="/home", role=DATA, protection=PARTIAL)], Status.FAIL),
        ([ROOT, Volume(name="[swap]", role=SWAP, protection=KEY_EXPOSED)], Status.FAIL),
        ([ROOT, Volume(name="/home", role=DATA)], Status.UNKNOWN),
        ([ROOT, Volume(name="/home", protection=ENCRYPTED)], Status.UNKNOWN),
        ([ROOT, Volume(name="/srv", role=DATA, protection=MEMORY_ONLY)], Status.PASS),
        ([ROOT, Volume(name="/var/log", role=SYSTEM, protection=MEMORY_ONLY)], Status.PASS),
        ([Volume(name="/", role=SYSTEM, protection=MEMORY_ONLY)], Status.UNKNOWN),
        ([Volume(name="/var/log", role=SYSTEM, protection=MEMORY_ONLY)], Status.UNKNOWN),
        ([Volume(name="/home", role=DATA, protection=ENCRYPTED)], Status.UNKNOWN),
        ([Volume(name="/home", role=DATA), Volume(role=SYSTEM, protection=PLAIN)], Status.FAIL),
        ([], Status.UNKNOWN),
    ],
)
def test_disks_are_judged_by_what_lies_on_them_in_clear(
    volumes: list[Volume], status: Status
) -> None:
    verdict = verdict_of("disk_encrypted", observed(DiskEncryption(volumes=volumes)))
    assert verdict.status is status


def test_a_plain_volume_is_named_with_its_device_and_an_unmounted_one_is_mentioned() -> None:
    home = Volume(name="/home", device="/dev/sda2", filesystem="ext4", role=DATA, protection=PLAIN)
    old = Volume(name="/dev/sdb1", role=UNMOUNTED, protection=PLAIN)
    failed = verdict_of("disk_encrypted", observed(DiskEncryption(volumes=[ROOT, home])))
    assert failed.because == "Not encrypted: /home (ext4 on sda2)."
    passed = verdict_of("disk_encrypted", observed(DiskEncryption(volumes=[ROOT, old])))
    assert passed.status is Status.PASS
    assert "not mounted: /dev/sdb1" in passed.because


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        ([IPV4, IPV6], Status.PASS),
        ([IPV4, FirewallScope(name="ipv6", in_use=True, inbound=ALLOWED)], Status.FAIL),
        ([IPV4, FirewallScope(name="ipv6", in_use=False, inbound=ALLOWED)], Status.PASS),
        ([IPV4, FirewallScope(name="ipv6", inbound=ALLOWED)], Status.UNKNOWN),
        ([IPV4, FirewallScope(name="ipv6", inbound=BLOCKED)], Status.PASS),
        ([IPV4, FirewallScope(name="ipv6", in_use=True)], Status.UNKNOWN),
        ([FirewallScope(name="ipv4", in_use=True, inbound=ALLOWED)], Status.FAIL),
        ([FirewallScope(name=n, in_use=False) for n in ("ipv4", "ipv6")], Status.UNKNOWN),
        ([], Status.UNKNOWN),
    ],
)
def test_every_part_of_the_firewall_that_is_in_use_has_to_block(
    scopes: list[FirewallScope], status: Status
) -> None:
    verdict = verdict_of("firewall_blocks_inbound", observed(Firewall(scopes=scopes)))
    assert verdict.status is status


def test_a_manager_is_quoted_where_there_is_one() -> None:
    wide = [IPV4, FirewallScope(name="ipv6", in_use=True, inbound=ALLOWED)]
    for name, state, told in (
        ("ufw", "inactive", " (ufw says inactive)"),
        ("none", "no rules", ""),
    ):
        value = Firewall(scopes=wide, managers=[FirewallManager(name=name, state=state)])
        verdict = verdict_of("firewall_blocks_inbound", observed(value))
        assert verdict.because == f"New inbound traffic is let in on ipv6{told}."


def test_a_part_of_the_firewall_that_was_not_seen_is_named() -> None:
    verdict = verdict_of("firewall_blocks_inbound", observed(Firewall(scopes=[IPV4])))
    assert verdict.status is Status.UNKNOWN
    assert verdict.because == "The firewall was not seen for ipv6."
    windows = inventory(Platform.WINDOWS)
    verdict = verdict_of(
        "firewall_blocks_inbound", observed(Firewall(scopes=[IPV4])), about=windows
    )
    assert "domain, private, public" in verdict.because


def test_openings_are_mentioned_and_do_not_fail() -> None:
    ssh = [FirewallOpening(protocol="tcp", ports="22", scope=name) for name in ("ipv4", "ipv6")]
    firewall = Firewall(scopes=[IPV4, IPV6], openings=ssh)
    verdict = verdict_of("firewall_blocks_inbound", observed(firewall))
    assert verdict.status is Status.PASS
    assert verdict.because.endswith("; open on purpose: tcp 22.")


@pytest.mark.parametrize(
    ("products", "status"),
    [
        ([GUARD], Status.PASS),
        ([AntivirusProduct(name="old", running=False), GUARD], Status.PASS),
        ([AntivirusProduct(name="x"), GUARD], Status.PASS),
        ([], Status.FAIL),
        ([AntivirusProduct(name="x", running=True, real_time=False)], Status.FAIL),
        ([AntivirusProduct(name="x", running=False, real_time=True)], Status.FAIL),
        ([AntivirusProduct(name="x", running=False)], Status.FAIL),
        ([AntivirusProduct(name="x", running=True)], Status.UNKNOWN),
        ([AntivirusProduct(name="x", real_time=True)], Status.UNKNOWN),
        ([AntivirusProduct(running=False), AntivirusProduct(name="x")], Status.UNKNOWN),
    ],
)
def test_one_antivirus_that_guards_files_is_enough(
    products: list[AntivirusProduct], status: Status
) -> None:
    assert verdict_of("antivirus_active", observed(Antivirus(products=products))).status is status


def test_an_antivirus_on_demand_is_told_from_one_that_does_not_run() -> None:
    on_demand = AntivirusProduct(name="ClamAV", running=True, real_time=False)
    verdict = verdict_of("antivirus_active", observed(Antivirus(products=[on_demand])))
    assert verdict.because == "ClamAV is installed but examines files only on demand."
    stopped = AntivirusProduct(name="ClamAV", running=False)
    verdict = verdict_of("antivirus_active", observed(Antivirus(products=[stopped])))
    assert verdict.because == "ClamAV is installed but not running."


def guard(built_at: datetime) -> AntivirusProduct:
    return AntivirusProduct(name="A", running=True, real_time=True, definitions_at=stamp(built_at))


@pytest.mark.parametrize(
    ("products", "status"),
    [
        ([guard(days_ago(7) + A_SECOND)], Status.PASS),
        ([guard(days_ago(7))], Status.FAIL),
        ([guard(days_ago(7) - A_SECOND)], Status.FAIL),
        ([guard(days_ago(-1))], Status.PASS),
        ([guard(days_ago(-1) + A_SECOND)], Status.UNKNOWN),
        ([guard(days_ago(30)), guard(days_ago(1))], Status.PASS),
        ([guard(days_ago(30)), GUARD], Status.UNKNOWN),
        ([GUARD], Status.UNKNOWN),
        ([AntivirusProduct(definitions_at=stamp(NOW))], Status.UNKNOWN),
        ([AntivirusProduct(running=False, definitions_at=stamp(NOW))], Status.NOT_APPLICABLE),
        ([], Status.NOT_APPLICABLE),
    ],
)
def test_definitions_are_judged_by_their_own_date(
    products: list[AntivirusProduct], status: Status
) -> None:
    verdict = verdict_of("antivirus_definitions_fresh", observed(Antivirus(products=products)))
    assert verdict.status is status


def test_definitions_in_the_cloud_have_no_age_and_others_hold_until_the_limit() -> None:
    cloud = AntivirusProduct(running=True, real_time=True, definitions_in_cloud=True)
    both = observed(Antivirus(products=[guard(days_ago(1)), cloud]))
    verdict = verdict_of("antivirus_definitions_fresh", both)
    assert (verdict.status, verdict.holds_until) == (Status.PASS, None)
    one = observed(Antivirus(products=[guard(days_ago(2)), guard(days_ago(1))]))
    verdict = verdict_of("antivirus_definitions_fresh", one)
    assert verdict.holds_until == NOW + timedelta(days=6)


def told(current: bool, built_at: datetime | None = None) -> AntivirusProduct:
    product = guard(built_at or NOW)
    product.definitions_current = current
    if built_at is None:
        product.ClearField("definitions_at")
    return product


@pytest.mark.parametrize(
    ("product", "status"),
    [
        (told(True), Status.PASS),
        (told(False), Status.FAIL),
        (told(True, days_ago(1)), Status.PASS),
        (told(True, days_ago(30)), Status.FAIL),
        (told(False, days_ago(1)), Status.FAIL),
    ],
)
def test_the_systems_word_stands_in_for_a_date_and_its_no_outdoes_one(
    product: AntivirusProduct, status: Status
) -> None:
    verdict = verdict_of("antivirus_definitions_fresh", observed(Antivirus(products=[product])))
    assert verdict.status is status


def test_the_systems_word_on_a_product_that_may_not_guard_is_no_answer() -> None:
    product = AntivirusProduct(name="A", running=True, definitions_current=True)
    verdict = verdict_of("antivirus_definitions_fresh", observed(Antivirus(products=[product])))
    assert verdict.status is Status.UNKNOWN


def user(idle: int | None, delay: int | None, locks: bool | None = True) -> UserScreenLock:
    return UserScreenLock(user="alice", locks=locks, idle_seconds=idle, lock_delay_seconds=delay)


@pytest.mark.parametrize(
    ("users", "status"),
    [
        ([user(899, 59)], Status.PASS),
        ([user(900, 60)], Status.PASS),
        ([user(901, 60)], Status.FAIL),
        ([user(900, 61)], Status.FAIL),
        ([user(300, 0), user(300, 0, locks=False)], Status.FAIL),
        ([user(None, 61)], Status.FAIL),
        ([user(0, 0)], Status.UNKNOWN),
        ([user(None, 0)], Status.UNKNOWN),
        ([user(300, None)], Status.UNKNOWN),
        ([user(300, 0), user(300, 0, locks=None)], Status.UNKNOWN),
        ([user(9000, 0, locks=None)], Status.UNKNOWN),
        ([], Status.UNKNOWN),
    ],
)
def test_the_screen_has_to_lock_in_time_for_everybody(
    users: list[UserScreenLock], status: Status
) -> None:
    verdict = verdict_of("screen_locks_automatically", observed(ScreenLock(users=users)))
    assert verdict.status is status


@pytest.mark.parametrize(
    ("idle", "delay", "status"),
    [(900, 60, Status.PASS), (901, 0, Status.UNKNOWN), (900, 61, Status.UNKNOWN)],
)
def test_a_lock_that_may_come_sooner_is_too_late_for_nobody(
    idle: int, delay: int, status: Status
) -> None:
    someone = user(idle, delay)
    someone.may_lock_sooner = True
    value = observed(ScreenLock(users=[someone]))
    assert verdict_of("screen_locks_automatically", value).status is status


def updates(names: str, index_age_days: float | None = 1, count: int | None = None) -> OsUpdates:
    listed = [PendingUpdate(name=name, security=True) for name in names.split()]
    number = len(listed) if count is None else count
    index_at = None if index_age_days is None else stamp(days_ago(index_age_days))
    return OsUpdates(pending=number, pending_security=number, updates=listed, index_at=index_at)


UPDATE_RULES = [("os_security_updates_applied", 14, 7), ("os_updates_applied", 45, 30)]


@pytest.mark.parametrize(("rule_id", "delay", "index_age"), UPDATE_RULES)
def test_an_update_may_wait_until_its_delay_is_over(
    rule_id: str, delay: int, index_age: int
) -> None:
    waiting = observed(updates("openssl"))
    for since, status in [
        (days_ago(delay) + A_SECOND, Status.PASS),
        (days_ago(delay), Status.FAIL),
        (days_ago(delay) - A_SECOND, Status.FAIL),
    ]:
        verdict = verdict_of(rule_id, waiting, first_seen={"openssl": since})
        assert verdict.status is status
    assert f"openssl (since {days_ago(delay) - A_SECOND:%Y-%m-%d})" in verdict.because


@pytest.mark.parametrize(("rule_id", "delay", "index_age"), UPDATE_RULES)
def test_nothing_pending_passes_only_while_the_lists_are_fresh(
    rule_id: str, delay: int, index_age: int
) -> None:
    second = 1 / 86_400
    for age, status in [
        (index_age - second, Status.PASS),
        (index_age, Status.UNKNOWN),
        (index_age + second, Status.UNKNOWN),
        (-1, Status.PASS),
        (-1 - second, Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ]:
        assert verdict_of(rule_id, observed(updates("", age))).status is status
    held = verdict_of(rule_id, observed(updates("", 1))).holds_until
    assert held == NOW + timedelta(days=index_age - 1)


def test_old_lists_cannot_hide_an_update_that_is_known_to_be_overdue() -> None:
    old = observed(updates("openssl", 40))
    rule_id = "os_security_updates_applied"
    verdict = verdict_of(rule_id, old, first_seen={"openssl": days_ago(20)})
    assert verdict.status is Status.FAIL
    verdict = verdict_of(rule_id, old, first_seen={"openssl": days_ago(10)})
    assert verdict.status is Status.UNKNOWN
    assert verdict.because == (
        "The package lists are 40 days old, so newer updates cannot be seen."
    )
    assert verdict.holds_until == NOW + timedelta(days=4)


def test_updates_that_are_counted_and_not_named_or_not_dated_are_unknown() -> None:
    rule_id = "os_security_updates_applied"
    seen = {"openssl": days_ago(1)}
    for value in (updates("openssl", count=3), updates("", count=3), updates("openssl curl")):
        assert verdict_of(rule_id, observed(value), first_seen=seen).status is Status.UNKNOWN
    both = verdict_of(
        rule_id, observed(updates("openssl curl")), first_seen=seen | {"curl": days_ago(2)}
    )
    assert both.status is Status.PASS
    assert both.holds_until == NOW + timedelta(days=6)


def test_only_security_updates_count_for_the_security_rule() -> None:
    value = updates("openssl")
    value.updates.append(PendingUpdate(name="gedit", security=False))
    value.pending = 2
    seen = {"openssl": days_ago(1), "gedit": days_ago(100)}
    rule_id = "os_security_updates_applied"
    assert verdict_of(rule_id, observed(value), first_seen=seen).status is Status.PASS
    assert verdict_of("os_updates_applied", observed(value), first_seen=seen).status is Status.FAIL


def test_a_failure_names_three_updates_and_counts_the_rest() -> None:
    names = "a b c d e"
    seen = {name: days_ago(20) for name in names.split()}
    verdict = verdict_of("os_security_updates_applied", observed(updates(names)), first_seen=seen)
    assert verdict.because.startswith("5 security updates pending for 14 days or more: a (since")
    assert verdict.because.endswith("and 2 more.")


def test_a_restart_may_wait_until_its_delay_is_over() -> None:
    waiting = observed(OsUpdates(restart_required=True))
    for since, status in [
        (days_ago(7) + A_SECOND, Status.PASS),
        (days_ago(7), Status.FAIL),
        (days_ago(7) - A_SECOND, Status.FAIL),
    ]:
        verdict = verdict_of("os_restart_done", waiting, first_seen={"restart": since})
        assert verdict.status is status
    assert verdict_of("os_restart_done", waiting).status is Status.UNKNOWN
    done = verdict_of("os_restart_done", observed(OsUpdates(restart_required=False)))
    assert (done.status, done.holds_until) == (Status.PASS, None)
