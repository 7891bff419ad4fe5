"""Whether the agent's folder on Windows is its own, by the access list in words."""

import sys
from pathlib import Path

import pytest

from agent.state import State
from agent.windows import access

ME = "S-1-5-21-1-2-3-1001"
OTHER = "S-1-5-21-1-2-3-1002"


def test_the_list_we_give_lets_nobody_else_in() -> None:
    assert access.foreign("O:BA" + access.PRIVATE, "S-1-5-18") == ""
    assert access.readers("O:BA" + access.PRIVATE, "S-1-5-18") == ()


@pytest.mark.parametrize(
    "sddl",
    [
        f"O:{OTHER}G:BUD:P(A;OICI;FA;;;SY)",  # somebody made the folder before us
        "O:BAD:(A;OICI;FA;;;SY)(A;CI;DCLCRPCR;;;BU)",  # as %ProgramData% passes it on
        "O:BAD:(A;OICIID;0x1301bf;;;AU)",
        "O:BAD:(A;;GA;;;WD)",
        f"O:BAD:(A;OICI;FA;;;{OTHER})",
        "O:BA",  # no list at all lets everybody in
        "O:BAD:NO_ACCESS_CONTROL",
    ],
)
def test_a_folder_that_others_could_have_written_to_is_not_believed(sddl: str) -> None:
    assert access.foreign(sddl, ME)


@pytest.mark.parametrize(
    "sddl",
    [
        "O:BAD:P(A;OICI;0x1200a9;;;BU)",
        "O:SYD:P(A;OICI;FR;;;WD)(D;;FA;;;BU)",
        f"O:{ME}D:(A;OICI;FA;;;{ME})",
        "O:BAD:P(A;OICIIO;FA;;;CO)",
    ],
)
def test_a_folder_that_others_can_only_read_is_believed_and_closed(sddl: str) -> None:
    assert access.foreign(sddl, ME) == ""


def test_reading_accounts_are_named() -> None:
    assert access.readers("O:BAD:P(A;OICI;0x1200a9;;;BU)(A;;FA;;;SY)", ME) == ("BU",)


@pytest.mark.skipif(sys.platform != "win32", reason="makes a folder with an access list")
def test_a_new_state_folder_is_private(tmp_path: Path) -> None:
    State.open(tmp_path / "state", create=True).write("x", b"1")
    said = access.described(tmp_path / "state")
    assert access.readers(said, access.own_sid()) == ()
    assert State.open(tmp_path / "state").read("x") == b"1"
