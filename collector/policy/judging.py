"""A rule is asked only about what was seen; whatever was not seen is unknown, with its reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collector.model import (
    Circumstances,
    EvidenceLine,
    FormFactor,
    Platform,
    Rule,
    Status,
    Verdict,
)
from collector.policy import blind_spots
from collector.policy.causes import Cause, cause_of
from collector.policy.rules import RULES
from collector.policy.settings import Policy, RuleSettings
from collector.policy.wording import Text, sentence
from collector.translation import marked
from protos.posture.v1.device_pb2 import FormFactor as WireFormFactor
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.device_pb2 import Platform as WirePlatform
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import Observation

PLATFORMS = {
    WirePlatform.PLATFORM_LINUX: Platform.LINUX,
    WirePlatform.PLATFORM_MACOS: Platform.MACOS,
    WirePlatform.PLATFORM_WINDOWS: Platform.WINDOWS,
}
FORM_FACTORS = {
    WireFormFactor.FORM_FACTOR_LAPTOP: FormFactor.LAPTOP,
    WireFormFactor.FORM_FACTOR_DESKTOP: FormFactor.DESKTOP,
    WireFormFactor.FORM_FACTOR_TABLET: FormFactor.TABLET,
    WireFormFactor.FORM_FACTOR_SERVER: FormFactor.SERVER,
    WireFormFactor.FORM_FACTOR_VIRTUAL_MACHINE: FormFactor.VIRTUAL_MACHINE,
    WireFormFactor.FORM_FACTOR_CONTAINER: FormFactor.CONTAINER,
}

NOT_ASKED_OF = {
    FormFactor.LAPTOP: marked("the policy does not ask this of a laptop"),
    FormFactor.DESKTOP: marked("the policy does not ask this of a desktop"),
    FormFactor.TABLET: marked("the policy does not ask this of a tablet"),
    FormFactor.SERVER: marked("the policy does not ask this of a server"),
    FormFactor.VIRTUAL_MACHINE: marked("the policy does not ask this of a virtual machine"),
    FormFactor.CONTAINER: marked("the policy does not ask this of a container"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule's verdict, with the lines of evidence that the device gave for its signal."""

    rule: Rule
    verdict: Verdict
    evidence: tuple[EvidenceLine, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Verdicts of one policy at one moment, by all that each was come to from.

    Of many devices that are judged together most have settings alike. Evidence is each one's own.
    """

    policy: Policy
    now: datetime
    verdicts: dict[tuple[object, ...], Verdict] = field(default_factory=dict)


def evaluate(
    policy: Policy,
    posture: Posture,
    now: datetime,
    first_seen: Mapping[str, Mapping[str, datetime]],
    alike: Alike | None = None,
) -> list[Judged]:
    """One verdict for every enabled rule, in the order of RULES.

    `first_seen` holds, by rule and by the keys of `tracked`, when the collector first saw each
    thing. A tracked thing that is missing there is not judged as new: its age is unknown.

    `alike` is kept by who judges many devices by one policy at one moment: it makes no difference
    but in time.
    """
    if alike is not None and (alike.policy is not policy or alike.now != now):
        raise ValueError("these verdicts are of another policy or moment")
    judged = []
    said = _by_signal(posture, with_content=alike is not None)
    about = _about(posture.inventory)
    for rule, settings in _enabled(policy):
        spoken = said.get(rule.signal, NOTHING_SAID)
        known = first_seen.get(rule.id, {})
        key = (rule.id, spoken.content, about, tuple(sorted(known.items())))
        verdict = None if alike is None else alike.verdicts.get(key)
        if verdict is None:
            circumstances = _circumstances(posture.inventory, now, known)
            verdict = _beside_the_point(settings, posture.inventory) or _verdict(
                rule, settings.limits, spoken.observations, circumstances
            )
            if alike is not None:
                alike.verdicts[key] = verdict
        judged.append(Judged(rule, verdict, spoken.evidence))
    return judged


@dataclass(frozen=True, slots=True)
class Said:
    """What a device said of one signal, which several rules may ask about.

    `content`: all of it but the evidence, as bytes, where it was asked for.
    """

    observations: Sequence[Observation] = ()
    evidence: tuple[EvidenceLine, ...] = ()
    content: tuple[bytes, ...] = ()


NOTHING_SAID = Said()


def _by_signal(posture: Posture, *, with_content: bool) -> dict[str, Said]:
    found: dict[str, list[Observation]] = {}
    for each in posture.observations:
        found.setdefault(each.signal, []).append(each)
    return {
        signal: Said(several, _evidence(several), _content(several) if with_content else ())
        for signal, several in found.items()
    }


def _content(observations: Sequence[Observation]) -> tuple[bytes, ...]:
    content = []
    for each in observations:
        bare = Observation()
        bare.CopyFrom(each)
        bare.ClearField("evidence")
        content.append(bare.SerializeToString(deterministic=True))
    return tuple(content)


def _about(inventory: Inventory) -> tuple[object, ...]:
    """All of the inventory that a verdict may rest on."""
    kind = (inventory.platform, inventory.form_factor)
    return (*kind, inventory.os_id, inventory.os_version, inventory.os_edition)


def tracked(policy: Policy, posture: Posture) -> dict[str, set[str]]:
    """What to remember the first sight of, by rule. Empty where the signal was seen and holds
    nothing to track; a rule whose signal was not seen is left out: what was known of it stays.
    """
    found: dict[str, set[str]] = {}
    for rule, _ in _enabled(policy):
        if rule.tracks is None:
            continue
        observations = [o for o in posture.observations if o.signal == rule.signal]
        value = _value(rule, observations)
        if value is None:
            continue
        if not blind_spots.unset(value, rule.needs, observations[0].gaps):
            found[rule.id] = set(rule.tracks(value))
    return found


def _enabled(policy: Policy) -> Iterator[tuple[Rule, RuleSettings]]:
    for rule in RULES:
        settings = policy.rules.get(rule.id)
        if settings is not None and settings.enabled:
            yield rule, settings


def _circumstances(
    inventory: Inventory, now: datetime, first_seen: Mapping[str, datetime]
) -> Circumstances:
    return Circumstances(
        now=now,
        platform=PLATFORMS.get(inventory.platform),
        os_id=inventory.os_id,
        os_version=inventory.os_version,
        os_edition=inventory.os_edition,
        first_seen=first_seen,
    )


def _beside_the_point(settings: RuleSettings, inventory: Inventory) -> Verdict | None:
    """Whether the policy asks this rule of such a device; None: it does."""
    platform = PLATFORMS.get(inventory.platform)
    form_factor = FORM_FACTORS.get(inventory.form_factor, FormFactor.UNKNOWN)
    if platform is None and settings.platforms != frozenset(Platform):
        return _unknown(Text("the device did not say which operating system it runs"))
    if platform is not None and platform not in settings.platforms:
        words = Text("the policy does not ask this of %(system)s devices", system=platform.value)
        return _not_applicable(words)
    if form_factor in settings.form_factors:
        return None
    if form_factor is FormFactor.UNKNOWN:
        return _unknown(Text("the device did not say what kind of machine it is"))
    return _not_applicable(Text(NOT_ASKED_OF[form_factor]))


def _verdict(
    rule: Rule,
    limits: Mapping[str, int],
    observations: Sequence[Observation],
    circumstances: Circumstances,
) -> Verdict:
    if not observations:
        return _unknown(Text("the agent does not report this yet"), Cause.NOT_REPORTED)
    if len(observations) > 1:
        words = Text("the report holds %(count)s answers about one signal", count=len(observations))
        return _unknown(words)
    observation = observations[0]
    outcome = observation.WhichOneof("outcome")
    if outcome == "unknown":
        why = blind_spots.because(observation.unknown.reason, observation.unknown.detail)
        return _unknown(why, cause_of(observation.unknown.reason))
    if outcome == "not_applicable":
        return _not_applicable(observation.not_applicable.because or Text("not on this device"))
    value = _value(rule, observations)
    if value is None:
        words = Text("the agent's answer is of a kind that this collector does not know")
        return _unknown(words, Cause.NOT_REPORTED)
    missing = blind_spots.unset(value, rule.needs, observation.gaps)
    if missing:
        return missing
    value = blind_spots.seen_only(value, observation.gaps)
    verdict = rule.judge(value, limits, circumstances)
    return blind_spots.believed(rule, verdict, value, observation.gaps)


def _value(rule: Rule, observations: Sequence[Observation]) -> Any:
    """The signal's message when exactly one was sent under its own name, else None."""
    if len(observations) != 1 or observations[0].WhichOneof("outcome") != rule.signal:
        return None
    return getattr(observations[0], rule.signal)


def _evidence(observations: Sequence[Observation]) -> tuple[EvidenceLine, ...]:
    return tuple(
        EvidenceLine(line.source, line.said) for each in observations for line in each.evidence
    )


def _unknown(words: str, cause: str = "") -> Verdict:
    return Verdict(Status.UNKNOWN, sentence(words), cause=cause)


def _not_applicable(words: str) -> Verdict:
    return Verdict(Status.NOT_APPLICABLE, sentence(words))
