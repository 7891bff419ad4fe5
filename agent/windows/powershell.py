"""Every CIM question in one PowerShell process: its constant script, and what it answered.

An answer that arrived stays, whatever happened after it; a question whose answer did not arrive
has none. Nothing printed, with whatever exit status, is never "nothing found".
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from agent.host import CannotTell, Output, Row, TimedOut, ToolFailed, ToolMissing, Unparsable
from agent.windows import failures
from agent.windows.questions import QUESTIONS

Run = Callable[[tuple[str, ...], float], Output]

TIME_LIMIT = 30.0
"""Seconds for all questions. One CIM class has 8 (questions.ps1); COM knows no limit."""

START, END = "start", "end"

PROGRAM = "powershell"
FOLDER = r"WindowsPowerShell\v1.0"
ARGUMENTS = (
    "-NoLogo",
    "-NoProfile",
    "-NonInteractive",
    "-ExecutionPolicy",
    "Bypass",
    "-OutputFormat",
    "Text",  # else what goes wrong is told in XML
    "-EncodedCommand",
)


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


def script() -> str:
    """questions.ps1, the same on every machine."""
    return files("agent.windows").joinpath("questions.ps1").read_text("ascii")


def command(program: str) -> tuple[str, ...]:
    """The command line; `program` is the absolute path of powershell.exe."""
    return (program, *ARGUMENTS, base64.b64encode(script().encode("utf-16-le")).decode())


def ask(run: Run, program: str) -> Answers:
    """Ask all of `agent.windows.questions` at once."""
    try:
        output = run(command(program), TIME_LIMIT)
    except TimedOut as trouble:
        late = TimedOut(f"PowerShell did not answer it in {TIME_LIMIT:g} s")
        return answers(trouble.so_far, late)
    except CannotTell as trouble:
        return answers("", trouble)
    ended = f"PowerShell ended with status {output.exit_status} before it answered"
    complaint = output.errors.strip().splitlines()
    known = failures.of_words("PowerShell", output.errors)
    return answers(
        output.text, known or ToolFailed(": ".join((ended, *complaint[:1])) if complaint else ended)
    )


def answers(printed: str, otherwise: CannotTell) -> Answers:
    """What the lines answer; a question without a line met `otherwise`."""
    found: dict[str, tuple[Row, ...] | CannotTell] = {}
    for line in printed.lstrip("\ufeff").splitlines():
        if line.strip():
            found |= _answer(line.strip())
    for question in QUESTIONS:
        if question not in found:
            found[question] = type(otherwise)(f"{question}: {otherwise}")
    return Answers(found)


def _answer(line: str) -> dict[str, tuple[Row, ...] | CannotTell]:
    """One line. What it does not say in JSON is left to the questions that stay without a line."""
    named = next((q for q in QUESTIONS if f'"{q}"' in line), None)
    try:
        said = json.loads(line)
        question = str(said["question"])
    except (ValueError, KeyError, TypeError):
        return {named: Unparsable(f"{named}: no JSON")} if named is not None else {}
    if question not in QUESTIONS:
        return {}
    if "\ufffd" in line:
        return {question: Unparsable(f"{question}: not in UTF-8")}
    return {question: _rows(question, said)}


def _rows(question: str, said: Mapping[str, object]) -> tuple[Row, ...] | CannotTell:
    if (error := said.get("error")) is not None:
        about = error if isinstance(error, dict) else {}
        identifier, code = str(about.get("id", "")), str(about.get("hresult", ""))
        return failures.of_error(question, identifier, code)
    if "rows" not in said:
        return Unparsable(f"{question}: neither rows nor an error")
    try:
        return rows(said["rows"])
    except Unparsable as trouble:
        return Unparsable(f"{question}: {trouble}")


def rows(value: object) -> tuple[Row, ...]:
    """Rows as PowerShell 5.1 writes them: one alone may have lost its brackets, none is null.

    >>> rows({"Name": "Domain"})
    ({'Name': 'Domain'},)
    """
    value = plain(value)
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    found = [row for row in listed if row is not None]
    if not all(isinstance(row, dict) for row in found):
        raise Unparsable("a row is no object")
    return tuple(row for row in found if isinstance(row, dict))


def plain(value: object) -> object:
    """Without the wrappers that 5.1 puts around arrays and dates: ``{"value": ..., "Count": 1}``.

    >>> plain({"value": [1, 2], "Count": 2})
    [1, 2]
    """
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        if "value" in value and value.keys() <= {"value", "Count", "DisplayHint", "DateTime"}:
            return plain(value["value"])
        return {str(name): plain(each) for name, each in value.items()}
    return value


def decoded(content: bytes) -> str:
    """UTF-8, or UTF-16 with its mark; what is neither is replaced, and then not believed."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8", "replace")
