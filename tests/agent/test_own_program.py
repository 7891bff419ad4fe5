"""What root runs is root's: a program's folder that others can write to is refused (T73)."""

import os
import re
from pathlib import Path

import pytest

from agent.own_program import OpenToOthers, refuse_open

OWN = (0, os.geteuid())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "muster-agent"
    (folder / "_internal").mkdir(parents=True)
    (folder / "_internal/library.so").touch(mode=0o644)
    (folder / "_internal/library.so.1").symlink_to("library.so")
    (folder / "muster-agent").touch(mode=0o755)
    for place in (folder, folder / "_internal"):
        place.chmod(0o755)
    return folder


def test_a_bundle_that_only_its_owner_can_change_is_run(bundle: Path) -> None:
    refuse_open(bundle, OWN)


@pytest.mark.parametrize("bits", [0o002, 0o020])
@pytest.mark.parametrize("place", [".", "..", "muster-agent", "_internal", "_internal/library.so"])
def test_what_others_can_write_is_refused_with_what_to_do(
    place: str, bits: int, bundle: Path
) -> None:
    opened = (bundle / place).resolve()
    opened.chmod(opened.stat().st_mode | bits)
    with pytest.raises(OpenToOthers, match=re.escape(f"{opened} can be written by others")) as said:
        refuse_open(bundle, OWN)
    assert f"chmod go-w {opened}, then install" in str(said.value)


def test_a_sticky_parent_lets_nobody_rename_what_is_roots(bundle: Path) -> None:
    bundle.parent.chmod(0o1777)
    refuse_open(bundle, OWN)


def test_a_sticky_folder_of_the_bundle_itself_is_refused(bundle: Path) -> None:
    (bundle / "_internal").chmod(0o1777)
    with pytest.raises(OpenToOthers):
        refuse_open(bundle, OWN)


def test_another_owner_is_refused(bundle: Path) -> None:
    nobody_else = (0,) if os.geteuid() else (1,)
    with pytest.raises(OpenToOthers, match="belongs to uid"):
        refuse_open(bundle, nobody_else)


def test_a_program_that_is_not_there_is_said(bundle: Path) -> None:
    with pytest.raises(OpenToOthers, match=r"cannot look at .*gone: No such file"):
        refuse_open(bundle.parent / "gone", OWN)
