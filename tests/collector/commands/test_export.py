"""An export prints the folder it wrote, and nothing else."""

import json
from pathlib import Path

from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, RULE, Desk


def test_the_folder_is_printed_and_holds_every_format(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    desk.report(1, BAD)
    result = console.run("export", "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stderr) == (0, "")
    folder = Path(result.stdout.strip())
    assert folder == tmp_path / "out" / "posture-2026-W47-20261122T130000Z"
    assert sorted(path.name for path in folder.iterdir()) == ["posture.csv", "posture.json"]
    rows = json.loads((folder / "posture.json").read_text())["findings"]
    assert {row["status"] for row in rows if row["rule_id"] == RULE} == {"fail"}


def test_one_format_is_enough(console: Console, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    folder = Path(console.run("export", "--out", out, "--format", "csv").stdout.strip())
    assert [path.name for path in folder.iterdir()] == ["posture.csv"]


def test_what_cannot_be_exported_is_one_line(console: Console, tmp_path: Path) -> None:
    said = console.refuses("export", "--format", "xls")
    assert said.startswith("Invalid value for '--format': 'xls' is not one of 'csv', 'json'")
    (tmp_path / "file").write_text("")
    said = console.refuses("export", "--out", str(tmp_path / "file"), status=1)
    assert said.endswith("name another folder with --out")
