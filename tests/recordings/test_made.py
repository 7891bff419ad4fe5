"""What is committed is what the scripts make: a host that was mended by hand would be lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recordings.made import by_hand, macs, windows, windows_software

HOSTS = Path(__file__).parent / "hosts"


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize(
    "make",
    [by_hand.main, macs.main, windows.main, windows_software.main],
    ids=lambda m: m.__module__,
)
def test_the_hosts_are_what_their_script_makes(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path)
    made = [folder for folder in sorted(tmp_path.iterdir()) if folder.is_dir()]
    assert made
    for folder in made:
        committed = contents(HOSTS / folder.name)
        fresh = contents(folder)
        changed = {name for name, content in fresh.items() if committed.get(name) != content}
        assert not changed, f"{folder.name}: run python -m {make.__module__} tests/recordings/hosts"
