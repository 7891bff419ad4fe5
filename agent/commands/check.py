"""`muster-agent check`: what the agent sees, shown here; sent only with --report."""

import argparse
from pathlib import Path

from agent.checks import CHECKS, observe_all
from agent.commands.speaking import add_language, speaking
from agent.host import Host
from agent.layout import table
from agent.recordings.loose import moments
from agent.recordings.replay import Recording, UnusableRecording
from agent.surroundings import BadInput, Surroundings

NAME = "check"
HELP = "observe and show what was seen; nothing is sent, unless with --report"
EXAMPLE = "muster-agent check --signal firewall --signal disk_encryption"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, one object a signal")
    parser.add_argument(
        "--report",
        action="store_true",
        help="check in with it now and show the collector's answer, as `muster-agent report`",
    )
    parser.add_argument(
        "--signal",
        action="append",
        default=[],
        metavar="SIGNAL",
        help=f"observe only this one (may be repeated): {', '.join(CHECKS)}",
    )
    parser.add_argument(
        "--recording",
        type=Path,
        metavar="DIR",
        help="observe a recorded machine (see muster-agent record) instead of this one",
    )
    add_language(parser)
    parser.add_argument(
        "--moment",
        metavar="NAME",
        help="the moment of a recording that holds several (default: its last one)",
    )


def run(args: argparse.Namespace, around: Surroundings) -> int:
    if args.report:
        return _report(args, around)
    wrong = [signal for signal in args.signal if signal not in CHECKS]
    if wrong:
        raise BadInput(f"no signal {wrong[0]!r}; the signals are {', '.join(CHECKS)}")
    try:
        observations = observe_all(_host(args.recording, args.moment, around), args.signal)
    except UnusableRecording as error:
        raise BadInput(str(error)) from error
    if not args.json:
        with speaking(args, around):
            around.say(*table(observations))
        return 0
    import json

    from google.protobuf.json_format import MessageToDict

    seen = [MessageToDict(o, preserving_proto_field_name=True) for o in observations]
    around.say(json.dumps({"observations": seen}, indent=2))
    return 0


def _report(args: argparse.Namespace, around: Surroundings) -> int:
    """Only the whole of what this machine shows now is reported."""
    if args.json or args.signal or args.recording or args.moment:
        raise BadInput(
            "--report goes alone: a report holds every signal of this machine "
            "(muster-agent status --json shows the answer as JSON)"
        )
    from agent.commands import report

    return report.run(args, around)


def _host(recording: Path | None, moment: str | None, around: Surroundings) -> Host:
    if recording is None and moment is not None:
        raise BadInput("--moment needs --recording DIR")
    if recording is None:
        return around.host()
    try:
        known = moments(recording)
        if moment is not None and moment not in known:
            said = ", ".join(known) or "none"
            raise BadInput(f"{recording} has no moment {moment!r}; its moments are: {said}")
        return Recording(recording, moment)
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read the recording {recording}: {error}") from error
