"""A sentence put together once is said again, piece by piece, in the language of whoever reads it.

A piece is a text in English that knows what it was made of: `Text` with its values, and what is
made here. Its tree is what is stored: a plain text in it is somebody's own word, which is never
looked up and never a format; only the messages of our own source are.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collector.model import Language
from collector.translation import Text, counted, gettext, language, ngettext, reading

Tree = Any  # of json: a text or number as it stands, or one of PIECES by its first key

LONGEST_SENTENCE = 200
LONGER = 60
"""So much more a sentence may take in another language than in English."""
UNBROKEN = "\u00a0"
"""The space of languages that set one before a colon."""
SMALL = ("macOS ",)
"""Names that begin with a small letter wherever they stand."""


ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Piece(str):
    """English as it stands, and the tree to say it again by; `stored` once it was `written`."""

    tree: Tree
    stored: str = ""

    def __new__(cls, tree: Tree) -> "Piece":
        if language() is Language.EN:
            piece = super().__new__(cls, _said(tree))
        else:
            with reading(Language.EN):
                piece = super().__new__(cls, _said(tree))
        piece.tree = tree
        return piece


def sentence(*parts: str) -> Piece:
    """One line with a capital and a period, never too long; of several parts one list.

    >>> sentence("permission denied:\\n/etc/shadow")
    'Permission denied: /etc/shadow.'
    >>> sentence("macOS 26.1 is supported", "so it is")
    'macOS 26.1 is supported; so it is.'
    """
    return Piece({"sentence": [tree_of(part) for part in parts]})


def bare(words: str) -> str:
    """A sentence as a part of another one: without its period.

    >>> sentence(bare(sentence("so it is")), "and so it was")
    'So it is; and so it was.'
    """
    tree = tree_of(words)
    if isinstance(tree, dict) and "sentence" in tree:
        return Piece({"parts": tree["sentence"]})
    return words.rstrip(".")


def parts(several: Iterable[str]) -> Piece:
    """What a semicolon stands between."""
    return Piece({"parts": [tree_of(each) for each in several]})


def listed(names: Iterable[str], most: int = 3) -> Piece:
    """Some names and how many more there are.

    >>> listed(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    return Piece({"names": [tree_of(name) for name in names], "most": most})


class Counted(Piece):
    """So many: `Counted("%(num)s day", "%(num)s days", 3)`; the number in plain digits.

    >>> Counted("%(num)s day", "%(num)s days", 1), Counted("%(num)s day", "%(num)s days", 1000)
    ('1 day', '1000 days')
    """

    def __new__(cls, one: str, many: str, count: int, /, **values: object) -> "Counted":
        held = {name: tree_of(value) for name, value in values.items()}
        piece = super().__new__(cls, {"one": one, "many": many, "num": count, "with": held})
        assert isinstance(piece, Counted)
        return piece


def tree_of(value: object) -> Tree:
    """What a value of a sentence is made of; whatever is no piece is said as it stands."""
    if isinstance(value, Piece):
        return value.tree
    if isinstance(value, Text):
        held = {name: tree_of(each) for name, each in value.values.items()}
        return {"text": value.message, "with": held}
    return value if isinstance(value, int) else str(value)


def written(words: str) -> str:
    """The tree as it is stored."""
    if not isinstance(words, Piece):
        return ENCODER.encode(tree_of(words))
    if not words.stored:
        words.stored = ENCODER.encode(words.tree)
    return words.stored


def again(words: str) -> str:
    """In the language of the reader."""
    return words if language() is Language.EN else _said(tree_of(words))


def told_again(told: str, english: str, to: Language) -> str:
    """What was `written`, in that language; the English where that cannot be: of an older
    collector nothing was written, of a newer one something else.
    """
    return english if to is Language.EN else retold(told, english, to)


def retold(told: str, otherwise: str, to: Language) -> str:
    """What was `written`, in any language, English among them; `otherwise` where that cannot be."""
    if not told:
        return otherwise
    try:
        with reading(to):
            return _said(json.loads(told))
    except (ValueError, TypeError, KeyError, AttributeError):
        return otherwise


def _said(tree: Tree) -> str:
    if not isinstance(tree, dict):
        return str(tree)
    return PIECES[next(iter(tree))](tree)


def _text(tree: Mapping[str, Tree]) -> str:
    message = tree["text"]
    return gettext(message, **_values(tree)) if message else ""


def _counted(tree: Mapping[str, Tree]) -> str:
    one, many, count = tree["one"], tree["many"], tree["num"]
    return counted(one, many, count) % {"num": count, **_values(tree)}


def _values(tree: Mapping[str, Tree]) -> dict[str, str]:
    return {name: _said(each) for name, each in tree["with"].items()}


def _parts(tree: Mapping[str, Tree]) -> str:
    return gettext("; ").join(_said(part) for part in tree["parts"])


def _names(tree: Mapping[str, Tree]) -> str:
    names, most = tree["names"], tree["most"]
    shown = ", ".join(_said(name) for name in names[:most])
    more = len(names) - most
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=shown)


def _sentence(tree: Mapping[str, Tree]) -> str:
    line = _parts({"parts": tree["sentence"]})
    if not line.isprintable():
        line = "".join(c if c.isprintable() or c == UNBROKEN else " " for c in line)
    line = " ".join(part for part in line.split(" ") if part).rstrip(". ")
    longest = LONGEST_SENTENCE + (LONGER if language() is not Language.EN else 0)
    if len(line) >= longest:
        line = line[: longest - 2].rstrip(". ,;:") + "…"
    first = line[:1] if line.startswith(SMALL) else line[:1].upper()
    return f"{first}{line[1:]}."


PIECES: Mapping[str, Callable[[Mapping[str, Tree]], str]] = {
    "text": _text,
    "one": _counted,
    "parts": _parts,
    "names": _names,
    "sentence": _sentence,
}
