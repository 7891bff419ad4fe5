"""An export prints the pack it wrote, and nothing else; a pack is checked without a collector."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path

from collector.store import Connection, groups
from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, RULE, UPDATES_RULE, Desk, pending


def statuses(pack: Path, rule_id: str) -> set[str]:
    with zipfile.ZipFile(pack) as archive:
        rows = json.loads(archive.read("findings.json"))["rows"]
    return {row["status"] for row in rows if row["rule_id"] == rule_id}


def test_the_pack_is_printed_and_valid(desk: Desk, console: Console, tmp_path: Path) -> None:
    desk.report(1, BAD)
    result = console.run("export", "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stderr) == (0, "")
    pack = Path(result.stdout.strip())
    assert pack == tmp_path / "out" / "posture-2026-W47-20261122T130000Z.zip"
    assert statuses(pack, RULE) == {"fail"}
    said = console.run("export", "verify", str(pack))
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("Valid: as of 2026-11-22T13:00:00Z, ")


def test_a_changed_pack_is_not_valid(desk: Desk, console: Console, tmp_path: Path) -> None:
    pack = Path(console.run("export", "--out", str(tmp_path)).stdout.strip())
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr("more.txt", "more")
    result = console.run("export", "verify", str(pack))
    assert result.exit_code == 1
    assert "'more.txt': the manifest does not name it" in result.stdout
    assert result.stderr.strip().endswith("is not valid")


def test_no_pass_is_exported_that_time_has_overtaken(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    """The collector is stopped, so no upkeep judges again."""
    desk.report(1, pending(desk))
    for days, status in ((0, "pass"), (8, "unknown")):
        desk.clock.advance(days=days)
        pack = Path(console.run("export", "--out", str(tmp_path / "out")).stdout.strip())
        assert statuses(pack, UPDATES_RULE) == {status}


def test_a_day_that_is_past_is_told_as_of_its_end(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    desk.report(1, BAD)
    desk.clock.advance(days=3)
    result = console.run("export", "--out", str(tmp_path / "out"), "--as-of", "2026-11-23")
    assert result.stdout.strip().endswith("posture-2026-W48-20261123T235900Z.zip")


def test_what_cannot_be_exported_is_one_line(console: Console, tmp_path: Path) -> None:
    for asked, said in (
        ("tomorrow", "--as-of: 'tomorrow' is no day or time: write 2026-11-22 or"),
        ("2026-11-22T10:00:00", "--as-of: '2026-11-22T10:00:00' names no time zone: add Z for UTC"),
        ("2027-01-01", "--as-of: '2027-01-01' has not come yet (2027-01-01 23:59 UTC)"),
    ):
        assert console.refuses("export", "--as-of", asked).startswith(said)
    said = console.refuses("export", "--group", "lab")
    assert said.startswith("no group 'lab': ")
    (tmp_path / "file").write_text("")
    said = console.refuses("export", "--out", str(tmp_path / "file"), status=1)
    assert "cannot be written to" in said
    said = console.refuses("export", "verify", str(tmp_path / "file"))
    assert "is not a whole pack" in said
    said = console.refuses("export", "verify", str(tmp_path / "none"))
    assert said.endswith("none does not exist")


def test_a_group_that_was_removed_has_packs_of_its_past(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    desk.report(1, BAD)
    came, left = desk.clock() - timedelta(minutes=50), desk.clock() - timedelta(minutes=10)

    def come_and_go(c: Connection) -> None:
        groups.add(c, groups.Group("lab", "", "", came))
        groups.add_members(c, "lab", [desk.device_id], came)
        groups.remove(c, "lab", left)

    desk.store.write(come_and_go)
    out = ("--out", str(tmp_path), "--group")
    assert console.refuses("export", *out, "lab").startswith("no group 'lab'")
    then = f"{desk.clock() - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"
    assert console.refuses("export", *out, "la", "--as-of", then).startswith("no group 'la'")
    pack = Path(console.run("export", *out, "lab", "--as-of", then).stdout.strip())
    with zipfile.ZipFile(pack) as archive:
        rows = json.loads(archive.read("devices.json"))["rows"]
    assert [row["groups"] for row in rows] == ["lab"]
