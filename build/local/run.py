"""Everything on one machine: a collector on loopback, this machine enrolled, its posture shown.

The recipe of ``make run``. Safe to run again: the data folder (``.muster`` or $MUSTER_RUN_FOLDER)
keeps the collector's store and this machine's enrollment. Ctrl-C ends both. ``make run PORT=8843``
uses that port and the two after it.
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
PORT = os.environ.get("PORT") or "7843"
START_SECONDS = 60
SAID = FOLDER / "collector.out"
LOG = FOLDER / "collector.log"
MUSTER_AGENT = Path(sys.executable).with_name("muster-agent")
MUSTER_COLLECTOR = f"{Path(sys.executable).with_name('muster-collector')} --data {FOLDER}/collector"


def collector(*words: str) -> list[str]:
    return [sys.executable, "-m", "collector", "--data", str(FOLDER / "collector"), *words]


def serve() -> list[str]:
    check_in = int(PORT)
    addresses = zip(("--check-in", "--enroll", "--web"), range(check_in, check_in + 3), strict=True)
    options = [word for option, port in addresses for word in (option, f"127.0.0.1:{port}")]
    return collector("serve", *options)


def agent(command: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "agent", command, "--state", str(FOLDER / "agent"), *words]


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not PORT.isdecimal() or not 1024 <= int(PORT) <= 65533:
        print(f"PORT={PORT!r} is not a port from 1024 to 65533", file=sys.stderr)
        return 2
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    serving = FOLDER / "collector" / "serving.json"
    serving.unlink(missing_ok=True)
    print("Starting the collector ...", flush=True)
    with SAID.open("wb") as said, LOG.open("ab") as log:
        process = subprocess.Popen(serve(), cwd=ROOT, stdout=said, stderr=log)
    try:
        addresses = wait_for(serving, process)
        if addresses is None:
            return explain(process.wait())
        return show_this_machine(addresses) or keep_running(process)
    except KeyboardInterrupt:
        print("\nEnded. `make run` goes on where you left off.")
        return 0
    finally:
        stop(process)


def explain(status: int) -> int:
    """Why the collector did not start, and what helps when its ports are taken."""
    why = LOG.read_text().strip().splitlines()[-1]
    print(why, file=sys.stderr)
    if "is used by something else" in why:
        print("Does another `make run` run? End it, or: make run PORT=8843", file=sys.stderr)
    return status


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
    if not (FOLDER / "agent" / "agent.toml").exists() and (failed := enroll()):
        return failed
    print("Looking at this machine ...\n", flush=True)
    if failed := subprocess.run(agent("report"), cwd=ROOT, check=False).returncode:
        return failed
    print(f"\nThe page    {addresses['web']}")
    print(f"Login       {login()}")
    print(f"Also try    {MUSTER_COLLECTOR} devices")
    print(f"            {MUSTER_AGENT} receipt --state {FOLDER / 'agent'}")
    print(f"Data, log   {FOLDER}\n\nCtrl-C ends it; this machine checks in every hour until then.")
    sys.stdout.flush()
    return 0


def login() -> str:
    """The one-time link while nobody has a password; later starts say how to get another."""
    for line in SAID.read_text().splitlines():
        if "/setup/" in line:
            return f"choose a password first: {line.strip()}\n            (works once)"
    anew = f"{MUSTER_COLLECTOR} account link admin"
    return f"admin, with your password and your app; if you lost them:\n            {anew}"


def enroll() -> int:
    print("Enrolling this machine ...", flush=True)
    token = collector("token", "create", "--label", "make run", "--string-only")
    made = subprocess.run(token, cwd=ROOT, check=False, stdout=subprocess.PIPE)
    if made.returncode:
        return made.returncode
    enrolled = subprocess.run(
        agent("enroll"), cwd=ROOT, check=False, input=made.stdout, stdout=subprocess.PIPE
    )
    return enrolled.returncode


def keep_running(process: subprocess.Popen[bytes]) -> int:
    """Check in every hour, as the service would, until somebody ends it."""
    with LOG.open("ab") as log:
        service = subprocess.Popen(agent("run"), cwd=ROOT, stderr=log)
    try:
        return process.wait()
    finally:
        stop(service)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
