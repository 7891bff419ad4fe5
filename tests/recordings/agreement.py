"""Whether our words and a cell of an EXPECTED.md table say the same."""

import re

EVERY_PART = ("os", "os.id", "sessions.user", "session.desktop")
"""Facts of several parts, each of which must stand in the cell."""


def agrees(fact: str, expected: str, ours: str) -> bool:
    """Whether our words say what the table's cell says of this fact."""
    if fact in EVERY_PART:
        return all(part in expected for part in ours.split(", "))
    if fact == "os.eol":
        return _by_date(expected, ours)
    if fact.endswith((".version", ".installed")):
        return expected.removeprefix("yes").strip(" ()") == ours
    # "yes for IPv4; IPv6 unknown": the whole is what its least known part is
    cell = "unknown" if "; ipv6 unknown" in expected.lower() else expected
    cell = re.split(r"[:(;]", cell)[0].strip().lower()
    mine = ours.lower()
    if "(use board)" in expected or mine == "known":
        return True  # the board's name stands in for a placeholder; a hash is only known
    state = _by_state(cell, mine)
    return _by_words(cell, expected, mine) if state is None else state


def _by_date(expected: str, ours: str) -> bool:
    """The end of standard support decides "not past"; elsewhere one of the dates must be named.

    >>> _by_date("not past on 2026-11-22", "2028-08-09, 2030-06-30")
    True
    >>> _by_date("Fedora 32 ended 2021-05-25", "2021-05-26")
    False
    """
    if found := re.match(r"not past on (\S+)", expected):
        return ours[:10] > found[1]
    return any(date in expected for date in ours.split(", "))


def _by_state(cell: str, mine: str) -> bool | None:
    """Compare yes, no, unknown, not-applicable and numbers; None: the cell is none of them."""
    first = cell.split(" ", maxsplit=1)[0].rstrip(",")
    if first in ("unknown", "not-applicable") or mine in ("unknown", "not-applicable"):
        return mine == first or (mine == "unknown" and first == "none")
    if found := re.match(r"yes after \d+ s", cell):
        return mine == found[0]
    if first == "yes" and re.fullmatch(r"[1-9]\d*", mine):
        return True  # "pending: yes"
    if first in ("yes", "no", "ineffective") or re.fullmatch(r"\d+", first):
        return mine == first
    return None


def _by_words(cell: str, expected: str, mine: str) -> bool:
    if cell.startswith(("everything", "all ports")):
        return "everything" in mine
    ports = re.findall(r"\b(?:tcp|udp)/[\d-]+", expected)
    if ports:
        return all(port in mine for port in ports)
    words = {cell, cell.replace(" ", "_"), *re.split(r"[(), ]+", expected.lower())} - {""}
    return any(word in mine or mine in word for word in words)
