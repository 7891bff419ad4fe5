"""A folder whose disk fails as disks do: the writer meets the error where the system raises it."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

Failing = Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[None]]


def _inside(descriptor: int, folder: Path) -> bool:
    path = Path(f"/proc/self/fd/{descriptor}").readlink()
    return path.suffix == ".log" and folder in path.parents


@contextmanager
def input_output_error(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bytes go in, and are not on disk: what fsync says of a bad one."""
    really = os.fsync

    def fsync(descriptor: int) -> None:
        if _inside(descriptor, folder):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        really(descriptor)

    with patch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        yield


@contextmanager
def full(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A part of the first write still fits, and cutting it off again fails as well."""
    really, cut, left = os.write, os.ftruncate, [100]

    def write(descriptor: int, content: bytes) -> int:
        if not _inside(descriptor, folder):
            return really(descriptor, content)
        if left[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = really(descriptor, bytes(content)[: left[0]])
        left[0] -= done
        return done

    def ftruncate(descriptor: int, length: int) -> None:
        if _inside(descriptor, folder):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        cut(descriptor, length)

    with patch.context() as patched:
        patched.setattr(os, "write", write)
        patched.setattr(os, "ftruncate", ftruncate)
        yield


@contextmanager
def locked(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody who was stopped holds the folder's lock."""
    with patch.context() as patched, (folder / "lock").open("a") as held:
        patched.setattr("collector.audit.locking.PATIENCE_SECONDS", 0.2)
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def gone(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The disk is not there; where it was lies something else."""
    away = folder.with_name(f"{folder.name}.away")
    folder.rename(away)
    folder.write_text("in the way")
    yield
    folder.unlink()
    away.rename(folder)


FAILING: tuple[Failing, ...] = (input_output_error, full, locked, gone)
