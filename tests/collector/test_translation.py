"""What people read is there in every language, and says the same with the same values."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from collector.model import Language
from collector.translation import gettext, language, marked, ngettext, reading
from collector.translation.catalogs import SOURCE, path_of
from collector.translation.collecting import brought_up_to_date, catalog_of

OTHERS = [each for each in Language if each is not SOURCE]
TEMPLATES = Path(__file__).parents[2] / "collector/web/templates"
WORDS = Path(__file__).parents[2] / "collector/policy/words"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd%]|%")


def texts(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is to be said, and how it is said, each with its plural."""
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    source = message.id if isinstance(message.id, tuple) else (message.id,)
    return tuple(map(str, source)), tuple(map(str, said))


def messages() -> Iterator[tuple[Language, Message]]:
    for each in OTHERS:
        yield from ((each, message) for message in catalog_of(each) if message.id)


@pytest.mark.parametrize("each", OTHERS)
def test_the_catalog_is_as_make_translations_leaves_it(each: Language) -> None:
    assert path_of(each).read_text() == brought_up_to_date(each).decode(), "make translations"


def test_no_text_lacks_a_translation() -> None:
    lacking = [message.id for _, message in messages() if not all(texts(message)[1])]
    assert not lacking, f"translate these in collector/translation/*.po: {lacking}"


def test_a_translation_has_the_values_of_its_text() -> None:
    def values(text: str) -> set[str]:
        return set(PLACEHOLDER.findall(text))

    differing = [
        message.id
        for _, message in messages()
        for source, said in [texts(message)]
        for text in said
        if values(text) != values(source[-1]) and values(text) != values(source[0])
    ]
    assert not differing


def test_french_is_set_as_french_sets_it() -> None:
    """A curled apostrophe, and a space that breaks no line before what is two signs high."""
    wrong = re.compile(r"\w'\w| [:;!?»](?:\s|$|<|\))|« ")
    french = [text for each, message in messages() for text in texts(message)[1]]
    rules = tomllib.loads((WORDS / "fr.toml").read_text())
    assert [text for text in [*french, *texts_in(rules)] if wrong.search(text)] == []


def texts_in(value: object) -> Iterator[str]:
    """Every text in a table of tables."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, str):
        yield value


def test_a_template_translates_its_own_words_and_no_values() -> None:
    """What `_` is given counts as safe HTML: a value goes through the filter `said`."""
    calls = {
        template.name: re.findall(r"\b_\(\s*[^\"'\s][^)]*\)", template.read_text())
        for template in TEMPLATES.glob("*.html")
    }
    assert {name: found for name, found in calls.items() if found} == {}


def test_each_reader_has_an_own_language() -> None:
    with reading(Language.FR):
        assert (language(), gettext("Log out")) == (Language.FR, "Se déconnecter")
        with reading(Language.EN):
            assert gettext("Log out") == "Log out"
        assert gettext("Log out") == "Se déconnecter"
    assert (language(), gettext("Log out")) == (Language.EN, "Log out")


def test_a_text_of_nobody_is_said_as_it_is() -> None:
    with reading(Language.FR):
        assert gettext(marked("%(n)s of nothing"), n=3) == "3 of nothing"
        assert ngettext("%(num)s nothing", "%(num)s nothings", 2000) == "2\u202f000 nothings"
