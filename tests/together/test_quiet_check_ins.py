"""A check-in that is as it should be costs nothing of the audit log, however many come."""

import asyncio
from pathlib import Path

from tests.fleet import Simulated, collector, enroll

DEVICES, EACH = 8, 5


def lines(audit: Path) -> list[bytes]:
    files = sorted(audit.glob("*.log"))
    every = [line for file in files for line in file.read_bytes().splitlines()]
    return [line for line in every if b'"action":"audit.' not in line]


async def visits(device: Simulated, address: str) -> None:
    channel = device.channel(address)
    for variant in range(EACH):
        await device.check_in(channel, device.report(variant))
        await device.check_in(channel, device.unchanged(variant))
    await channel.close()


def test_check_ins_write_nothing_into_the_audit_log(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    devices = enroll(folder, DEVICES)

    async def all_of_them(address: str) -> None:
        await asyncio.gather(*(visits(device, address) for device in devices))

    with collector(folder) as (_, serving):
        before = lines(folder / "audit")
        asyncio.run(all_of_them(serving["check_in"]))
        assert lines(folder / "audit") == before
