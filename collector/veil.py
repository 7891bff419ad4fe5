"""Whoever may not see whose device it is reads no account's name in what a device said of it."""

import re
from dataclasses import dataclass, replace

from google.protobuf.message import DecodeError

from collector.model import EvidenceLine, OpenFinding
from collector.policy import RULES
from protos.posture.v1.posture_service_pb2 import Posture

SOMEBODY = "(somebody)"
NOT_SHOWN = "(not shown: it names people)"
PEOPLE_SIGNALS = frozenset({"screen_lock"})
"""Signals that say whose setting it is."""

HOME = re.compile(r"((?:/home/|/Users/|/export/home/|[\\/]Users[\\/]))([^\s/\\:;,\"')\]]+)")
GAP = re.compile(r"users\[([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides these accounts' names, and the names of home folders."""

    names: frozenset[str] = frozenset()

    def over(self, text: str) -> str:
        """
        >>> Veil(frozenset({"alice"})).over("alice (GNOME): /home/bob/.config, palice")
        '(somebody) (GNOME): /home/(somebody)/.config, palice'
        """
        veiled = HOME.sub(lambda found: found[1] + SOMEBODY, text)
        folded = veiled.casefold()
        found = [name for name in self.names if name.casefold() in folded]
        if not found:
            return veiled
        longest_first = sorted(found, key=len, reverse=True)
        words = "|".join(re.escape(name) for name in longest_first)
        return re.sub(rf"(?<!\w)(?:{words})(?!\w)", SOMEBODY, veiled, flags=re.IGNORECASE)


def account_names(posture: bytes) -> frozenset[str]:
    """The accounts that a report names, with and without their domain."""
    found: set[str] = set()
    told = Posture()
    try:
        told.ParseFromString(posture)
    except DecodeError:
        return frozenset()
    for observation in told.observations:
        found |= {user.user for user in observation.screen_lock.users}
        found |= {name for gap in observation.gaps for name in GAP.findall(gap.field)}
    found |= {name.rpartition("\\")[2] for name in found}
    return frozenset(found - {"", "everybody"})


def veil_for(posture: bytes | None) -> Veil:
    """Over what is said of the device that sent this report."""
    return Veil(account_names(posture) if posture is not None else frozenset())


def veiled(found: OpenFinding, veil: Veil) -> OpenFinding:
    """The finding as somebody reads it who may not see people."""
    finding = found.finding
    evidence = tuple(
        EvidenceLine(veil.over(line.source), veil.over(line.said)) for line in finding.evidence
    )
    hidden = replace(finding, because=veil.over(finding.because), evidence=evidence, told="")
    return replace(found, finding=hidden)


def unnamed(found: OpenFinding) -> OpenFinding:
    """As `veiled`, where the report is not at hand: of what names people, the rule's title."""
    if not names_people(found.finding.rule_id):
        return veiled(found, Veil())
    return replace(found, finding=replace(found.finding, because=found.title, evidence=(), told=""))


def names_people(rule_id: str) -> bool:
    """Whether findings of the rule say whose setting it is; a rule that is gone may have."""
    signals = {rule.id: rule.signal for rule in RULES}
    return signals.get(rule_id) in PEOPLE_SIGNALS or rule_id not in signals
