"""Both gRPC ports on the loopback with real certificates, and the calls an agent makes to them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import grpc
import grpc.aio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from collector.audit.journal import Journal
from collector.config import Address
from collector.identity import tokens
from collector.identity.authority import Authority, new_key
from collector.identity.key_files import open_authority, open_server
from collector.policy import default_text
from collector.service.enrollment import EnrollmentService
from collector.service.listening import Port, serve_check_in, serve_enrollment
from collector.service.noting import Noting
from collector.service.posture import PostureService
from collector.service.throttle import Buckets
from collector.store import Store, policies
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from tests.collector.audit.log import SIGNER
from tests.collector.identity.requests import signing_request
from tests.fakes import FixedClock

ANY_PORT = Port(Address("127.0.0.1", 0), "--check-in")


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass
class EdgeDesk:
    store: Store
    authority: Authority
    clock: FixedClock
    posture: PostureService
    enrollment: EnrollmentService
    check_in_port: int = 0
    enroll_port: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def audited(self) -> list[dict[str, Any]]:
        """The records of the audit log, oldest first."""
        files = sorted((self.store.path.parent / "audit").glob("*.log"))
        lines = [line for file in files for line in file.read_text().splitlines()]
        return [json.loads(line[65:]) for line in lines]

    def token(self, max_uses: int = 1) -> str:
        return self.store.write(lambda c: tokens.create(c, self.clock(), max_uses=max_uses)).secret

    async def enroll(self, **changed: Any) -> wire.EnrollResponse:
        asked = {
            "token": changed.pop("token", None) or self.token(),
            "csr": signing_request(self.key),
            "inventory": Inventory(hostname="alice-laptop"),
            "agent_version": "0.1.0",
        }
        request = wire.EnrollRequest(**{**asked, **changed})
        return wire.EnrollResponse.FromString(
            await self.call("EnrollmentService/Enroll", request.SerializeToString(), b"")
        )

    async def check_in(
        self, request: wire.CheckInRequest, certificate: bytes
    ) -> wire.CheckInResponse:
        said = await self.call("PostureService/CheckIn", request.SerializeToString(), certificate)
        return wire.CheckInResponse.FromString(said)

    async def call(
        self,
        method: str,
        request: bytes,
        certificate: bytes,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> bytes:
        """One call over a connection of its own; no certificate: as somebody unknown."""
        shown = (key_pem(key or self.key), certificate) if certificate else (None, None)
        port = self.enroll_port if method.startswith("Enroll") else self.check_in_port
        secure = grpc.ssl_channel_credentials(self.authority.pem, *shown)
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        async with grpc.aio.secure_channel(f"127.0.0.1:{port}", secure, options) as channel:
            said: bytes = await channel.unary_unary(f"/posture.v1.{method}")(request, timeout=10)
            return said


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[EdgeDesk]:
    # TLS knows only the real time, so the collector's clock stands still at the present.
    clock = FixedClock(datetime.now(UTC))
    store = Store.open(folder, clock=clock)
    store.write(lambda c: policies.add(c, default_text(), clock(), "test"))
    authority = open_authority(folder, "Muster", clock())
    identity = open_server(folder, authority, [], clock())
    journal = Journal(folder / "audit", SIGNER, clock)
    noting = Noting(journal, clock)
    posture = PostureService(
        store, authority, clock, noting, Random(7), reports=Buckets(burst=5, per_second=0.001)
    )
    calls = Buckets(burst=60, per_second=0.001)
    enrollment = EnrollmentService(store, authority, clock, "Muster", noting, calls)
    check_in, check_in_port = serve_check_in(ANY_PORT, posture.rpc(), authority, identity)
    enroll, enroll_port = serve_enrollment(ANY_PORT, enrollment.rpc(), identity)
    await check_in.start()
    await enroll.start()
    try:
        yield EdgeDesk(store, authority, clock, posture, enrollment, check_in_port, enroll_port)
    finally:
        await check_in.stop(0)
        await enroll.stop(0)
        store.close()
