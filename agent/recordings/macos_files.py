"""What the loose files of a Mac answer."""

from collections.abc import Callable

from agent.recordings.loose import Answers, Loose


def command(loose: Loose, answers: Answers) -> bool:
    """A tool's output under its command line, ``_`` for every space: ``csrutil_status.txt``."""
    if loose.kind == "plist":
        return False
    answers.commands.setdefault(loose.name.replace("_", " "), loose.output)
    return True


READERS: tuple[Callable[[Loose, Answers], bool], ...] = (command,)
