"""Where the log lies: one folder, or a second on another disk; what one of them holds is written.

Both hold the same bytes. When only one took a record, a note beside the log says which, and is on
disk before the record is acknowledged: the one that was left behind is not gone on with, also when
it alone can be reached later, and so the log never forks. Once both can be written, what is missing
is copied before anything new is written.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from collector.audit import locking
from collector.audit.alone import Alone, forget, gate_of, keep, leading, position_kept
from collector.audit.appending import append, set_aside, sync_folder
from collector.audit.chain import Broken
from collector.audit.entry import COLLECTOR, Action, Entry, Outcome
from collector.audit.mending import (
    copy_missing,
    cut_to,
    is_prefix,
    lacks_many,
    read_through,
    standing,
)
from collector.audit.segments import path_of

SECONDS_FOR_ONE_OF_TWO = 1.0


class Sinks:
    """One writer's view; used inside `writing`, by one thread at a time."""

    def __init__(self, first: Path, standby: Path | None = None) -> None:
        self.first = first
        self.standby = standby
        self.news: list[Entry] = []
        self.all = (first,) if standby is None else (first, standby)
        self._usable: list[Path] = []
        self._alone: Alone | None = None
        self._equal = (0, 0)  # up to where this process has seen both hold the same
        self._trouble = OSError("no folder is set")

    @property
    def leader(self) -> Path:
        """Holds everything, for the one who writes."""
        return self._usable[0]

    @contextmanager
    def writing(self, until: float) -> Iterator[None]:
        """Inside, no other process writes, and every folder in use holds the same.

        Raises OSError when there is none; Broken when the two do not agree.
        """
        self.first.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as held:
            held.enter_context(locking.gate(gate_of(self.first), until))
            self._alone = position_kept(self.first)
            self._usable = []
            reached = self._reached(held, until)
            if self._alone is not None and Path(self._alone.folder) not in reached:
                raise self._lost(self._alone)
            self._usable = self._agreed(reached)
            yield

    def left_out(self) -> dict[str, Path]:
        leader = leading(self.first)
        behind = position_kept(self.first) is not None and leader in self.all
        return {self._name(each): each for each in self.all if behind and each != leader}

    def put(self, segment: int, content: bytes, size: int) -> None:
        """Durably in one of them at least, or in none. Raises OSError."""
        for folder in tuple(self._usable):
            try:
                append(path_of(folder, segment), content, size)
                if size == 0:
                    sync_folder(folder)
            except OSError as error:
                self._leave_out(folder, error)
        if not self._usable:
            raise self._trouble
        self._note_who_is_alone(segment, size)
        if len(self._usable) == len(self.all):
            self._equal = (segment, size + len(content))

    def give_up_leader(self, error: OSError) -> None:
        """It cannot be read: the other one, which holds the same, is left. Raises OSError."""
        self._leave_out(self.leader, error)
        if not self._usable:
            raise error

    def cut(self, segment: int, end: int) -> None:
        """What a crash cut short goes aside, wherever it lies."""
        for folder in tuple(self._usable):
            try:
                set_aside(path_of(folder, segment), end)
            except OSError as error:
                self._leave_out(folder, error)
        if not self._usable:
            raise self._trouble

    def _reached(self, held: ExitStack, until: float) -> list[Path]:
        """Those whose lock is ours now."""
        reached = []
        for folder in self.all:
            try:
                if folder == self.first:
                    folder.mkdir(mode=0o700, exist_ok=True)
                held.enter_context(locking.for_writing(folder, self._patience(folder, until)))
                standing(folder)
                reached.append(folder)
            except OSError as error:
                self._leave_out(folder, error)
        if not reached:
            raise self._trouble
        return reached

    def _patience(self, folder: Path, until: float) -> float:
        if self.standby is None:
            return until
        if self._alone is not None and folder != Path(self._alone.folder):
            return time.monotonic()  # it was waited for once
        return min(until, time.monotonic() + SECONDS_FOR_ONE_OF_TWO)

    def _agreed(self, reached: list[Path]) -> list[Path]:
        """The one that is ahead first; the other with it once it holds the same."""
        if len(reached) == 1:
            return reached
        leader = Path(self._alone.folder) if self._alone else max(reached, key=standing)
        other = next(each for each in reached if each != leader)
        try:
            self._mend(other, leader)
        except OSError as error:
            return [self._better(leader, other, error)]
        if self._alone is not None:
            forget(self.first)
            self._alone = None
        return [folder for folder in self.all if folder in reached]

    def _better(self, leader: Path, other: Path, error: OSError) -> Path:
        """The leader, unless it is the one that cannot be read and the other holds as much."""
        try:
            if self._alone is None and standing(other) == standing(leader):
                read_through(leader)
        except OSError as unread:
            self._leave_out(leader, unread)
            return other
        self._leave_out(other, error)
        return leader

    def _mend(self, behind: Path, leader: Path) -> None:
        if not is_prefix(behind, leader, self._equal):
            cut_to(behind, (self._alone.segment, self._alone.size) if self._alone else None)
            if not is_prefix(behind, leader):
                raise Broken(
                    f"{leader} and {behind} do not hold the same log: keep both, verify each with "
                    "`muster-collector audit verify --folder`, and move the wrong one away"
                )
        lost, back = standing(behind) < self._equal, self._was_put_back(behind, leader)
        copied = copy_missing(behind, leader)
        self._equal = standing(leader)
        if lost:
            words = f"{behind} had become shorter: {copied} bytes were copied from {leader}"
            self._tell(behind, Outcome.FAILED, words)
        elif copied and back:
            words = (
                f"{behind} lacked records that were in it, or was not in use for a while: "
                f"{copied} bytes were copied from {leader}"
            )
            self._tell(behind, Outcome.FAILED, words)
        elif copied:
            words = f"{behind} holds everything again: {copied} bytes were copied from {leader}"
            self._tell(behind, Outcome.DONE, words)

    def _was_put_back(self, behind: Path, leader: Path) -> bool:
        """By somebody, while nobody wrote: no note says that it was left out, or it lacks what it
        held then. One that holds nothing may be new."""
        here = standing(behind)
        if here == (0, 0) and (behind == self.standby or self._alone is not None):
            return False
        if self._alone is None:
            return lacks_many(behind, leader)
        left = (self._alone.segment, self._alone.size)
        return here < left if self._alone.size else here[0] < self._alone.segment - 1

    def _leave_out(self, folder: Path, error: OSError) -> None:
        why = error.strerror or str(error)
        self._trouble = error
        if folder in self._usable:
            self._usable.remove(folder)
        known = self._alone is not None and folder != Path(self._alone.folder)
        if self.standby is not None and not known:
            self._tell(folder, Outcome.FAILED, f"{folder} cannot be written ({why})")

    def _tell(self, folder: Path, outcome: Outcome, what: str) -> None:
        news = Entry(Action.SINK, COLLECTOR, outcome, self._name(folder), {"what": what})
        if news not in self.news:
            self.news.append(news)

    def _name(self, folder: Path) -> str:
        return "sink:standby" if folder == self.standby else "sink:first"

    def _note_who_is_alone(self, segment: int, size: int) -> None:
        """Before anything is acknowledged that one alone holds."""
        if self._alone is not None or len(self._usable) == len(self.all):
            return
        alone = Alone(str(self.leader), segment, size)
        try:
            keep(self.first, alone)
        except OSError:
            with suppress(OSError):
                os.truncate(path_of(self.leader, segment), size)
            raise
        self._alone = alone

    def _lost(self, alone: Alone) -> OSError:
        return OSError(
            f"what was written last is in {alone.folder} alone, which cannot be used now "
            f"({self._trouble.strerror or self._trouble})"
            if Path(alone.folder) in self.all
            else f"what was written last is in {alone.folder} alone: set it as `standby` again"
        )
