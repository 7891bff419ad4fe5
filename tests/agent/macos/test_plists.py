"""A property list is read whole or not at all."""

import plistlib

import pytest

from agent.host import Denied, Unparsable
from agent.macos import plists
from tests.fakes import FakeHost

FIELDS = {"a": 1, "b": [True, "x"]}
XML = plistlib.dumps(FIELDS)
BINARY = plistlib.dumps(FIELDS, fmt=plistlib.FMT_BINARY)


@pytest.mark.parametrize("content", [XML, BINARY])
def test_both_forms_are_read(content: bytes) -> None:
    assert plists.table(content, "x") == FIELDS


def test_text_before_and_after_the_xml_is_no_part_of_it() -> None:
    printed = "Getting global account policies\n" + XML.decode() + "\nbye\n"
    assert plists.table(printed, "pwpolicy") == FIELDS


@pytest.mark.parametrize(
    "content", [b"", b"no such file", XML[:-20], BINARY[:-9], XML.replace(b"<dict>", b"<dikt>")]
)
def test_damage_is_never_an_empty_list(content: bytes) -> None:
    with pytest.raises(Unparsable, match="x holds"):
        plists.table(content, "x")


def test_every_cut_is_damage_or_the_whole() -> None:
    for whole in (XML, BINARY):
        for length in range(len(whole) - 9):
            with pytest.raises(Unparsable):
                plists.table(whole[:length], "x")


def test_a_list_is_no_dictionary() -> None:
    with pytest.raises(Unparsable, match="no dictionary"):
        plists.table(plistlib.dumps([1]), "x")


def test_a_file_that_is_not_there_is_none_and_one_that_may_not_be_read_is_not() -> None:
    host = FakeHost(files={"/a": Denied("no")})
    assert plists.read_if_there(host, "/b") is None
    with pytest.raises(Denied):
        plists.read_if_there(host, "/a")
