"""A few of the kills of `make faults`, on every test run."""

from pathlib import Path

from tests.faults.ledger import Ledger, one_round
from tests.fleet import CollectorProcess, enroll


async def test_every_acknowledged_report_survives_a_few_kills(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    devices = enroll(folder, 4)
    collector = CollectorProcess(folder, tmp_path / "collector.log")
    ledger = Ledger()
    for after_reports in (3, 17, 31):
        assert await one_round(collector, devices, ledger, after_reports)
    assert ledger.missing_from(folder) == []
