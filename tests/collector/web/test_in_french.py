"""Whoever reads French reads French on every page, also when a form could not be taken."""

import html
import re
from collections.abc import Iterator
from itertools import product

import pytest
from httpx2 import Response

from collector.accounts.roles import Role
from collector.model import Compliance, Language, Status
from collector.store import accounts
from collector.translation.collecting import catalog_of
from collector.web.pages import PAGES
from tests.collector.web.fleet import DISKS, FIREWALL, Seen
from tests.collector.web.test_crawl import World, name_of, paths, world

__all__ = ["world"]

LEAST_WORDS = 3
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdr%]")
FIELDS = (
    "name", "description", "contact", "typed", "owner", "groups", "seen", "email", "reason",
    "rule", "until", "device", "group", "remark", "code", "password", "again", "old", "label",
    "role", "username", "text", "version", "cause", "consequence", "note", "decision", "day",
    "action", "hours", "uses", "days", "subscriber", "query", "scope", "counted", "host",
)  # fmt: skip
FORMS: tuple[dict[str, str], ...] = (
    {},
    dict.fromkeys(FIELDS, "no such thing!"),
    {"seen": "as it was long ago", "name": "sales", "decision": "wrong", "code": "000000"},
    {"seen": "-", "owner": "nobody", "groups": "none", "action": "in", "device": "never"},
)


def english() -> dict[str, str]:
    """The longest plain part of each sentence that French says otherwise, by the sentence."""
    found = {}
    for message in catalog_of(Language.FR):
        for text in message.id if isinstance(message.id, tuple) else (message.id,):
            part = max(PLACEHOLDER.split(str(text)), key=len).strip()
            said = " ".join(message.string) if isinstance(message.string, tuple) else message.string
            if len(part.split()) >= LEAST_WORDS and part not in said:
                found[part] = str(text)
    return found


def text_of(answer: Response) -> str:
    """What is read, in one line, with the words of placeholders and of screen readers."""
    page = re.sub(r"(?s)<(script|style|textarea|pre)\b.*?</\1>", " ", answer.text)
    page = re.sub(r'<[^>]*?(?:title|placeholder|aria-label)="([^"]*)"[^>]*>', r" \1 ", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def french(world: World) -> World:
    bad = {DISKS: (Status.FAIL, "/ is not encrypted."), FIREWALL: (Status.UNKNOWN, "")}
    world.browser.enrol(Seen("lap-2", Compliance.NON_COMPLIANT, bad))
    read(world, "fr")
    return world


def read(world: World, language: str) -> None:
    name = name_of(Role.OWNER)
    world.browser.store.write(lambda c: accounts.set_language(c, name, language))


def left_in_english(answer: Response, sentences: dict[str, str]) -> list[str]:
    if "text/html" not in answer.headers.get("content-type", ""):
        return []
    text = text_of(answer)
    return [whole for part, whole in sentences.items() if part in text]


def test_no_page_says_in_english_what_french_has_words_for(french: World) -> None:
    sentences, found, asked = english(), {}, 0
    assert len(sentences) > 300
    for path, form in (*looks(french), *forms(french)):  # the log repeats refusals as written
        method = "GET" if form is None else "POST"
        answer = french.ask(Role.OWNER, method, path, form or {})
        asked += 1
        if left := left_in_english(answer, sentences):
            found[path, answer.status_code] = left
    assert found == {}
    assert asked > 250


def looks(world: World) -> Iterator[tuple[str, None]]:
    for page in PAGES:
        if page.PERMISSION and "GET" in page.METHODS:
            yield from ((path, None) for path, _ in paths(world, page, Role.OWNER))


def forms(world: World) -> Iterator[tuple[str, dict[str, str]]]:
    """Wrong in several ways. One of them alone chooses another language."""
    for page in PAGES:
        if page.PERMISSION and "POST" in page.METHODS and page.PATH != "/account/language":
            yield from product((path for path, _ in paths(world, page, Role.OWNER)), FORMS)


def test_a_sentence_that_is_left_in_english_is_found(french: World) -> None:
    read(french, "en")
    answer = french.ask(Role.OWNER, "GET", "/groups", {})
    assert len(left_in_english(answer, english())) > 3
