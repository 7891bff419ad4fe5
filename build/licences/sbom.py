"""Bills of material (CycloneDX JSON) of the agent and the collector, from the locked requirements.

    python build/licences/sbom.py FOLDER    muster-agent.cdx.json, muster-collector.cdx.json

Runs with the cyclonedx-bom of requirements/audit.txt; licences come from `licences.py`, because a
list of requirements names none. The same lock gives the same bytes: no time, no random number.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import licences

ROOT = licences.ROOT
MAKER = ROOT / ".audit" / "venv" / "bin" / "cyclonedx-py"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def made(half: str) -> dict[str, Any]:
    """What cyclonedx-py says of the lock. Raises CalledProcessError."""
    command = [str(MAKER), "requirements", f"requirements/{half}.txt"]
    command += ["--output-reproducible", "--of", "JSON", "--sv", "1.6", "-o", "-"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def completed(bill: dict[str, Any], half: str) -> dict[str, Any]:
    """With its own name, each component's licence, and what the bundles hold beside."""
    root = f"muster-{half}@{VERSION}"
    component = {"type": "application", "bom-ref": root, "name": f"muster-{half}"}
    bill.setdefault("metadata", {})["component"] = component | {"version": VERSION}
    for each in bill["components"]:
        each["licenses"] = [{"expression": licences.licence_of(each["name"].lower())}]
    return bill


def main() -> int:
    if len(sys.argv) != 2 or not MAKER.exists():
        print("sbom: give a folder; `make sbom` installs what this needs", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for half in licences.HALVES:
        path = folder / f"muster-{half}.cdx.json"
        path.write_text(json.dumps(completed(made(half), half), indent=2) + "\n")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
