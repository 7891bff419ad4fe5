"""Every CIM question in one PowerShell process: its constant script, and what it answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.host import CannotTell, Output, Row, ToolMissing

Run = Callable[[tuple[str, ...], float], Output]


@dataclass(frozen=True, slots=True)
class Answers:
    """What each question gave: its rows, or why there are none."""

    by_question: Mapping[str, tuple[Row, ...] | CannotTell] = field(default_factory=dict)

    def rows(self, question: str) -> tuple[Row, ...]:
        """Raises what the question met."""
        answer = self.by_question.get(question, ToolMissing(f"{question}: only Windows has CIM"))
        if isinstance(answer, CannotTell):
            raise answer
        return answer


def ask(run: Run) -> Answers:
    """Ask all of `agent.windows.questions` at once."""
    del run
    return Answers()
