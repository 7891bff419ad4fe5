"""T32: whoever guesses enrollment tokens by the thousand is slowed down; honest devices come in."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

from collector.audit.journal import Journal
from collector.identity import tokens
from collector.identity.authority import new_key
from collector.identity.key_files import open_authority
from collector.service.edge import Refused
from collector.service.enrollment import EnrollmentService
from collector.service.noting import SINGLY, Noting
from collector.service.throttle import Buckets
from collector.store import Store, devices
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from tests.collector.audit.log import SIGNER
from tests.collector.identity.requests import signing_request
from tests.fakes import FixedClock

STRANGER, HONEST = "ipv4:127.0.0.9:50000", "ipv4:127.0.0.10:50000"
BURST, PER_SECOND = 20, 10
SECONDS, A_SECOND = 5, 200


@dataclass
class Caller:
    name: str

    def peer(self) -> str:
        return self.name


@dataclass
class Door:
    """The enrollment service as it is made for a collector, but for a clock that stands still."""

    folder: Path
    clock: FixedClock = field(default_factory=FixedClock)
    csr: bytes = field(default_factory=lambda: signing_request(new_key()))
    answers: Counter[grpc.StatusCode] = field(default_factory=Counter)
    second: float = 0.0

    def __post_init__(self) -> None:
        self.store = Store.open(self.folder, clock=self.clock)
        authority = open_authority(self.folder, "Muster", self.clock())
        noting = Noting(Journal(self.folder / "audit", SIGNER, self.clock), self.clock)
        calls = Buckets(BURST, PER_SECOND, seconds=lambda: self.second)
        self.service = EnrollmentService(self.store, authority, self.clock, "Muster", noting, calls)

    def pass_time(self, seconds: float) -> None:
        self.second += seconds
        self.clock.advance(seconds=seconds)

    async def ask(self, peer: str, token: str) -> wire.EnrollResponse:
        inventory = Inventory(hostname="alice-laptop")
        asked = wire.EnrollRequest(token=token, csr=self.csr, inventory=inventory)
        return await self.service.enroll(asked.SerializeToString(), cast(Any, Caller(peer)))

    async def guess(self, peer: str, number: int) -> None:
        with pytest.raises(Refused) as refused:
            await self.ask(peer, f"guess-{number}")
        self.answers[refused.value.status] += 1

    async def enroll_honestly(self) -> str:
        token = self.store.write(lambda c: tokens.create(c, self.clock())).secret
        return (await self.ask(HONEST, token)).device_id

    def refusals_in_log(self) -> int:
        files = sorted((self.folder / "audit").glob("*.log"))
        records = [
            json.loads(line[65:]) for file in files for line in file.read_text().splitlines()
        ]
        return sum(each.get("outcome") == "denied" for each in records)


@pytest.fixture
def door(tmp_path: Path) -> Any:
    opened = Door(tmp_path)
    yield opened
    opened.store.close()


async def test_one_address_tries_no_more_tokens_than_its_bucket_holds(door: Door) -> None:
    enrolled = []
    for second in range(SECONDS):
        for number in range(A_SECOND):
            await door.guess(STRANGER, second * A_SECOND + number)
            door.pass_time(1 / A_SECOND)
        enrolled.append(await door.enroll_honestly())
    tried = door.answers[grpc.StatusCode.PERMISSION_DENIED]
    assert BURST < tried <= BURST + PER_SECOND * SECONDS
    assert door.answers[grpc.StatusCode.RESOURCE_EXHAUSTED] == SECONDS * A_SECOND - tried
    known = door.store.read(lambda c: [devices.get(c, each) for each in enrolled])
    assert len({each.device_id for each in known if each}) == SECONDS


async def test_many_addresses_at_once_neither_fill_the_log_nor_shut_the_door(door: Door) -> None:
    for number in range(400):
        await door.guess(f"ipv4:127.1.{number // 200}.{number % 200 + 1}:50000", number)
    assert await door.enroll_honestly()
    assert door.answers == {grpc.StatusCode.PERMISSION_DENIED: 400}
    assert SINGLY <= door.refusals_in_log() <= SINGLY + 400 // 100
