"""Text in the language of whoever reads: English is the source, and never less than that is said.

`gettext("… %(name)s …", name=value)` says it in the reader's language, `ngettext` counts, and
`marked` says nothing yet: it names a text for the translators that is said later, elsewhere.
A literal per cent sign is written `%%`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeVar

from collector.model import Language
from collector.translation import catalogs

if TYPE_CHECKING:
    from babel import Locale

K = TypeVar("K")

_READER: ContextVar[Language] = ContextVar("reader", default=Language.EN)
"""Of the task or thread at work: what one person reads never reaches another."""


@contextmanager
def reading(language: Language) -> Iterator[None]:
    """Within this, texts are in `language`."""
    token = _READER.set(language)
    try:
        yield
    finally:
        _READER.reset(token)


def language() -> Language:
    """What the reader reads; English where nobody has said."""
    return _READER.get()


def gettext(message: str, /, **values: object) -> str:
    """
    >>> with reading(Language.FR):
    ...     gettext("Devices"), gettext("What nobody has translated")
    ('Appareils', 'What nobody has translated')
    """
    return said(message) % values


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """`%(num)s` is the count, written as the language writes numbers.

    >>> ngettext("%(num)s device", "%(num)s devices", 1200)
    '1,200 devices'
    """
    return counted(one, many, count) % {"num": number(count), **values}


def said(message: str) -> str:
    """The text as the translators wrote it, its `%` not yet filled in."""
    return catalogs.gettext(_READER.get(), message)


def counted(one: str, many: str, count: int) -> str:
    """That of the two which the language uses for the count, its `%` not yet filled in."""
    return catalogs.ngettext(_READER.get(), one, many, count)


def number(amount: int | float) -> str:
    """
    >>> number(1234567)
    '1,234,567'
    """
    return _number(amount, _READER.get())


@lru_cache(maxsize=4096, typed=True)
def _number(amount: int | float, reader: Language) -> str:
    """Remembered, because a page says the same counts again and again."""
    from babel.numbers import format_decimal

    return format_decimal(amount, locale=conventions(reader))


@cache
def conventions(reader: Language) -> "Locale":
    """How that language writes numbers and dates. Read once: it takes longer than what is said."""
    from babel import Locale

    return Locale.parse(reader.value)


def marked(message: str) -> str:
    """The text itself, known to the translators; `gettext` says it where it is read."""
    return message


class Text(str):
    """A text with its values, in English as it stands, to be said again in another language.

    >>> with reading(Language.FR):
    ...     said_of(ValueError(Text("Sign off %(week)s", week="2026-W47")))
    'Valider 2026-W47'
    """

    message: str
    values: Mapping[str, object]

    def __new__(cls, message: str, /, **values: object) -> "Text":
        text = super().__new__(cls, message % values)
        text.message, text.values = message, values
        return text


def said_of(error: Exception) -> str:
    """What an error tells a person: raised in whatever thread, said in the language of this one."""
    return _again(error.args[0] if error.args else "")


def _again(words: object) -> str:
    if not isinstance(words, Text):
        return said(str(words))
    values = {n: _again(v) if isinstance(v, Text) else v for n, v in words.values.items()}
    return gettext(words.message, **values)


class Words(Mapping[K, str]):
    """Marked texts by key, each in the language of whoever looks it up."""

    def __init__(self, texts: Mapping[K, str]) -> None:
        self._texts = texts

    def __getitem__(self, key: K) -> str:
        text = self._texts[key]
        return said(text) if text else ""

    def source(self, key: K) -> str:
        """As it is marked, for `gettext` to fill in its values."""
        return self._texts[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
