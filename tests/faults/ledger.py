"""A collector is killed under check-ins; every report it acknowledged must be in its store."""

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio

from collector.store import Store
from protos.posture.v1 import posture_service_pb2 as messages
from tests.fleet import CollectorProcess, Simulated

STORED = (messages.RECEIPT_STORED, messages.RECEIPT_UNCHANGED)


@dataclass
class Ledger:
    """What the devices were told: device, sequence and digest of every acknowledged report."""

    acknowledged: list[tuple[str, int, bytes]] = field(default_factory=list)
    _wanted: int = 0
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def reach(self, count: int) -> None:
        """Wait until so many reports were acknowledged in all."""
        self._wanted = count
        self._enough.clear()
        async with asyncio.timeout(30):
            await self._enough.wait()

    async def report_for_ever(self, device: Simulated, address: str) -> None:
        """Send another posture each time until the collector is gone."""
        async with device.channel(address) as channel:
            with suppress(grpc.aio.AioRpcError):
                while True:
                    request = device.report(variant=device.sequence + 1)
                    answer = await device.check_in(channel, request)
                    if answer.receipt in STORED:
                        digest = hashlib.sha256(request.report.posture).digest()
                        self.acknowledged.append((device.device_id, device.sequence, digest))
                        if len(self.acknowledged) >= self._wanted:
                            self._enough.set()

    def missing_from(self, folder: Path) -> list[tuple[str, int, bytes]]:
        """Acknowledged reports that the store does not hold."""
        store = Store.open(folder, create=False)
        try:
            store.check()
            held = store.read(_held)
        finally:
            store.close()
        return [entry for entry in self.acknowledged if entry not in held]


def _held(connection: object) -> set[tuple[str, int, bytes]]:
    from collector.store.schema import report

    rows = connection.execute(  # type: ignore[attr-defined]
        report.select().with_only_columns(report.c.device_id, report.c.sequence, report.c.digest)
    )
    return {(row.device_id, row.sequence, bytes(row.digest)) for row in rows}


async def one_round(
    collector: CollectorProcess, devices: list[Simulated], ledger: Ledger, after_reports: int
) -> int:
    """Start, send from every device, kill after so many acknowledgements; how many came."""
    serving = await asyncio.to_thread(collector.start)
    begun = len(ledger.acknowledged)
    senders = [
        asyncio.create_task(ledger.report_for_ever(device, serving["check_in"]))
        for device in devices
    ]
    await ledger.reach(begun + after_reports)
    collector.kill()
    await asyncio.gather(*senders)
    return len(ledger.acknowledged) - begun
