"""Check-ins and renewals: answered for the device in the certificate, durable before answered."""

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import grpc
from sqlalchemy import Connection

from collector import ingest
from collector.clock import Clock
from collector.identity.authority import Authority, DeviceCertificate
from collector.identity.certifying import certify
from collector.identity.signing_request import RequestRefused, public_key_of
from collector.ingest import Delivery, NotInService, Outcome, Unacceptable
from collector.policy_in_force import PolicyReader
from collector.service import edge, wire
from collector.service.caller import Caller, admitted, caller_of
from collector.service.edge import Context, Refused, malformed, slow_down
from collector.service.throttle import Buckets, Concurrency
from collector.store import Store
from protos.posture.v1 import posture_service_pb2 as messages

log = logging.getLogger(__name__)

SPREAD = 0.1
"""The next check-in is this share sooner or later, so that a fleet does not come at once."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PostureService:
    """`chance` spreads the fleet; nothing secret hangs on it."""

    store: Store
    authority: Authority
    clock: Clock
    chance: random.Random = field(default_factory=random.Random)
    policy: PolicyReader = field(default_factory=PolicyReader)
    calls: Buckets = field(default_factory=lambda: Buckets(burst=30, per_second=1))
    reports: Buckets = field(default_factory=lambda: Buckets(burst=60, per_second=1 / 120))
    running: Concurrency = field(default_factory=lambda: Concurrency(2))

    def rpc(self) -> grpc.GenericRpcHandler:
        methods = {"CheckIn": self.check_in, "RenewCertificate": self.renew}
        return edge.service("posture.v1.PostureService", methods)

    async def check_in(self, request: bytes, context: Context) -> messages.CheckInResponse:
        with self._admitted(context) as caller:
            asked = edge.parse(messages.CheckInRequest, request)
            delivery = wire.delivery(asked)
            if delivery.posture is not None and (wait_seconds := self.reports.take(caller.name)):
                raise slow_down(wait_seconds)  # each is kept, so a device's changes are bounded
            outcome, minutes = await self.store.submit(lambda c: self._take(c, caller, delivery))
            answer = wire.response(outcome, delivery.held_answer, self.clock())
            answer.next_check_in_seconds = self._spread(minutes * 60)
            return answer

    async def renew(self, request: bytes, context: Context) -> messages.RenewCertificateResponse:
        with self._admitted(context) as caller:
            asked = edge.parse(messages.RenewCertificateRequest, request)
            try:
                key = public_key_of(asked.csr)
            except RequestRefused as refused:
                raise malformed(str(refused)) from refused

            def sign(c: Connection) -> DeviceCertificate:
                now = self.clock()
                standing, _ = admitted(c, caller, now)
                return certify(c, self.authority, standing.device_id, key, now)

            signed = await self.store.submit(sign)
            log.info("A certificate was renewed serial=%s by=%s", signed.serial, caller.serial)
            return messages.RenewCertificateResponse(
                certificate_pem=signed.pem, authority_pem=self.authority.pem
            )

    def _take(self, c: Connection, caller: Caller, delivery: Delivery) -> tuple[Outcome, int]:
        now = self.clock()
        standing, policy_version = admitted(c, caller, now)
        policy = self.policy.newest(c, policy_version)
        try:
            outcome = ingest.check_in(c, policy, standing, delivery, now)
        except NotInService as gone:
            raise Refused(grpc.StatusCode.PERMISSION_DENIED, str(gone)) from gone
        except Unacceptable as wrong:
            raise malformed(str(wrong)) from wrong
        return outcome, policy.check_in_minutes

    @contextmanager
    def _admitted(self, context: Context) -> Iterator[Caller]:
        caller = caller_of(context)
        with self.running.one(caller.name) as allowed:
            wait_seconds = self.calls.take(caller.name)
            if not allowed or wait_seconds:
                raise slow_down(wait_seconds or 1)
            yield caller

    def _spread(self, seconds: int) -> int:
        return round(seconds * self.chance.uniform(1 - SPREAD, 1 + SPREAD))
