"""Whatever is done to a pack, the verifier says what is wrong with it."""

import json
import zipfile
from pathlib import Path

import pytest

from collector.audit.signing import Signer, open_signer
from collector.export import manifest
from collector.export.manifest import Previous
from collector.export.verifying import Checked, NotAPack, check, follows
from tests.collector.export.conftest import Packing, files_of
from tests.collector.export.fleet import DAY, NOW


def rewritten(pack: Path, files: dict[str, bytes]) -> Path:
    out = pack.with_name("changed.zip")
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out


def signed(files: dict[str, bytes], signer: Signer) -> dict[str, bytes]:
    return files | {manifest.SIGNATURE: manifest.sign(signer, files[manifest.FILE])}


def checked(pack: Path, packer: Packing) -> Checked:
    return check(pack, packer.desk.signer.verifier)


def test_a_pack_as_it_was_written_is_valid(packer: Packing) -> None:
    assert checked(packer.pack(), packer).problems == ()


@pytest.mark.parametrize("name", ["devices.csv", "posture.xlsx", "posture.sqlite", "policy.toml"])
def test_one_changed_byte_is_found_in_its_file(name: str, packer: Packing) -> None:
    files = files_of(packer.pack())
    content = files[name]
    middle = len(content) // 2
    files[name] = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    (problem,) = checked(rewritten(packer.out / "x.zip", files), packer).problems
    assert problem == f"{name!r}: it was changed, its SHA-256 is another one"


def test_a_missing_an_added_and_a_longer_file_are_named(packer: Packing) -> None:
    files = files_of(packer.pack())
    del files["README.txt"]
    files["extra.txt"] = b"extra"
    files["policy.toml"] += b"#"
    problems = checked(rewritten(packer.out / "x.zip", files), packer).problems
    size = len(files["policy.toml"])
    assert problems == (
        "'extra.txt': the manifest does not name it",
        "'README.txt': it is missing",
        f"'policy.toml': it has {size} bytes, the manifest says {size - 1}",
    )


def test_a_changed_manifest_has_no_signature(packer: Packing) -> None:
    files = files_of(packer.pack())
    files[manifest.FILE] = files[manifest.FILE].replace(b'"compliant": 2', b'"compliant": 3')
    (problem,) = checked(rewritten(packer.out / "x.zip", files), packer).problems
    assert problem == "manifest.sig: it does not hold for manifest.json under this key"


def test_another_key_is_no_signature(packer: Packing, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = signed(files_of(packer.pack()), open_signer(tmp_path / "other"))
    (problem,) = checked(rewritten(packer.out / "x.zip", files), packer).problems
    assert problem.startswith("manifest.sig: it does not hold")


def test_a_wrong_number_of_rows_is_found_even_when_it_was_signed(packer: Packing) -> None:
    files = files_of(packer.pack())
    content = json.loads(files[manifest.FILE])
    for file in content["files"]:
        if file["name"] in ("devices.csv", "findings.json"):
            file["rows"] += 1
    files[manifest.FILE] = json.dumps(content).encode()
    files = signed(files, packer.desk.signer)
    assert checked(rewritten(packer.out / "x.zip", files), packer).problems == (
        "'devices.csv': it holds 5 rows, the manifest says 6",
        "'findings.json': it holds 10 rows, the manifest says 11",
    )


def test_a_bomb_is_refused_by_its_size(packer: Packing) -> None:
    files = files_of(packer.pack())
    files["policy.toml"] = b"\0" * (64 << 20)
    pack = packer.out / "bomb.zip"
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    (problem,) = checked(pack, packer).problems
    assert problem.startswith("'policy.toml': it has 67108864 bytes, the manifest says ")
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(manifest.FILE, b"\0" * (64 << 20))
    with pytest.raises(NotAPack, match=r"manifest\.json is larger than any that we write"):
        checked(pack, packer)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_pack_is_one_line(content: bytes, packer: Packing, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(NotAPack, match="is not a whole pack"):
        checked(tmp_path / "x.zip", packer)


def test_a_pack_that_was_cut_short_is_no_pack(packer: Packing) -> None:
    pack = packer.pack()
    pack.write_bytes(pack.read_bytes()[:-100])
    with pytest.raises(NotAPack, match="is not a whole pack"):
        checked(pack, packer)


def test_packs_follow_each_other_or_the_gap_is_named(packer: Packing) -> None:
    first = packer.pack(NOW - DAY, since=None)
    before = checked(first, packer)
    link = Previous(first.name, before.manifest_sha256)
    after = checked(packer.pack(NOW, since=NOW - DAY, previous=link), packer)
    assert follows(after, before) == []
    assert follows(before, after) == ["previous: the pack says that there was none before it"]
    other = checked(packer.pack(NOW - 2 * DAY, since=None), packer)
    assert follows(after, other) == [
        f"previous: the pack follows {first.name}, which is another one",
        "previous: between the two there is a time that neither covers",
    ]
