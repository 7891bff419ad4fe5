"""What a text is in another language, read once from the catalog beside this module."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from collector.model import Language

FOLDER = Path(__file__).parent
SOURCE = Language.EN


def path_of(language: Language) -> Path:
    return FOLDER / f"{language.value}.po"


def gettext(language: Language, message: str) -> str:
    return _of(language).gettext(message)


def ngettext(language: Language, one: str, many: str, count: int) -> str:
    return _of(language).ngettext(one, many, count)


@cache
def _of(language: Language) -> NullTranslations:
    if language is SOURCE:
        return NullTranslations()
    with path_of(language).open("rb") as file:
        catalog = read_po(file, locale=language.value)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
