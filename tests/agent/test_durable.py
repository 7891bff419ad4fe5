"""A file is the old one or the whole new one, and of whoever writes it."""

import os
import threading
from pathlib import Path

import pytest

from agent import durable


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives a file away")
def test_a_half_that_somebody_else_made_before_does_not_become_the_file(tmp_path: Path) -> None:
    """As in a folder of theirs, or in /tmp: they would read what root writes there."""
    path = tmp_path / "bundle.zip"
    planted = path.with_name(f".{path.name}.{threading.get_native_id()}")
    planted.touch()
    os.chown(planted, 65_534, 65_534)

    durable.write(path, b"for IT alone")

    seen = path.stat()
    assert (seen.st_uid, seen.st_mode & 0o777) == (os.geteuid(), 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_place_of_the_half_is_not_followed(tmp_path: Path) -> None:
    path, precious = tmp_path / "file", tmp_path / "precious"
    precious.write_text("mine")
    path.with_name(f".{path.name}.{threading.get_native_id()}").symlink_to(precious)

    durable.write(path, b"new")

    assert (path.read_bytes(), precious.read_text()) == (b"new", "mine")


def test_two_threads_that_write_the_same_file_leave_one_of_the_two_whole(tmp_path: Path) -> None:
    """A watch that ends a check-in notes why while the check-in may be writing the same file."""
    path, contents = tmp_path / "progress.json", [bytes([n]) * 200_000 for n in (1, 2)]
    failed: list[OSError] = []

    def write(content: bytes) -> None:
        try:
            for _ in range(15):
                durable.write(path, content)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert path.read_bytes() in contents
