"""What the loose files of a Windows machine answer."""

from collections.abc import Callable

from agent.recordings.loose import Answers, Loose

READERS: tuple[Callable[[Loose, Answers], bool], ...] = ()
