"""The engine: what was not seen is unknown, with its reason, for every rule."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.model import FormFactor, Platform, Rule, Status
from collector.policy import RULES, Policy, evaluate, load, tracked
from collector.policy.blind_spots import WORDS
from collector.translation.sentences import LONGEST_SENTENCE
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    DiskEncryption,
    Evidence,
    Firewall,
    FirewallScope,
    InboundDefault,
    Observation,
    OsUpdates,
    PendingUpdate,
    Protection,
    ScreenLock,
    UnknownReason,
    UserScreenLock,
    Volume,
    VolumeRole,
)
from tests.collector.policy.postures import (
    NOW,
    days_ago,
    default_policy,
    inventory,
    observed,
    rule_named,
    stamp,
    verdict_of,
)

BLOCKED = InboundDefault.INBOUND_DEFAULT_BLOCKED
GOOD: dict[str, Message] = {
    "disk_encryption": DiskEncryption(
        volumes=[
            Volume(
                name="/",
                role=VolumeRole.VOLUME_ROLE_SYSTEM,
                protection=Protection.PROTECTION_ENCRYPTED,
            )
        ]
    ),
    "firewall": Firewall(
        scopes=[FirewallScope(name=name, in_use=True, inbound=BLOCKED) for name in ("ipv4", "ipv6")]
    ),
    "antivirus": Antivirus(
        products=[
            AntivirusProduct(name="A", running=True, real_time=True, definitions_at=stamp(NOW))
        ]
    ),
    "screen_lock": ScreenLock(
        users=[UserScreenLock(user="alice", locks=True, idle_seconds=300, lock_delay_seconds=0)]
    ),
    "os_updates": OsUpdates(
        pending=0, pending_security=0, index_at=stamp(NOW), restart_required=False
    ),
}
ABOUT = inventory(os_id="debian", os_version="13")
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def message_class(rule: Rule) -> type[Message]:
    return type(GOOD[rule.signal])


@EVERY_RULE
def test_a_good_device_passes(rule: Rule) -> None:
    assert verdict_of(rule.id, observed(GOOD[rule.signal]), about=ABOUT).status is Status.PASS


@EVERY_RULE
def test_a_message_with_nothing_set_never_passes(rule: Rule) -> None:
    nobody = Inventory()
    for about in (nobody, inventory()):
        verdict = verdict_of(rule.id, observed(message_class(rule)()), about=about)
        assert verdict.status is not Status.PASS


@EVERY_RULE
def test_a_list_of_elements_with_nothing_set_never_passes(rule: Rule) -> None:
    value = message_class(rule)()
    for field in value.DESCRIPTOR.fields:
        if field.is_repeated and field.message_type is not None:
            getattr(value, field.name).add()
    verdict = verdict_of(rule.id, observed(value))
    assert verdict.status is Status.UNKNOWN


@EVERY_RULE
def test_a_signal_that_is_not_reported_is_unknown(rule: Rule) -> None:
    verdict = verdict_of(rule.id)
    assert (verdict.status, verdict.because) == (
        Status.UNKNOWN,
        "The agent does not report this yet.",
    )


@pytest.mark.parametrize("reason", UnknownReason.values())
def test_every_reason_for_not_knowing_has_words(reason: UnknownReason.ValueType) -> None:
    observation = Observation(signal="firewall")
    observation.unknown.reason = reason
    observation.unknown.detail = "nft did not answer"
    verdict = verdict_of("firewall_blocks_inbound", observation)
    assert verdict.status is Status.UNKNOWN
    assert verdict.because.endswith(": nft did not answer.")
    assert reason in WORDS or reason == UnknownReason.UNKNOWN_REASON_UNSPECIFIED


def test_what_cannot_exist_here_is_not_applicable_in_the_devices_words() -> None:
    observation = Observation(signal="disk_encryption")
    observation.not_applicable.because = "a container has no disks"
    verdict = verdict_of("disk_encrypted", observation)
    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.because == "A container has no disks."


def test_an_answer_under_a_wrong_name_an_empty_one_and_two_answers_are_unknown() -> None:
    wrong = observed(GOOD["disk_encryption"])
    wrong.signal = "firewall"
    empty = Observation(signal="firewall")
    good = observed(GOOD["firewall"])
    for observations in ([wrong], [empty], [good, good], [good, wrong]):
        verdict = verdict_of("firewall_blocks_inbound", *observations)
        assert verdict.status is Status.UNKNOWN


def test_a_needed_field_that_is_unset_is_unknown_with_the_reason_of_its_gap() -> None:
    value = OsUpdates(index_at=stamp(NOW))
    verdict = verdict_of("os_restart_done", observed(value, ["restart_required"]))
    assert verdict.status is Status.UNKNOWN
    assert verdict.because == ("Restart required could not be seen: permission denied: no rights.")
    assert "did not see restart required" in verdict_of("os_restart_done", observed(value)).because


@pytest.mark.parametrize(
    ("rule_id", "gap"),
    [
        ("disk_encrypted", "volumes"),
        ("disk_encrypted", "volumes[/home]"),
        ("disk_encrypted", "volumes[/home].protection"),
        ("disk_encrypted", "volumes[/].protection"),
        ("firewall_blocks_inbound", "scopes"),
        ("firewall_blocks_inbound", "scopes[ipv6].inbound"),
        ("screen_locks_automatically", "users[bob]"),
        ("screen_locks_automatically", "users[bob].locks"),
        ("os_security_updates_applied", "index_at"),
        ("os_security_updates_applied", "pending_security"),
        ("os_restart_done", "restart_required"),
    ],
)
def test_no_pass_survives_a_gap_in_what_was_judged(rule_id: str, gap: str) -> None:
    value = GOOD[rule_named(rule_id).signal]
    verdict = verdict_of(rule_id, observed(value, [gap]), about=ABOUT)
    assert verdict.status is Status.UNKNOWN
    assert "permission denied" in verdict.because


def good_disks() -> DiskEncryption:
    return DiskEncryption.FromString(GOOD["disk_encryption"].SerializeToString())


def test_a_gap_that_the_rule_has_answered_for_or_does_not_touch_changes_nothing() -> None:
    disks = good_disks()
    disks.volumes.add(name="/boot", role=VolumeRole.VOLUME_ROLE_BOOT)
    gaps = ["volumes[/boot].protection", "encrypted_homes"]
    assert verdict_of("disk_encrypted", observed(disks, gaps)).status is Status.PASS
    lock = observed(GOOD["screen_lock"], ["users[alice].enforced"])
    assert verdict_of("screen_locks_automatically", lock).status is Status.PASS


def test_no_antivirus_is_a_failure_only_when_everything_was_looked_at() -> None:
    for gaps in (["products"], ["products[ClamAV]"], ["products[ClamAV].running"]):
        for rule_id in ("antivirus_active", "antivirus_definitions_fresh"):
            verdict = verdict_of(rule_id, observed(Antivirus(), gaps))
            assert verdict.status is Status.UNKNOWN
    idle = Antivirus(products=[AntivirusProduct(name="A", running=False)])
    verdict = verdict_of("antivirus_active", observed(idle, ["products[B]"]))
    assert verdict.status is Status.UNKNOWN
    active = observed(GOOD["antivirus"], ["products[B]"])
    assert verdict_of("antivirus_active", active).status is Status.PASS


def test_a_known_failure_is_not_excused_by_a_gap_elsewhere() -> None:
    disks = good_disks()
    role, plain = VolumeRole.VOLUME_ROLE_DATA, Protection.PROTECTION_PLAIN
    disks.volumes.add(name="/home", role=role, protection=plain)
    verdict = verdict_of("disk_encrypted", observed(disks, ["volumes"]))
    assert verdict.status is Status.FAIL


def test_an_unknown_volume_is_explained_by_its_gap() -> None:
    disks = DiskEncryption(volumes=[Volume(name="/", role=VolumeRole.VOLUME_ROLE_SYSTEM)])
    disks.volumes.add(name="sdb1", role=VolumeRole.VOLUME_ROLE_UNMOUNTED)
    observation = observed(disks, ["volumes[sdb1].protection", "volumes[/].protection"])
    observation.gaps[0].detail = "of another volume"
    verdict = verdict_of("disk_encrypted", observation)
    assert verdict.because == (
        "It could not be told whether these are encrypted: / (permission denied: no rights)."
    )


def asking(**changes: Any) -> Policy:
    policy = default_policy()
    rules = dict(policy.rules)
    rules["firewall_blocks_inbound"] = replace(rules["firewall_blocks_inbound"], **changes)
    return replace(policy, rules=rules)


def test_a_rule_is_asked_only_of_the_devices_it_is_meant_for() -> None:
    good = observed(GOOD["firewall"])
    rule_id = "firewall_blocks_inbound"
    windows = asking(platforms=frozenset({Platform.WINDOWS}))
    assert verdict_of(rule_id, good, policy=windows).status is Status.NOT_APPLICABLE
    nobody = inventory(None)
    assert verdict_of(rule_id, good, policy=windows, about=nobody).status is Status.UNKNOWN
    servers = asking(form_factors=frozenset({FormFactor.SERVER}))
    verdict = verdict_of(rule_id, good, policy=servers)
    assert (verdict.status, verdict.because) == (
        Status.NOT_APPLICABLE,
        "The policy does not ask this of a laptop.",
    )
    unsaid = inventory()
    unsaid.ClearField("form_factor")
    assert verdict_of(rule_id, good, policy=servers, about=unsaid).status is Status.UNKNOWN
    assert verdict_of(rule_id, good, policy=asking(), about=unsaid).status is Status.PASS


def test_a_disabled_rule_gives_no_verdict_and_the_rest_come_in_order_with_evidence() -> None:
    observation = observed(GOOD["firewall"])
    observation.evidence.append(Evidence(source="nft list ruleset", said="policy drop"))
    posture = Posture(inventory=ABOUT, observations=[observation])
    judged = evaluate(asking(enabled=False), posture, NOW, {})
    ids = [rule.id for rule in RULES if rule.id != "firewall_blocks_inbound"]
    assert [each.rule.id for each in judged] == ids
    judged = evaluate(default_policy(), posture, NOW, {})
    assert [(line.source, line.said) for line in judged[1].evidence] == [
        ("nft list ruleset", "policy drop")
    ]
    assert judged[0].evidence == ()


def test_what_to_remember_is_named_by_rule_and_nothing_is_forgotten_unseen() -> None:
    updates = [PendingUpdate(name=n, security=n == "openssl") for n in ("openssl", "gedit")]
    value = OsUpdates(pending=2, pending_security=1, updates=updates, restart_required=True)
    policy = default_policy()
    assert tracked(policy, Posture(observations=[observed(value)])) == {
        "os_security_updates_applied": {"openssl"},
        "os_updates_applied": {"openssl", "gedit"},
        "os_restart_done": {"restart"},
    }
    assert tracked(policy, Posture(observations=[observed(GOOD["os_updates"])])) == {
        "os_security_updates_applied": set(),
        "os_updates_applied": set(),
        "os_restart_done": set(),
    }
    assert tracked(policy, Posture(observations=[observed(OsUpdates())])) == {}
    assert tracked(policy, Posture()) == {}


def leaves(message: Message) -> list[tuple[Message, str]]:
    """Every scalar or time that is set, anywhere below."""
    found: list[tuple[Message, str]] = []
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.name == "Timestamp":
            found.append((message, field.name))
        else:
            for each in value:
                found.extend(leaves(each))
    return found


NEEDED = {
    "disk_encrypted": {"role", "protection"},
    "firewall_blocks_inbound": {"name", "inbound"},
    "antivirus_active": {"running", "real_time"},
    "antivirus_definitions_fresh": {"running", "real_time", "definitions_at"},
    "screen_locks_automatically": {"locks", "idle_seconds", "lock_delay_seconds"},
    "os_supported": set(),
    "os_security_updates_applied": {"pending_security", "index_at"},
    "os_updates_applied": {"pending", "index_at"},
    "os_restart_done": {"restart_required"},
}


@EVERY_RULE
def test_taking_any_needed_fact_from_a_good_device_takes_its_pass(rule: Rule) -> None:
    count = len(leaves(GOOD[rule.signal]))
    for index in range(count):
        value = message_class(rule)()
        value.CopyFrom(GOOD[rule.signal])
        holder, name = leaves(value)[index]
        holder.ClearField(name)
        status = verdict_of(rule.id, observed(value), about=ABOUT).status
        assert status is (Status.UNKNOWN if name in NEEDED[rule.id] else Status.PASS)


def scalar(field: Any) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:
        return st.integers(0, 9)
    if field.message_type is not None:
        seconds = st.sampled_from([-(10**15), 0, int(NOW.timestamp()), 10**15, 253402300799])
        return seconds.map(lambda at: stamp(NOW).__class__(seconds=at))
    if field.cpp_type == field.CPPTYPE_BOOL:
        return st.booleans()
    if field.type == field.TYPE_BYTES:
        return st.binary(max_size=2)
    if field.cpp_type == field.CPPTYPE_STRING:
        words = ["", "/", "ipv4", "ipv6", "restart", "2027-01-01", "9999-12-31", "\n\x1b" * 300]
        return st.sampled_from(words)
    return st.sampled_from([0, 1, 60, 900, 901, 2**32 - 1])


@st.composite
def messages(draw: st.DrawFn, kind: type[Message]) -> Message:
    """A message with any part of it filled with anything that the wire allows."""
    value = kind()
    for field in value.DESCRIPTOR.fields:
        if not draw(st.booleans()):
            continue
        nested = field.message_type is not None and field.message_type.name != "Timestamp"
        if field.is_repeated:
            inner = type(getattr(value, field.name).add()) if nested else None
            value.ClearField(field.name)
            each = messages(inner) if inner else scalar(field)
            getattr(value, field.name).extend(draw(st.lists(each, max_size=3)))
        elif field.message_type is not None:
            inside = messages(type(getattr(value, field.name))) if nested else scalar(field)
            getattr(value, field.name).CopyFrom(draw(inside))
        else:
            setattr(value, field.name, draw(scalar(field)))
    return value


def surely_good(rule: Rule, value: Any) -> bool:
    """What the least of a pass is, written a second time and another way."""
    lists = {"disk_encryption": "volumes", "firewall": "scopes", "screen_lock": "users"}
    if rule.signal == "os_updates":
        return all(value.HasField(name) for name in NEEDED[rule.id])
    if rule.signal == "antivirus":
        return any(product.running and product.real_time for product in value.products)
    elements = list(getattr(value, lists[rule.signal]))
    if rule.signal == "disk_encryption":
        judged = [each for each in elements if each.role not in (4, 5, 6)]
    elif rule.signal == "firewall":
        judged = [each for each in elements if each.in_use or not each.HasField("in_use")]
    else:
        judged = elements
    return bool(judged) and all(each.HasField(name) for each in judged for name in NEEDED[rule.id])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_whatever_arrives_nothing_raises_and_nothing_unseen_passes(
    rule: Rule, data: st.DataObject
) -> None:
    value = data.draw(messages(message_class(rule)))
    about = data.draw(messages(Inventory))
    assert isinstance(about, Inventory)
    seen = {name: days_ago(1) for name in data.draw(st.sets(st.sampled_from(["restart", "/"])))}
    verdict = verdict_of(rule.id, observed(value), about=about, first_seen=seen)
    if verdict.status is Status.PASS:
        assert surely_good(rule, value)
    assert verdict.because[0].upper() == verdict.because[0]
    assert verdict.because.endswith(".")
    assert verdict.because.isprintable()
    assert len(verdict.because) <= LONGEST_SENTENCE
    assert verdict.holds_until is None or verdict.holds_until > NOW


@EVERY_RULE
def test_a_verdict_that_holds_until_a_moment_is_the_same_just_before_it(rule: Rule) -> None:
    observation = observed(GOOD[rule.signal])
    until = verdict_of(rule.id, observation, about=ABOUT).holds_until
    if until is None:
        later = NOW + timedelta(days=3650)
        assert verdict_of(rule.id, observation, about=ABOUT, now=later).status is Status.PASS
        return
    policy = load("", "empty")
    before, at = (
        verdict_of(rule.id, observation, about=ABOUT, policy=policy, now=now)
        for now in (until - timedelta(microseconds=1), until)
    )
    assert before.status is Status.PASS
    assert (at.status, at.because) != (before.status, before.because)
