"""`muster-agent privacy`: what can leave this device, why, how long it is kept and who sees it."""

import argparse

from agent.commands.speaking import add_language, speaking
from agent.language import language
from agent.layout import row
from agent.surroundings import Surroundings

NAME = "privacy"
HELP = "show every field that can be sent: why, on what ground, how long it is kept, who sees it"
EXAMPLE = "muster-agent privacy --language fr"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_language(parser)


def run(args: argparse.Namespace, around: Surroundings) -> int:
    with speaking(args, around):
        around.say(_json() if args.json else "\n".join(_lines()))
    return 0


def _lines() -> list[str]:
    from protos.privacy import document

    spoken = language()
    lines: list[str] = []
    for said in document.introduction(spoken):
        lines += [*row("", [said], 1), ""]
    for section in document.sections(spoken):
        lines += row("", [section.purpose], 1)
        for name in ("basis", "kept", "seen_by"):
            lines += row(f"  {document.label(name, spoken)}", [getattr(section, name)], 17)
        for name, what in section.rows:
            lines += row(f"  {name}", [what], 39)
        lines.append("")
    return [line.removeprefix(" ") for line in lines[:-1]]


def _json() -> str:
    import json
    from dataclasses import asdict

    from protos.privacy import document

    return json.dumps([asdict(section) for section in document.sections(language())], indent=2)
