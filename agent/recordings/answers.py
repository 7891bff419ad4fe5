"""What a folder of loose files answers: every file is given to the readers of its system.

A reader knows files by their name and then by their content. One that knows a file writes what it
answers into `Answers` and says so; a file that no reader knows answers nothing.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from agent.host import Os
from agent.recordings import macos_files, windows_files
from agent.recordings.loose import Answers, Loose, loose_files

Reader = Callable[[Loose, Answers], bool]

READERS: Mapping[Os, tuple[Reader, ...]] = {
    "linux": (),
    "macos": macos_files.READERS,
    "windows": windows_files.READERS,
}


def answers_by_file_name(folder: Path, system: Os, moment: str | None = None) -> Answers:
    """Every file that a reader of `system` knows, at one moment (None: the last one)."""
    answers = Answers()
    for loose in loose_files(folder, moment) if READERS[system] else ():
        if any(reader(loose, answers) for reader in READERS[system]):
            answers.known.append(loose.name)
    if system == "macos":
        macos_files.of_folder(folder.name, answers)
    return answers
