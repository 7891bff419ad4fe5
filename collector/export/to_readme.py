"""README.txt: what the files of a pack say, for a reader who has never seen the collector."""

from collections.abc import Iterator
from textwrap import wrap
from typing import IO

from collector.export.changes import MEANINGS
from collector.export.columns import TABLES
from collector.export.heading import Heading
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
FILES = """\
devices, findings, waivers and changes each come as .csv and .json; posture.xlsx holds all four with
a sheet of sums, posture.sqlite holds all four for queries (Datasette opens it). summary.html and
summary.pdf are one page to read. policy.toml is the policy in force, as it was applied; rules it
says nothing of are as the collector comes with them. manifest.json names every file with its
SHA-256 and how many rows it holds, the pack before, and where the audit log stood; manifest.sig is
its signature."""
ERASED = """This pack was made after {erased} had been erased from the collector since that
moment: of them nothing is left to be told. A pack of the same moment that was sealed before holds
them."""
READING = """\
A failure is always shown as fail. It does not count against the device while `grace_ends_at` lies
after `as_of`, or while a waiver is in force: a person asked for an exception, another granted it,
and it ends. A waiver covers an unknown in the same way.

A device with a text under `quarantine` was set apart, because two machines may claim to be it: its
rows say what was known before, and nothing that it sent since was judged.

Devices that were retired are only in the table of changes. A device that has never reported is
there, with every rule unknown.

Times are UTC. In the CSV a cell that a spreadsheet might run begins with an apostrophe, and control
characters are spaces; all other files hold every text as it came."""
CHECKING = """\
`muster-collector export verify FILE --key audit.pub` says whether the pack is complete and
unchanged, and with --previous FILE whether it follows the pack before. docs/evidence-pack.md has a
verifier of a page of Python that needs nothing of ours. The key, audit.pub, should have reached you
on another way than this pack."""


def write(heading: Heading, policy: Policy, out: IO[str]) -> None:
    out.writelines(f"{line}\n" for line in _lines(heading, policy))


def _lines(heading: Heading, policy: Policy) -> Iterator[str]:
    whom = "every device in service"
    if heading.scope != "all":
        whom = f"the devices of {heading.scope.replace(':', ' ', 1)}"
    yield from wrap(f"Posture of {whom} as of {exact(heading.as_of)}", WIDTH)
    yield ""
    if heading.pseudonyms:
        yield from wrap("People and host names stand under pseudonyms.", WIDTH)
        yield ""
    yield from _erased(heading)
    yield from _paragraphs(FILES)
    for table in TABLES:
        yield from ("", f"{table.name.upper()}: {table.means}")
        yield from _entry("as_of", "The moment of the pack; in the CSV only.")
        for name, means in table.meanings.items():
            yield from _entry(name, means)
    yield from ("", "COMPLIANCE")
    for state in Compliance:
        yield from _entry(state, meaning(state, policy.stale_after_days))
    yield from ("", "STATUS")
    for status, words in STATUSES.items():
        yield from _entry(status, words)
    yield from ("", "CHANGE")
    for change, words in MEANINGS.items():
        yield from _entry(change, words)
    yield from ("", "HOW TO READ IT")
    yield from _paragraphs(READING)
    yield from ("", "HOW TO CHECK IT")
    yield from _paragraphs(CHECKING)


def _erased(heading: Heading) -> Iterator[str]:
    if heading.erased_devices or heading.erased_people:
        erased = f"{heading.erased_devices} devices and {heading.erased_people} people"
        yield from wrap(ERASED.format(erased=erased), WIDTH)
        yield ""


def _paragraphs(text: str) -> Iterator[str]:
    for place, paragraph in enumerate(text.split("\n\n")):
        if place:
            yield ""
        yield from wrap(" ".join(paragraph.split()), WIDTH)


def _entry(name: str, words: str) -> list[str]:
    first, *rest = wrap(words, WIDTH - COLUMN - 2)
    return [f"  {name:{COLUMN}}{first}", *(" " * (COLUMN + 2) + line for line in rest)]
