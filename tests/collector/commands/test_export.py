"""An export prints the folder it wrote, and nothing else."""

import json
from pathlib import Path

from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, RULE, UPDATES_RULE, Desk, pending


def test_the_folder_is_printed_and_holds_every_format(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    desk.report(1, BAD)
    result = console.run("export", "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stderr) == (0, "")
    folder = Path(result.stdout.strip())
    assert folder == tmp_path / "out" / "posture-2026-W47-20261122T130000Z"
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.txt",
        "policy.toml",
        "posture.csv",
        "posture.json",
    ]
    rows = json.loads((folder / "posture.json").read_text())["findings"]
    assert {row["status"] for row in rows if row["rule_id"] == RULE} == {"fail"}


def test_no_pass_is_exported_that_time_has_overtaken(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    """The collector is stopped, so no upkeep judges again."""
    desk.report(1, pending(desk))
    for days, status in ((0, "pass"), (8, "unknown")):
        desk.clock.advance(days=days)
        result = console.run("export", "--out", str(tmp_path / "out"), "--format", "json")
        exported = json.loads((Path(result.stdout.strip()) / "posture.json").read_text())
        said = [row["status"] for row in exported["findings"] if row["rule_id"] == UPDATES_RULE]
        assert said == [status]


def test_one_format_is_enough(console: Console, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    folder = Path(console.run("export", "--out", out, "--format", "csv").stdout.strip())
    assert [path.name for path in folder.glob("posture.*")] == ["posture.csv"]


def test_what_cannot_be_exported_is_one_line(console: Console, tmp_path: Path) -> None:
    said = console.refuses("export", "--format", "xls")
    assert said == "no format 'xls'; there are csv, json"
    (tmp_path / "file").write_text("")
    said = console.refuses("export", "--out", str(tmp_path / "file"), status=1)
    assert said.endswith("name another folder with --out")
