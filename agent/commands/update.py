"""`muster-agent update`: whether this agent updates itself, and what became of the last time."""

import argparse
import sys
from pathlib import Path

from agent import __version__, config
from agent.layout import row
from agent.state import State, StateError
from agent.surroundings import Surroundings
from agent.update import record
from agent.update import settings as own
from agent.update.installer import InstallFailed, SystemInstaller
from agent.update.offer import Offer
from agent.update.releases import Releases
from agent.update.settings import BadSettings, Settings

NAME = "update"
HELP = "show whether this agent updates itself, and how the last time ended"
EXAMPLE = "muster-agent update"
COLUMN = 14
FOLDER = "update"
SYSTEMS = {"win32": "windows", "darwin": "macos"}


def arguments(parser: argparse.ArgumentParser) -> None:
    # The system's scheduler says this to the copy that ends an update.
    parser.add_argument("--finish", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace, around: Surroundings) -> int:
    state = around.open_state(args.state, "state is", NAME)
    if args.finish:
        return _finish(state, around)
    try:
        settings = _settings(own.program_folder())
    except BadSettings as error:
        around.say(*row("updates", [f"off: {error}"], COLUMN))
        return 1
    said = f"by itself, from {settings.targets_url}" if settings else "off: this package has none"
    if SYSTEMS.get(sys.platform) is None:
        said = "off: the package manager of this system does it"
    around.say(*row("version", [__version__], COLUMN), *row("updates", [said], COLUMN))
    update = record.load(state)
    if update.step:
        around.say(*row("under way", [f"{update.version}: {update.step}"], COLUMN))
    if update.failed:
        around.say(*row("given up", [", ".join(update.failed)], COLUMN))
    return 0


def _finish(state: State, around: Surroundings) -> int:
    from agent.update.finishing import Finishing

    system, settings = SYSTEMS.get(sys.platform), _installed_settings()
    if system is None or settings is None:
        return 0
    releases = Releases(settings, state.path(FOLDER), config.load(state).proxy)
    parts = (state, releases, SystemInstaller(system), system, around.clock, around.sleep)
    try:
        Finishing(*parts, around.log).run()
    except InstallFailed as error:
        raise StateError(str(error)) from error
    return 0


def _installed_settings() -> Settings | None:
    """The copy carries those of the version that it was copied from."""
    try:
        return _settings(own.program_folder())
    except BadSettings as error:
        raise StateError(str(error)) from error


def _settings(program: Path | None) -> Settings | None:
    return own.load(program) if sys.platform in SYSTEMS else None


def offer(state: State, around: Surroundings, proxy: str) -> Offer | None:
    """How this agent takes a release; None where it never does."""
    program, system = own.program_folder(), SYSTEMS.get(sys.platform)
    if program is None or system is None or around.runner_folder is None:
        return None
    try:
        settings = own.load(program)
    except BadSettings as error:
        around.log("this agent does not update itself", because=str(error))
        return None
    if settings is None:
        return None
    return Offer(
        state=state,
        releases=Releases(settings, state.path(FOLDER), proxy),
        installer=SystemInstaller(system),
        system=system,
        own_version=__version__,
        program=program,
        runner=around.runner_folder,
        clock=around.clock,
        log=around.log,
    )
