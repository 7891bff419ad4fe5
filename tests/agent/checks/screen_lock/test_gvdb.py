"""A dconf database is read key by key, and a broken one is never an answer."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.screen_lock.gvdb import parse_gvdb
from agent.host import Unparsable
from tests.agent.checks.screen_lock.desk import (
    DELAY,
    ENABLED,
    FORBIDDEN,
    IDLE,
    USER_DB,
    alice,
    gnome_schemas,
    live,
)
from tests.agent.checks.screen_lock.gvdb_writer import database, name_hash, variant

GOOD = database({IDLE: 900, ENABLED: True, "/a/text": "words", "/a/größe": 7}, locks=[IDLE])


def test_values_of_every_kind_are_read() -> None:
    table = parse_gvdb(GOOD)
    assert table.value(IDLE) == 900
    assert table.value(ENABLED) is True
    assert table.value("/a/text") == "words"
    assert table.value("/a/größe") == 7


def test_signed_numbers_are_read_with_their_sign() -> None:
    assert parse_gvdb(database({"/a/b": variant(-5, "i")})).value("/a/b") == -5


def test_a_key_that_is_not_there_is_none() -> None:
    table = parse_gvdb(GOOD)
    assert table.value("/org/gnome/desktop/session/idle") is None
    assert table.value("idle-delay") is None
    assert table.value("/org/gnome/desktop/session/") is None


def test_locks_are_the_keys_of_a_table_of_their_own() -> None:
    locks = parse_gvdb(GOOD).table(".locks")
    assert locks is not None
    assert IDLE in locks
    assert ENABLED not in locks
    assert parse_gvdb(database({IDLE: 1})).table(".locks") is None


def test_values_of_the_other_byte_order_are_turned() -> None:
    swapped = database({IDLE: b"\0\0\x03\x84\0u"}).replace(b"GVariant", b"raVGtnai", 1)
    assert parse_gvdb(swapped).value(IDLE) == 900


@pytest.mark.parametrize("value", [b"", b"u", b"\0\0\0\0u", b"\x01\0u", b"\0\0\0(uu)"])
def test_a_value_of_an_unknown_form_is_unparsable(value: bytes) -> None:
    with pytest.raises(Unparsable):
        parse_gvdb(database({IDLE: value})).value(IDLE)


def test_a_file_that_is_being_replaced_is_unparsable() -> None:
    with pytest.raises(Unparsable, match="replaced"):
        parse_gvdb(bytes(8) + GOOD[8:])


def test_a_bucket_that_holds_everything_is_given_up() -> None:
    crowded = bytearray(database({f"k{n}": n for n in range(1500)}))
    start = int.from_bytes(crowded[16:20], "little")
    count = int.from_bytes(crowded[start + 4 : start + 8], "little")
    bucket = name_hash("k0") % count
    edges = [0 if n <= bucket else count for n in range(count)]
    crowded[start + 12 : start + 12 + 4 * count] = struct.pack(f"<{count}I", *edges)
    with pytest.raises(Unparsable, match="crowded"):
        parse_gvdb(bytes(crowded)).value("k0")


def read_all(content: bytes) -> None:
    """The only trouble a file can make."""
    try:
        table = parse_gvdb(content)
        for key in (IDLE, ENABLED, DELAY, FORBIDDEN, "/a/text"):
            table.value(key)
        locks = table.table(".locks")
        if locks is not None:
            assert (IDLE in locks) in (True, False)
    except Unparsable:
        pass


@given(st.binary(max_size=300))
def test_random_bytes_are_unparsable_and_nothing_else(content: bytes) -> None:
    read_all(b"GVariant" + content)
    read_all(content)


@given(st.data())
def test_a_damaged_file_makes_no_other_trouble(data: st.DataObject) -> None:
    broken = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    read_all(bytes(broken))


@given(st.binary(max_size=200))
def test_a_session_with_a_garbage_database_is_never_taken_to_lock(content: bytes) -> None:
    host = live("gnome-shell", files={**gnome_schemas(), USER_DB: content})
    assert not alice(host).HasField("locks")


@pytest.mark.parametrize("length", range(0, len(GOOD) - 1, 7))
def test_a_cut_off_database_is_never_taken_to_lock(length: int) -> None:
    host = live("gnome-shell", files={**gnome_schemas(), USER_DB: GOOD[:length]})
    assert not alice(host).locks
