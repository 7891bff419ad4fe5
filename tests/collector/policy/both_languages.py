"""A verdict's sentence says the same in every language, and takes a device's words as they are."""

from collections.abc import Iterator
from functools import cache

from collector.model import Language, Verdict
from collector.policy.wording import sentence
from collector.translation.collecting import catalog_of
from collector.translation.sentences import Tree, told_again, tree_of, written

CUT = "…"


@cache
def translated(language: Language) -> frozenset[str]:
    ids = (message.id for message in catalog_of(language) if message.id and message.string)
    return frozenset(each[0] if isinstance(each, tuple) else str(each) for each in ids)


def holds_in_both_languages(verdict: Verdict, of_the_device: str) -> None:
    """`of_the_device`: all that the device told; a sentence without a message has its words."""
    tree, told = tree_of(verdict.because), written(verdict.because)
    assert isinstance(tree, dict), f"not made with `sentence`: {verdict.because}"
    french = told_again(told, "", Language.FR)
    assert french, verdict.because
    of_the_device = of_the_device.replace('\\"', '"')
    for message in messages(tree):
        assert message in translated(Language.FR), f"make translations: {message}"
    for part in tree.get("sentence", ()):
        assert isinstance(part, dict) or part in of_the_device, f"without Text: {part}"
    for value in values(tree):
        said = sentence(value)[:-1].casefold()
        for words in (verdict.because, french):
            assert said in words.casefold() or CUT in words, (value, words)


def messages(tree: Tree) -> Iterator[str]:
    """Those of our source, however deep."""
    if isinstance(tree, dict):
        yield from (tree[name] for name in ("text", "one") if name in tree)
        for inner in inside(tree):
            yield from messages(inner)


def values(tree: Tree) -> Iterator[str]:
    """What stands in the sentence as it is."""
    if not isinstance(tree, dict):
        yield str(tree)
        return
    for inner in inside(tree):
        yield from values(inner)


def inside(tree: Tree) -> list[Tree]:
    shown = tree.get("names", [])[: tree.get("most", 0)]
    return [
        *tree.get("with", {}).values(),
        *shown,
        *tree.get("sentence", ()),
        *tree.get("parts", ()),
    ]
