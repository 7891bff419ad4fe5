"""`muster-agent erase`: forgets the enrollment, the key and every report kept on this device."""

import argparse
import shutil
from pathlib import Path

from agent import config
from agent.state import State
from agent.surroundings import BadInput, Surroundings

NAME = "erase"
HELP = "remove what the agent keeps on this device: its key, its reports, its settings"
EXAMPLE = "muster-agent erase --yes"
KNOWN = frozenset((config.FILE, "lock", "receipts", "spool", "update", *config.LEFT))
"""A folder with none of these is not an agent's."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="say that you mean it")


def run(args: argparse.Namespace, around: Surroundings) -> int:
    folder = around.state_folder(args.state)
    if not args.yes:
        raise BadInput(f"this removes {folder} and what is in it; if you mean it: --yes")
    _remove(folder)
    if around.root and folder == around.system_folder and around.shown_folder.is_dir():
        shutil.rmtree(around.shown_folder, ignore_errors=True)
    if around.root and folder == around.system_folder and around.runner_folder is not None:
        shutil.rmtree(around.runner_folder, ignore_errors=True)
    around.say(
        f"Removed {folder}. The device stays in the collector until somebody retires it there."
    )
    return 0


def _remove(folder: Path) -> None:
    """Never a folder that is somebody else's, a link, or in use. Raises StateError, BadInput."""
    if folder.is_symlink():
        raise BadInput(f"{folder} is a link; name the folder itself")
    if not folder.exists():
        return
    state = State.open(folder)
    held = {each.name for each in folder.iterdir()}
    if held and not held & KNOWN:
        raise BadInput(f"{folder} is not an agent's folder: nothing was removed")
    with state.exclusive():
        pass  # nobody is at work; on Windows an open file could not be removed
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise BadInput(f"cannot remove {error.filename}: {error.strerror}") from error
