"""Who reads the agent's lines is told how grave they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAYS = "from agent.log import to_stderr; to_stderr('the stream ended', because='no route')"


@pytest.mark.parametrize(("ours", "said"), [(True, "<4>"), (False, "")])
def test_only_the_journal_is_told_how_grave_a_line_is(
    tmp_path: Path, ours: bool, said: str
) -> None:
    file = tmp_path / "log"
    with file.open("w") as errors:
        seen = os.fstat(errors.fileno())
        stream = f"{seen.st_dev}:{seen.st_ino + (not ours)}"
        environ = {**os.environ, "JOURNAL_STREAM": stream}
        subprocess.run([sys.executable, "-c", SAYS], stderr=errors, env=environ, check=True)
    assert file.read_text() == f'{said}the stream ended because="no route"\n'
