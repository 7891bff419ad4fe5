"""What a folder of loose files answers: every file is given to the readers of its system.

A reader knows files by their name and then by their content. One that knows a file writes what it
answers into `Answers` and says so; a file that no reader knows answers nothing.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from agent.host import MOST_BYTES, Os
from agent.recordings import macos_files, tables, windows_files
from agent.recordings.loose import Answers, Loose, decoded, loose_files

Reader = Callable[[Loose, Answers], bool]

READERS: Mapping[Os, tuple[Reader, ...]] = {
    "linux": (),
    "macos": macos_files.READERS,
    "windows": windows_files.READERS,
}


def answers_by_file_name(folder: Path, system: Os, moment: str | None = None) -> Answers:
    """Every file that a reader of `system` knows, at one moment (None: the last one)."""
    answers = Answers()
    files = loose_files(folder, moment) if READERS[system] else []
    for loose in (*files, *(_listed(folder) if system == "windows" else ())):
        if any(reader(loose, answers) for reader in READERS[system]):
            answers.known.append(loose.name)
    if system == "macos":
        macos_files.of_folder(folder.name, answers)
    return answers


def _listed(folder: Path) -> list[Loose]:
    """The outputs that COMMANDS.tsv names a command for: the command says what the name would."""
    found = []
    for line, taken in tables.commands(folder).items():
        printed = folder / "cmd" / taken.file
        if printed.is_file() and printed.stat().st_size <= MOST_BYTES:
            errors = printed.with_name(printed.name + ".stderr")
            complaint = decoded(errors.read_bytes()) if errors.is_file() else ""
            status = tables.exit_status(taken.status, line)
            name = line.replace(" ", "_")
            found.append(Loose(name, "txt", printed.read_bytes(), complaint, status))
    return found
