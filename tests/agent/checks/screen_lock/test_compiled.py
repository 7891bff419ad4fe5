"""The compiled schemas are what GSettings reads; sources that were not compiled have no effect.

COMPILED was written by glib-compile-schemas 2.74 from schemas of our own: idle-delay 300 with an
override of 240 and, for ubuntu, 0; lock-enabled true and, for ubuntu, false; lock-delay 0 and, for
pop, 3600; `ranged` 5 of 0 to 9 and, for ubuntu, 8; session-name 'gnome'.
"""

import base64

import pytest

from agent.checks.screen_lock.compiled import parse_default
from agent.checks.screen_lock.gvdb import parse_gvdb
from agent.host import CannotTell, Denied, Unparsable
from tests.agent.checks.screen_lock.desk import (
    SCHEMAS,
    Files,
    alice,
    gnome_schemas,
    live,
    words,
)

COMPILED = base64.b64decode(
    """
R1ZhcmlhbnQAAAAAAAAAABgAAACQAAAAAAAAKAQAAAAAAAAAAgAAAAMAAAADAAAAqItakgIAAACQAAAAHQBIALAAAAAo
AQAACKtwYQIAAADMAQAAGgBIAOgBAABEAgAABRUAAP////+MAgAAAABMAIwCAACYAgAAq9ICmwIAAACYAgAAGQBIALQC
AABIAwAAb3JnLmdub21lLmRlc2t0b3Auc2NyZWVuc2F2ZXIAAAAAAAAoBAAAAAAAAAABAAAAAgAAAAQAAADAfX4L////
/ygBAAAFAHYAMAEAAFIBAAAFFQAA/////1IBAAAAAEwAVAEAAFwBAACG05AAAQAAAFwBAAAMAHYAaAEAAJEBAACqwWdm
AQAAAJEBAAAKAHYAoAEAAMwBAAAucGF0aAAAAC9vcmcvZ25vbWUvZGVza3RvcC9zY3JlZW5zYXZlci8AAHMAAAMAAAAC
AAAAbG9jay1lbmFibGVkAQAAAAAAAABkAAAAAAAAAHVidW50dQAAAABiBwwAKGIoeWF7c3Z9KSlsb2NrLWRlbGF5AAAA
AAAAAAAAAAAAAGQAAAAAAAAAcG9wAAAAAAAQDgAAAHUEDwAodSh5YXtzdn0pKW9yZy5nbm9tZS5kZXNrdG9wLmxvY2tk
b3duAAAAAAAoAwAAAAAAAAABAAAAAgAAANzkgl4CAAAARAIAABMAdgBYAgAAXQIAAMB9fgv/////XQIAAAUAdgBoAgAA
hwIAAAUVAAD/////hwIAAAAATACIAgAAjAIAAGRpc2FibGUtbG9jay1zY3JlZW4AAAAoYikucGF0aAAAAAAAAC9vcmcv
Z25vbWUvZGVza3RvcC9sb2NrZG93bi8AAHMAAAAAAAEAAAAAAAAAAwAAAG9yZy5nbm9tZS5kZXNrdG9wLnNlc3Npb24A
AAAAAAAoBQAAAAAAAAACAAAAAwAAAAMAAAADAAAAn0Ji2QIAAABIAwAACgB2AFgDAACEAwAAl5ezYwIAAACEAwAADAB2
AJADAACaAwAABRUAAP////+aAwAAAABMAJwDAACoAwAAwH1+C/////+oAwAABQB2ALADAADOAwAAlnrkGAIAAADOAwAA
BgB2ANgDAAATBAAAaWRsZS1kZWxheQAAAAAAAPAAAAAAAAAAZAAAAAAAAAB1YnVudHUAAAAAAAAAdQcPACh1KHlhe3N2
fSkpc2Vzc2lvbi1uYW1lZ25vbWUAAChzKQAAAAAAAAQAAAABAAAALnBhdGgAAAAvb3JnL2dub21lL2Rlc2t0b3Avc2Vz
c2lvbi8AAHNyYW5nZWQAAAAABQAAAHIAAAAAAAAACQAAAGQAAAAAAAAAdWJ1bnR1AAAIAAAAAGkHDwAoaSh5KGlpKSko
eWF7c3Z9KSk=
"""
)
PATH = f"{SCHEMAS}/gschemas.compiled"


def gnome(files: Files, desktop: str) -> str:
    environment = {"XDG_CURRENT_DESKTOP": desktop} if desktop else {}
    return words(alice(live("gnome-shell", files=files, environment=environment)))


@pytest.mark.parametrize(
    ("desktop", "lock"),
    [
        ("GNOME", "yes 240+0"),
        ("ubuntu:GNOME", "no"),
        ("pop:GNOME", "yes 240+3600"),
        ("pop:ubuntu:GNOME", "no"),
    ],
)
def test_defaults_and_those_of_a_desktop_come_from_the_compiled_file(
    desktop: str, lock: str
) -> None:
    assert gnome({PATH: COMPILED}, desktop) == lock


def test_an_override_that_was_never_compiled_has_no_effect() -> None:
    forgotten = "[org.gnome.desktop.session:ubuntu]\nidle-delay=300\n"
    forgotten += "[org.gnome.desktop.screensaver:ubuntu]\nlock-enabled=true\n"
    sources = {**gnome_schemas(), f"{SCHEMAS}/99_site.gschema.override": forgotten}
    assert gnome(sources, "ubuntu:GNOME") == "yes 300+0"
    assert gnome({**sources, PATH: COMPILED}, "ubuntu:GNOME") == "no"


@pytest.mark.parametrize("content", [b"", COMPILED[:200], b"\0" * 900, Denied("compiled")])
def test_a_compiled_file_that_cannot_be_read_leaves_the_lock_unclear(
    content: bytes | CannotTell,
) -> None:
    assert gnome({**gnome_schemas(), PATH: content}, "ubuntu:GNOME") == "unknown"


def test_a_default_with_a_range_or_of_another_type_is_told_apart() -> None:
    table = parse_gvdb(COMPILED).table("org.gnome.desktop.session")
    assert table is not None
    assert parse_default(table, "ranged") == (5, {"ubuntu": 8})
    for key in ("session-name", "nothing"):
        with pytest.raises(Unparsable):
            parse_default(table, key)


@pytest.mark.parametrize("end", range(len(COMPILED)))
def test_a_file_cut_short_says_what_the_whole_says_or_nothing(end: int) -> None:
    assert gnome({PATH: COMPILED[:end]}, "ubuntu:GNOME") in ("no", "unknown")
