"""Whether a password may be chosen: long enough, 80 bits by estimate, and on no list.

The numbers of CNIL's recommendation 2022-100 for a password that stands alone, kept although a
second factor always stands beside it. There are no rules about classes of characters, and nothing
forbids to paste. The parts that people reuse (words, names, dates, rows of the keyboard) are found
by zxcvbn and count for what a guesser pays for them; the rest counts by its alphabet. zxcvbn takes
" horse " for seven characters at random, so words with something between them are weighed once
more, each by itself, and the lower of the two counts.
"""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from zxcvbn import zxcvbn

from collector.translation import Text

SHORTEST = 14
LONGEST = 128
FEWEST_BITS = 80.0
EXAMINED = 64
"""Characters that zxcvbn looks at: its cost grows with the square, and 64 are more than enough."""

WORD = re.compile(r"[^\W\d_]{3,}")
BETWEEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
"""A number is one piece (a year is soon guessed), every sign one of its own."""
KNOWN = "dictionary"
FEWEST = 3
"""Words of a dictionary; below, a password at random that happens to hold one would pay for it."""

COMPANY_WORDS = ("muster", "collector", "laptop", "helpdesk", "password", "administrator")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a password as zxcvbn sees it: how it was made, and the guesses it is worth."""

    pattern: str
    token: str
    guesses: float


class NotGoodEnough(Exception):
    """The password may not be chosen; str() says what to do, never what was typed."""


@dataclass(frozen=True, slots=True)
class Strength:
    """`bits`: the logarithm of the guesses an attacker needs who knows how people choose."""

    bits: float
    known_part: str = ""


def require_good(password: str, username: str, words: Collection[str] = ()) -> None:
    """Raises NotGoodEnough. `words` are further names that must not carry the password."""
    if len(password) < SHORTEST:
        raise NotGoodEnough(
            Text(
                "Use at least %(shortest)s characters: seven or more unrelated words are easy "
                "to remember.",
                shortest=SHORTEST,
            )
        )
    if len(password) > LONGEST:
        raise NotGoodEnough(Text("Use at most %(longest)s characters.", longest=LONGEST))
    if not password.isprintable():
        raise NotGoodEnough(
            Text("Use characters that can be typed: a line break or a tab is not one.")
        )
    strength = estimate(password, username, words)
    if strength.bits < FEWEST_BITS:
        raise NotGoodEnough(
            Text(
                "It is too easy to guess: it is made of common words, names, dates or "
                "repetitions. Add unrelated words, or let a password manager make one."
            )
        )


def estimate(password: str, username: str = "", words: Collection[str] = ()) -> Strength:
    """How hard the password is to guess."""
    known = [word for word in (username, *COMPANY_WORDS, *words) if word]
    examined, rest = password[:EXAMINED], password[EXAMINED:]
    found = zxcvbn(examined, user_inputs=known, max_length=EXAMINED)["sequence"]
    # The stubs do not know the parts between the matches, whose pattern is "bruteforce".
    parts = [Part(str(p["pattern"]), str(p["token"]), float(p["guesses"])) for p in found]
    bits = sum(_bits(part, examined) for part in parts)
    if len(set(rest)) > 1:
        bits += len(set(rest)) * math.log2(_alphabet(rest))
    bits = min(bits, _by_words(password, known))
    guessed = [part.token for part in parts if part.pattern != "bruteforce"]
    return Strength(bits, max(guessed, key=len, default=""))


def _by_words(password: str, known: list[str]) -> float:
    """As a row of words: each counts once, for itself, and so does what stands between them."""
    every = [word.lower() for word in WORD.findall(password)]
    parts = {word: _parts(word, known) for word in every}
    if sum(len(parts[word]) == 1 and parts[word][0].pattern == KNOWN for word in every) < FEWEST:
        return math.inf
    between = {*BETWEEN.findall(WORD.sub(" ", password)), *([" "] if " " in password else [])}
    parts |= {piece: _parts(piece, known) for piece in between}
    return sum(_bits_between(part, password) for found in parts.values() for part in found)


def _parts(piece: str, known: list[str]) -> list[Part]:
    found = zxcvbn(piece, user_inputs=known, max_length=LONGEST)["sequence"]
    return [Part(str(p["pattern"]), str(p["token"]), float(p["guesses"])) for p in found]


def _bits_between(part: Part, whole: str) -> float:
    """A sign between words is chosen among signs."""
    alone = len(part.token) == 1 and not part.token.isalnum()
    return math.log2(_alphabet(part.token)) if alone else _bits(part, whole)


def _bits(part: Part, whole: str) -> float:
    by_alphabet = len(part.token) * math.log2(_alphabet(whole))
    if part.pattern == "bruteforce":
        return by_alphabet
    return min(math.log2(max(part.guesses, 2.0)), by_alphabet)


def _alphabet(text: str) -> int:
    """How many characters somebody chooses from who uses these classes.

    >>> _alphabet("abc"), _alphabet("aB1"), _alphabet("a b")
    (26, 62, 59)
    """
    classes = (
        (26, str.islower),
        (26, str.isupper),
        (10, str.isdigit),
        (33, lambda c: not c.isalnum()),
    )
    found = sum(size for size, holds in classes if any(holds(c) for c in text))
    return max(found, 2)
