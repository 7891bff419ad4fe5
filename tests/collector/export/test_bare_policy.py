"""A policy without its comments says the same, and no word that only stood in one."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.export.bare_policy import without_comments
from collector.export.pseudonyms import Names
from collector.policy import default_text, load
from collector.store import policies
from tests.collector.export.conftest import Packing, files_of
from tests.collector.export.fleet import NOW

STRINGS = [
    '"a # b"', '"a \\" # b"', "'a # \\'", '"""a # b\n# c "" """', "'''a\n# ' b'''", '"""a # b"""""',
    '""', "''", '"\\\\"', '""""a # b"""',
]  # fmt: skip


@pytest.mark.parametrize("string", STRINGS)
def test_a_string_keeps_what_looks_like_a_comment(string: str) -> None:
    text = f"a = {string} # Carol's\n# Carol\nb = [1, # Carol\n 2]\n"
    bare = without_comments(text)
    assert tomllib.loads(bare) == tomllib.loads(text)
    assert "Carol" not in bare
    assert len(bare.splitlines()) == len(text.splitlines())


def test_the_default_policy_is_read_the_same() -> None:
    text = default_text()
    bare = without_comments(text)
    assert load(bare, "a", 1) == load(text, "a", 1)
    assert "#" not in bare
    assert without_comments(text.replace("\n", "\r\n")) == bare.replace("\n", "\r\n")


@given(st.lists(st.tuples(st.sampled_from(STRINGS), st.text("#\"' \\é\t", max_size=9))))
def test_whatever_stands_in_comments_goes(said: list[tuple[str, str]]) -> None:
    lines = [f"k{n} = {string}  # Carol {note}" for n, (string, note) in enumerate(said)]
    text = "\n".join(lines)
    bare = without_comments(text)
    assert tomllib.loads(bare) == tomllib.loads(text)
    assert "Carol" not in bare


def test_under_pseudonyms_the_policy_comes_without_comments(packer: Packing) -> None:
    text = "stale_after_days = 9  # as Carol wants it\n"
    packer.desk.store.write(lambda c: policies.add(c, text, NOW, "alice"))
    assert files_of(packer.pack())["policy.toml"].decode() == text
    hidden = files_of(packer.pack(names=Names(b"k" * 32)))["policy.toml"]
    assert hidden == b"stale_after_days = 9\n"
