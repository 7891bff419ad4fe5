"""The table of incidents in the documents is the one in force."""

import re
from pathlib import Path

from collector.incidents.kinds import KINDS

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "audit.md"


def test_the_document_lists_every_kind_with_its_severity() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert dict(rows) == {name: kind.severity.value for name, kind in KINDS.items()}
