"""Writes a host's folder anew and leaves the table of expectations in it as it is."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from agent.host import CannotTell, Host
from agent.recordings.recorder import Recorder
from agent.recordings.redaction import Redaction

EXPECTED = "EXPECTED.md"


def write(
    folder: Path, look: Callable[[Host], object], host: Host, redaction: Redaction | None = None
) -> None:
    """What the check asks of this host becomes the folder."""
    table = folder / EXPECTED
    kept = table.read_text() if table.is_file() else None
    shutil.rmtree(folder, ignore_errors=True)
    recorder = Recorder(host, folder, redaction)
    with contextlib.suppress(CannotTell):  # that it cannot tell is what such a host is for
        look(recorder)
    recorder.finish()
    folder.chmod(0o755)
    if kept is not None:
        table.write_text(kept)
