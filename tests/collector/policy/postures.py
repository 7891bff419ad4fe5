"""Postures for the tests of the policy: one signal at a time, on a device that says who it is."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from collector.model import Platform, Rule, Verdict
from collector.policy import RULES, Policy, default_text, evaluate, load
from protos.posture.v1 import device_pb2
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import Gap, Observation, UnknownReason
from tests.collector.policy.both_languages import holds_in_both_languages

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
DENIED = UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


@cache
def default_policy() -> Policy:
    return load(default_text(), "policy.toml")


def rule_named(rule_id: str) -> Rule:
    return next(rule for rule in RULES if rule.id == rule_id)


def stamp(at: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(at)
    return found


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def inventory(platform: Platform | None = Platform.LINUX, **fields: str) -> Inventory:
    about = Inventory(**fields)  # type: ignore[arg-type]
    if platform is not None:
        about.platform = device_pb2.Platform.Value(f"PLATFORM_{platform.name}")
    about.form_factor = device_pb2.FormFactor.FORM_FACTOR_LAPTOP
    return about


def observed(value: Message, gaps: Iterable[str] = ()) -> Observation:
    """An observation with this value; every gap is "permission denied"."""
    signal = next(
        field.name
        for field in Observation.DESCRIPTOR.oneofs_by_name["outcome"].fields
        if field.message_type == value.DESCRIPTOR
    )
    observation = Observation(signal=signal)
    getattr(observation, signal).SetInParent()
    getattr(observation, signal).CopyFrom(value)
    observation.gaps.extend(Gap(field=gap, reason=DENIED, detail="no rights") for gap in gaps)
    return observation


def verdict_of(
    rule_id: str,
    *observations: Observation,
    about: Inventory | None = None,
    first_seen: Mapping[str, datetime] | None = None,
    policy: Policy | None = None,
    now: datetime = NOW,
) -> Verdict:
    posture = Posture(inventory=about or inventory(), observations=observations)
    judged = evaluate(policy or default_policy(), posture, now, {rule_id: first_seen or {}})
    for each in judged:
        holds_in_both_languages(each.verdict, of_the_device=str(posture))
    return next(each.verdict for each in judged if each.rule.id == rule_id)
