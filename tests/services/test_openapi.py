"""The description of the API is OpenAPI 3.1 in the eyes of a validator that others wrote."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = ROOT / ".services" / "bin" / "openapi-spec-validator"


def test_the_validator_finds_nothing() -> None:
    document = ROOT / "docs" / "openapi.json"
    done = subprocess.run(
        [str(VALIDATOR), str(document)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, f"{document}: OK")
