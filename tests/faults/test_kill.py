"""Acknowledged means durable: `make faults` kills the collector many times under check-ins."""

import os
from pathlib import Path

from tests.faults.ledger import Ledger, one_round
from tests.fleet import CollectorProcess, enroll

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "50"))


async def test_every_acknowledged_report_survives_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    devices = enroll(folder, 6)
    collector = CollectorProcess(folder, tmp_path / "collector.log")
    ledger = Ledger()
    for number in range(ROUNDS):
        came = await one_round(collector, devices, ledger, after_reports=5 + number % 40)
        assert came, "a round without an acknowledgement has shown nothing"
    assert ledger.missing_from(folder) == []
    print(f"{ROUNDS} kills, {len(ledger.acknowledged)} acknowledged reports, none lost")
