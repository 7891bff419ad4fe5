"""Text in the language of whoever reads: English is the source, French stands in `agent.french`.

`say("… %(name)s …", name=value)` says it in the reader's language, `counted` counts, and `marked`
says nothing yet: it names a text that is said later, elsewhere. Logs are English, always. A text
without values is not a format: a per cent sign in it stands for itself.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

LANGUAGES = ("en", "fr")
"""The first is the source."""

_READER: ContextVar[str] = ContextVar("reader", default=LANGUAGES[0])


@contextmanager
def reading(language: str) -> Iterator[None]:
    """Within this, texts are in `language`."""
    token = _READER.set(language)
    try:
        yield
    finally:
        _READER.reset(token)


def language() -> str:
    """What the reader reads; English where nobody has said."""
    return _READER.get()


def say(message: str, /, **values: object) -> str:
    """
    >>> with reading("fr"):
    ...     say("waived"), say("what nobody has translated")
    ('dérogation', 'what nobody has translated')
    """
    said = _texts().get(message, message)
    return said % values if values else said


def counted(one: str, many: str, count: int, /, **values: object) -> str:
    """`%(num)s` is the count. French counts 0 as one.

    >>> counted("%(num)s second", "%(num)s seconds", 0)
    '0 seconds'
    """
    singular = count < 2 if language() == "fr" else count == 1
    return say(one if singular else many, num=count, **values)


def marked(message: str) -> str:
    """The text itself, known to the translators."""
    return message


def _texts() -> Mapping[str, str]:
    if language() != "fr":
        return {}
    from agent.french import TEXTS

    return TEXTS


def chosen(named: str | None, environ: Mapping[str, str], by_system: str = "") -> str:
    """--language, else what the environment says (gettext(3)), else what the system says.

    LANGUAGE is a list, and counts only where the locale is not "C".

    >>> chosen(None, {"LANG": "fr_FR.UTF-8"}), chosen(None, {"LC_ALL": "C", "LANGUAGE": "fr"})
    ('fr', 'en')
    >>> chosen(None, {"LANG": "de_DE.UTF-8", "LANGUAGE": "de:fr:en"})
    'fr'
    """
    if named:
        return named
    names = [environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    locale = next((name for name in names if name), "")
    if locale.split(".")[0] in ("C", "POSIX"):
        return LANGUAGES[0]
    wished = [*environ.get("LANGUAGE", "").split(":"), locale] if locale else [by_system]
    spoken = (name.replace("-", "_").split("_")[0].split(".")[0].lower() for name in wished)
    return next((name for name in spoken if name in LANGUAGES), LANGUAGES[0])


def of_system() -> str:
    """The language of a person's Windows, "" elsewhere: there the environment says it."""
    if sys.platform != "win32":
        return ""
    import ctypes

    primary = ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF
    return {0x0C: "fr"}.get(primary, "en")
