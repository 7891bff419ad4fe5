"""Known holes in what is shipped, from a public database (PyPI's advisories, then OSV).

0: it answered, and knows of none. 1: it knows of some, and they are listed. 3: nobody answered, so
nothing is known: that is not a pass.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("pypi", "osv")
LISTS = ("requirements/agent.txt", "requirements/collector.txt")
CLEAN, FOUND, UNKNOWN = 0, 1, 3


def ask(service: str) -> tuple[int, str]:
    """What became of it, and what was said."""
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service]
    command += ["--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    command += ["--format", "json"]
    command += [word for each in LISTS for word in ("-r", each)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
    except subprocess.TimeoutExpired:
        return UNKNOWN, "no answer within 5 minutes"
    return judged(done.stdout, done.stderr)


def judged(out: str, errors: str) -> tuple[int, str]:
    """pip-audit says "no known vulnerabilities" of packages that it could not ask about, too."""
    try:
        asked = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = [line for line in errors.splitlines() if line.strip()]
        return UNKNOWN, last[-1][:300] if last else "no word"
    holes = [
        f"{one['name']} {one['version']}: {each['id']}, mended in "
        f"{', '.join(each['fix_versions']) or 'no version yet'}"
        for one in asked
        for each in one.get("vulns", [])
    ]
    skipped = [one["name"] for one in asked if "skip_reason" in one]
    if holes:
        return FOUND, "\n".join(holes)
    if skipped or not asked:
        return UNKNOWN, f"{len(skipped)} of {len(asked)} packages could not be asked about"
    return CLEAN, f"{len(asked)} packages, and no known hole"


def main() -> int:
    for service in SERVICES:
        outcome, said = ask(service)
        if outcome != UNKNOWN:
            print(said)
            return outcome
        print(f"audit-dependencies: {service} could not be asked: {said}", file=sys.stderr)
    print(
        "audit-dependencies: nothing is known about the dependencies: run it where PyPI or OSV "
        "can be reached (the workflow does, every night)",
        file=sys.stderr,
    )
    return UNKNOWN


if __name__ == "__main__":
    sys.exit(main())
