"""The verifier that auditors read and run: it says of every pack what ours says, without us."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from collector.export import manifest
from collector.export.manifest import Previous
from tests.collector.export.conftest import WEEK, Packing, files_of
from tests.collector.export.fleet import NOW
from tests.collector.export.test_verifying import rewritten, signed

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_pack.py"


def says(packer: Packing, *packs: Path) -> tuple[int, str]:
    pack, *before = packs
    words = [sys.executable, "-I", SCRIPT, pack, packer.desk.folder / "audit.pub", *before]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_pack_as_it_was_written_is_valid(packer: Packing) -> None:
    code, said = says(packer, packer.pack())
    assert (code, said[:32]) == (0, "valid: as of 2026-11-22T12:00:00")


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("devices.csv", b"device_id\n", "devices.csv: it was changed"),
        ("policy.toml", None, "missing, added or doubled files: ["),
        ("extra.txt", b"x", "missing, added or doubled files: ["),
        (manifest.SIGNATURE, b"AAAA", "the signature does not hold"),
        (manifest.FILE, b"{}", "the signature does not hold"),
        (manifest.FILE, b" " * (5 << 20), "it cannot be read: manifest.json is too large"),
    ],
)
def test_what_was_done_to_it_is_said(
    name: str, content: bytes | None, wrong: str, packer: Packing
) -> None:
    files = files_of(packer.pack())
    files.pop(name, None)
    if content is not None:
        files[name] = content
    code, said = says(packer, rewritten(packer.out / "x.zip", files))
    assert code == 1
    assert wrong in said


def test_a_wrong_number_of_rows_is_said(packer: Packing) -> None:
    files = files_of(packer.pack())
    content = json.loads(files[manifest.FILE])
    for file in content["files"]:
        if file["name"] == "devices.csv":
            file["rows"] += 1
    files[manifest.FILE] = json.dumps(content).encode()
    code, said = says(packer, rewritten(packer.out / "x", signed(files, packer.desk.signer)))
    assert code == 1
    assert "it holds 5 rows, the manifest says 6" in said


def test_a_bomb_is_not_unpacked(packer: Packing) -> None:
    files = files_of(packer.pack())
    bomb = packer.out / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, bytes(1 << 28) if name == "devices.csv" else content)
    code, said = says(packer, bomb)
    assert code == 1
    assert "devices.csv: it was changed" in said


def test_it_follows_the_pack_before_it_and_no_other(packer: Packing) -> None:
    before = packer.pack(NOW - WEEK, since=None)
    link = Previous(before.name, manifest_of(before))
    after = packer.pack(previous=link)
    assert says(packer, after, before)[0] == 0
    code, said = says(packer, after, after)
    assert code == 1
    assert "it does not follow" in said


def manifest_of(pack: Path) -> str:
    import hashlib

    return hashlib.sha256(files_of(pack)[manifest.FILE]).hexdigest()


def test_what_is_no_zip_is_one_line(packer: Packing, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("nothing")
    packer.pack()
    assert says(packer, tmp_path / "x.zip") == (
        1, "NOT VALID  'it cannot be read: File is not a zip file'\n",
    )  # fmt: skip
