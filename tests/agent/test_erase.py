import io
from pathlib import Path

import pytest

from agent.cli import main
from agent.surroundings import Surroundings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    (made / "update" / "targets").mkdir(parents=True)
    made.chmod(0o700)
    (made / "agent.toml").write_text("x")
    (made / "key.pem").write_text("y")
    (made / "update" / "targets" / "installer").write_text("z")
    return made


def erase(folder: Path, *more: str) -> tuple[int, str]:
    out = io.StringIO()
    return main(["erase", "--state", str(folder), *more], Surroundings(out=out)), out.getvalue()


def test_all_that_the_agent_kept_is_gone(folder: Path) -> None:
    status, said = erase(folder, "--yes")

    assert status == 0
    assert not folder.exists()
    assert said.startswith("Removed ")


def test_nothing_goes_without_saying_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(folder)[0] == 2
    assert (folder / "key.pem").exists()
    assert "--yes" in capsys.readouterr().err


def test_a_folder_that_is_no_agents_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    tmp_path.chmod(0o700)

    assert erase(tmp_path, "--yes")[0] == 2
    assert (tmp_path / "thesis.odt").exists()
    assert "nothing was removed" in capsys.readouterr().err


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)

    assert erase(link, "--yes")[0] == 2
    assert (folder / "key.pem").exists()


def test_what_is_gone_already_is_no_trouble(tmp_path: Path) -> None:
    assert erase(tmp_path / "nothing", "--yes")[0] == 0


def test_the_copy_that_ends_updates_goes_with_the_installed_agent(folder: Path) -> None:
    copy = folder.with_name("runner")
    copy.mkdir()
    (copy / "muster-agent").write_text("a program")
    installed = Surroundings(
        out=io.StringIO(),
        root=True,
        system_folder=folder,
        shown_folder=folder.with_name("shown"),
        runner_folder=copy,
    )

    assert main(["erase", "--state", str(folder), "--yes"], installed) == 0

    assert not copy.exists()
