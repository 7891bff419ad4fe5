"""Everything on one machine: a collector on loopback, this machine enrolled, its posture shown.

The recipe of ``make run``. Safe to run again: the data folder (``.muster`` or $MUSTER_RUN_FOLDER)
keeps the collector's store and this machine's enrollment. Ctrl-C ends both.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("MUSTER_RUN_FOLDER", ROOT / ".muster"))
COLLECTOR = [sys.executable, "-m", "collector", "--data", str(FOLDER / "collector")]
AGENT = [sys.executable, "-m", "agent", "--state", str(FOLDER / "agent")]
START_SECONDS = 60


def main() -> int:
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    serving = FOLDER / "collector" / "serving.json"
    serving.unlink(missing_ok=True)
    print("Starting the collector ...", flush=True)
    collector = subprocess.Popen([*COLLECTOR, "serve"], cwd=ROOT)
    try:
        addresses = wait_for(serving, collector)
        if addresses is None:
            return collector.wait()
        return show_this_machine(addresses) or keep_running(collector)
    except KeyboardInterrupt:
        return 0
    finally:
        stop(collector)


def wait_for(serving: Path, collector: subprocess.Popen[bytes]) -> dict[str, str] | None:
    """The collector's addresses once it is ready; None when it ended instead."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and collector.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, str] = json.loads(serving.read_text())
            return found
        time.sleep(0.1)
    if collector.poll() is None:
        print(f"The collector was not ready within {START_SECONDS} s.", file=sys.stderr)
    return None


def show_this_machine(addresses: dict[str, str]) -> int:
    """Enroll once, check in, print the verdicts and where to look. 0 when all went well."""
    if not (FOLDER / "agent" / "agent.toml").exists():
        enrolled = enroll()
        if enrolled:
            return enrolled
    reported = subprocess.run([*AGENT, "report"], cwd=ROOT, check=False)
    if reported.returncode:
        return reported.returncode
    subprocess.run([*COLLECTOR, "devices"], cwd=ROOT, check=False)
    print(f"\nThe page: {addresses['web']}   (log in as admin)")
    print("The password was printed when the collector first started; for a new one run")
    print(f"  {BIN}/muster-collector --data {FOLDER}/collector admin reset-password")
    print("Ctrl-C ends the collector. Your data stays in", FOLDER, flush=True)
    return 0


BIN = Path(sys.executable).parent


def enroll() -> int:
    print("Enrolling this machine ...", flush=True)
    token = [*COLLECTOR, "token", "create", "--label", "make run", "--string-only"]
    made = subprocess.run(token, cwd=ROOT, check=False, stdout=subprocess.PIPE)
    if made.returncode:
        return made.returncode
    return subprocess.run([*AGENT, "enroll"], cwd=ROOT, check=False, input=made.stdout).returncode


def keep_running(collector: subprocess.Popen[bytes]) -> int:
    """Check in again every hour, as the service would, until somebody ends it."""
    agent = subprocess.Popen([*AGENT, "run"], cwd=ROOT)
    try:
        return collector.wait()
    finally:
        stop(agent)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
