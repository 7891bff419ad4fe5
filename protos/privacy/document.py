"""The privacy page, from the contract: ``python -m protos.privacy.document [--check]``.

It writes docs/privacy.md and docs/privacy.fr.md. The collector's page and `muster-agent privacy`
say the same from the same sections.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor import Descriptor

from protos.posture.v1 import posture_service_pb2 as wire
from protos.privacy.purposes import LANGUAGES, Purpose, Said
from protos.privacy.table import entries

SENT: tuple[Descriptor, ...] = (
    wire.EnrollRequest.DESCRIPTOR,
    wire.CheckInRequest.DESCRIPTOR,
    wire.Posture.DESCRIPTOR,
    wire.RenewCertificateRequest.DESCRIPTOR,
    wire.ListenRequest.DESCRIPTOR,
)
"""Every request of the agent, and what `Report.posture` holds as bytes."""

TITLE = Said("What leaves this device", "Ce qui quitte cet appareil")
INTRODUCTION = (
    Said(
        "The agent sends the fields below and nothing else: no location, no browsing, no files, no"
        " keystrokes. A test holds this list to the messages that are sent.",
        "L’agent envoie les champs ci-dessous et rien d’autre : ni position, ni navigation, ni"
        " fichiers, ni frappes. Un test tient cette liste aux messages envoyés.",
    ),
    Said(
        "The exact bytes that were sent: muster-agent receipt. Of the person whose device it is,"
        " the collector keeps what IT gave it: address, name, department, language, date of"
        " leaving.",
        "Les octets exacts envoyés : muster-agent receipt. De la personne à qui est l’appareil, le"
        " collecteur garde ce que le service informatique lui a donné : adresse, nom, service,"
        " langue, date de départ.",
    ),
    Said(
        "Whoever may log in to the device can read how it stands (muster-agent status).",
        "Quiconque peut se connecter à l’appareil peut lire son état (muster-agent status).",
    ),
)
LABELS = {
    "basis": Said("Legal basis", "Base légale"),
    "kept": Said("Kept", "Conservation"),
    "seen_by": Said("Seen by", "Vu par"),
    "field": Said("Field", "Champ"),
    "what": Said("What it is", "Ce que c’est"),
}


class Untold(Exception):
    """The contract and the table do not name the same fields; the message names them."""


@dataclass(frozen=True, slots=True)
class Section:
    """All fields of one purpose. `rows`: "Message.field" and what it is."""

    purpose: str
    basis: str
    kept: str
    seen_by: str
    rows: tuple[tuple[str, str], ...]


def fields() -> list[str]:
    """Every field that can leave a device, in the contract's order; messages by their fields."""
    return [name for descriptor in _reachable(SENT) for name in _own(descriptor)]


def _own(descriptor: Descriptor) -> Iterator[str]:
    for field in descriptor.fields:
        if field.message_type is None or not _is_ours(field.message_type):
            yield f"{descriptor.name}.{field.name}"


def _reachable(firsts: Iterable[Descriptor]) -> list[Descriptor]:
    found: dict[str, Descriptor] = {}
    waiting = list(firsts)
    while waiting:
        descriptor = waiting.pop(0)
        if descriptor.full_name in found:
            continue
        found[descriptor.full_name] = descriptor
        inner = [field.message_type for field in descriptor.fields]
        waiting[:0] = [each for each in inner if each is not None and _is_ours(each)]
    return list(found.values())


def _is_ours(descriptor: Descriptor) -> bool:
    return descriptor.file.package == wire.DESCRIPTOR.package


def sections(language: str) -> list[Section]:
    """Raises Untold."""
    told, sent = entries(), fields()
    wrong = [*(set(sent) - told.keys()), *(told.keys() - set(sent))]
    if wrong:
        raise Untold(f"protos/privacy/table.py and the contract differ: {', '.join(sorted(wrong))}")
    made = []
    for purpose in Purpose:
        terms = purpose.value
        rows = [(name, told[name][1]) for name in sent if told[name][0] is purpose]
        made.append(
            Section(
                purpose=terms.purpose.in_language(language),
                basis=terms.basis.in_language(language),
                kept=terms.kept.in_language(language),
                seen_by=terms.seen_by.in_language(language),
                rows=tuple((name, what.in_language(language)) for name, what in rows),
            )
        )
    return made


def label(name: str, language: str) -> str:
    return LABELS[name].in_language(language)


def introduction(language: str) -> list[str]:
    return [each.in_language(language) for each in INTRODUCTION]


def markdown(language: str) -> str:
    lines = [f"# {TITLE.in_language(language)}", ""]
    for said in introduction(language):
        lines += [said, ""]
    for section in sections(language):
        lines += [f"## {section.purpose}", ""]
        for name in ("basis", "kept", "seen_by"):
            lines.append(f"- {label(name, language)}: {getattr(section, name)}")
        lines += ["", f"| {label('field', language)} | {label('what', language)} |", "|---|---|"]
        lines += [f"| `{name}` | {what} |" for name, what in section.rows]
        lines.append("")
    return "\n".join(lines)


def paths(folder: Path) -> dict[Path, str]:
    """What each file of `folder` is to hold."""
    names = {"en": "privacy.md", "fr": "privacy.fr.md"}
    return {folder / names[language]: markdown(language) for language in LANGUAGES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a file is stale")
    wanted = paths(Path(__file__).resolve().parents[2] / "docs")
    if not parser.parse_args().check:
        for path, content in wanted.items():
            path.write_text(content, encoding="utf-8")
        return 0
    stale = [p.name for p, text in wanted.items() if not p.exists() or p.read_text() != text]
    for name in stale:
        print(f"docs/{name} is stale: run `make privacy`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
