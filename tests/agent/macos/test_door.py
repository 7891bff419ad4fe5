"""Programs of people are not run by root, and a session is joined by number only."""

import os

import pytest

from agent.host import Denied
from agent.macos.programs import in_session, of_root


def seen(mode: int, uid: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, uid, 0, 0, 0, 0, 0))


def test_a_program_that_a_person_could_have_put_there_is_not_run() -> None:
    assert of_root(seen(0o100755, 0))
    assert not of_root(seen(0o100755, 501))
    assert not of_root(seen(0o100775, 0))
    assert not of_root(seen(0o100757, 0))


def test_root_joins_a_session_by_number() -> None:
    asked = in_session(501, 0, ("/usr/bin/defaults", "read"))
    assert asked[:3] == ("launchctl", "asuser", "501")
    assert asked[-2:] == ("/usr/bin/defaults", "read")
    assert "#501" in asked


def test_the_person_itself_simply_asks() -> None:
    assert in_session(501, 501, ("/usr/bin/defaults", "read")) == ("/usr/bin/defaults", "read")


def test_nobody_else_may_look_into_a_session() -> None:
    with pytest.raises(Denied):
        in_session(501, 502, ("/usr/bin/defaults", "read"))


def test_what_is_no_number_never_becomes_part_of_a_command() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        in_session("501; reboot", 0, ("id",))  # type: ignore[arg-type]
