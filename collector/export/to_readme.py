"""README.txt: what the files of an export say, for a reader who has never seen the collector."""

from collections.abc import Iterator
from dataclasses import fields
from textwrap import wrap
from typing import IO

from collector.export.rows import MEANS, Heading, Row
from collector.model import Compliance, Status
from collector.policy import Policy
from collector.wording import exact, meaning

WIDTH = 80
COLUMN = 18
STATUSES = {
    Status.PASS: "The rule was put to what the device showed, and it holds.",
    Status.FAIL: "It was seen that the rule does not hold.",
    Status.UNKNOWN: "It could not be seen; `because` says why. Never read this as a pass.",
    Status.NOT_APPLICABLE: "There is nothing to judge, as disks in a container.",
}
READING = """\
A failure is always shown as fail. It does not count against the device while
`grace_ends_at` lies after `as_of`, or while `waiver` says something: a person
granted an exception, with a reason and an end. A waiver covers an unknown in
the same way.

A device with a text under `quarantine` was set apart, because two machines may
claim to be it: its rows say what was known before, and nothing that it sent
since was judged.

Devices that were retired are not in the export. A device that has never
reported is, with every rule unknown.

An export that was made for an auditor (`--for viewer`) says (somebody) where a
device named the account of a person.

Times are UTC. In the CSV a cell that a spreadsheet might run begins with an
apostrophe, and control characters are spaces; the JSON holds every text as it
came."""


def write(heading: Heading, policy: Policy, out: IO[str]) -> None:
    out.writelines(f"{line}\n" for line in _lines(heading, policy))


def _lines(heading: Heading, policy: Policy) -> Iterator[str]:
    yield f"Posture of every device in service as of {exact(heading.as_of)}"
    yield ""
    yield from wrap(
        "posture.csv and posture.json (those that were asked for) say the same: one row for every "
        f"device and rule. policy.toml is the policy in force, version {policy.version}, as it was "
        "applied; rules it says nothing of are as the collector comes with them.",
        WIDTH,
    )
    yield from ("", "COLUMNS")
    yield from _entry("as_of", "When the export was made. In the JSON once, at the top.")
    for column in fields(Row):
        yield from _entry(column.name, column.metadata[MEANS])
    yield from ("", "COMPLIANCE")
    for state in Compliance:
        yield from _entry(state, meaning(state, policy.stale_after_days))
    yield from ("", "STATUS")
    for status, words in STATUSES.items():
        yield from _entry(status, words)
    yield from ("", "HOW TO READ IT")
    yield from READING.splitlines()


def _entry(name: str, words: str) -> list[str]:
    first, *rest = wrap(words, WIDTH - COLUMN - 2)
    return [f"  {name:{COLUMN}}{first}", *(" " * (COLUMN + 2) + line for line in rest)]
