"""G26: one code of an authenticator app lets in once, whichever process of a collector sees it."""

import subprocess
import sys
from pathlib import Path

from collector.accounts import totp
from collector.accounts.sealing import open_seal
from collector.store import Store, accounts
from collector.store.accounts import Account
from tests.fakes import FixedClock

SECRET = b"12345678901234567890"
PROCESSES = 4
TAKES = """
import sys
from datetime import datetime
from pathlib import Path
from collector.accounts.sealing import open_seal
from collector.accounts.second_factor import takes_code
from collector.store import Store

folder, code, now = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
store, seal = Store.open(folder), open_seal(folder)
print("ready", flush=True)
sys.stdin.readline()
print(store.write(lambda c: takes_code(c, seal, "alice", code, now)))
store.close()
"""


def test_two_processes_never_take_the_same_code(tmp_path: Path) -> None:
    clock = FixedClock()
    store = Store.open(tmp_path, clock=clock)
    sealed = open_seal(tmp_path).close(SECRET, "alice")
    store.write(lambda c: accounts.add(c, Account("alice", "hash", clock(), totp_sealed=sealed)))
    code = totp.code_at(SECRET, int(clock().timestamp()) // totp.STEP_SECONDS)
    command = [sys.executable, "-c", TAKES, str(tmp_path), code, clock().isoformat()]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(PROCESSES)
    ]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate(timeout=60)[0].strip() for each in started]
    store.close()
    assert sorted(said) == ["False"] * (PROCESSES - 1) + ["True"]
