"""First contact: whoever holds a token gets a certificate, at a pace one address cannot push."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import grpc

from collector.audit.entry import Action, Actor, ActorKind, Entry, Outcome
from collector.clock import Clock
from collector.identity import tokens
from collector.identity.authority import Authority
from collector.identity.enrollment import Enrolled, Newcomer, enroll
from collector.identity.signing_request import RequestRefused, public_key_of
from collector.identity.tokens import TokenRefused
from collector.inventory import row_of
from collector.service import edge
from collector.service.edge import Context, Refused, malformed, slow_down
from collector.service.noting import Noting
from collector.service.throttle import Buckets, network_of
from collector.store import Store
from protos.posture.v1 import posture_service_pb2 as messages

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EnrollmentService:
    """`name`: what people call this collector."""

    store: Store
    authority: Authority
    clock: Clock
    name: str
    noting: Noting
    calls: Buckets = field(default_factory=lambda: Buckets(burst=20, per_second=10))

    def rpc(self) -> grpc.GenericRpcHandler:
        return edge.service("posture.v1.EnrollmentService", {"Enroll": self.enroll})

    async def enroll(self, request: bytes, context: Context) -> messages.EnrollResponse:
        network = network_of(context.peer())
        if wait_seconds := self.calls.take(network):
            raise slow_down(wait_seconds)
        newcomer = _newcomer(edge.parse(messages.EnrollRequest, request))
        try:
            enrolled = await self._admit(newcomer, network)
        except TokenRefused as refused:
            log.warning("An enrollment token was refused network=%s: %s", network, refused)
            stranger = Actor(ActorKind.NOBODY, "", network)
            detail = {"why": str(refused)}
            await self.noting.note_stranger(
                Entry(Action.DEVICE_ENROLLED, stranger, Outcome.DENIED, detail=detail)
            )
            raise Refused(grpc.StatusCode.PERMISSION_DENIED, str(refused)) from refused
        log.info(
            "A device was enrolled device_id=%s network=%s same_hardware=%d quarantined=%s",
            enrolled.device_id,
            network,
            len(enrolled.same_hardware),
            bool(enrolled.quarantined_because),
        )
        return messages.EnrollResponse(
            device_id=enrolled.device_id,
            certificate_pem=enrolled.certificate.pem,
            authority_pem=self.authority.pem,
            collector_name=self.name,
        )

    async def _admit(self, newcomer: Newcomer, network: str) -> Enrolled:
        """Written down before it is done; the actor is the token, which is all that was proven."""
        now = self.clock()
        token = await asyncio.to_thread(
            self.store.read, lambda c: tokens.find(c, newcomer.token, now)
        )
        actor = Actor(ActorKind.ENROLLMENT, token.token_id, network)
        subject = f"device:{newcomer.device_id}"
        detail = {"host name": newcomer.inventory.hostname}
        entry = Entry(Action.DEVICE_ENROLLED, actor, subject=subject, detail=detail)
        await self.noting.require(entry)
        try:
            enrolled = await self.store.submit(lambda c: enroll(c, self.authority, newcomer, now))
        except Exception:
            await self.noting.note(replace(entry, outcome=Outcome.FAILED))
            raise
        issued = {"serial": enrolled.certificate.serial}
        await self.noting.note(
            Entry(Action.CERTIFICATE_ISSUED, actor, subject=subject, detail=issued)
        )
        for kind, what in _anomalies(enrolled):
            strange = {"kind": kind, "what": what}
            await self.noting.note(
                Entry(Action.DEVICE_ANOMALY, actor, subject=subject, detail=strange)
            )
        return enrolled


def _anomalies(enrolled: Enrolled) -> Iterator[tuple[str, str]]:
    """A machine that was installed again is known by its parts; a running twin is no such thing."""
    if enrolled.same_hardware:
        yield "known hardware", ", ".join(enrolled.same_hardware)
    if enrolled.quarantined_because:
        yield "same hardware", f"in quarantine: {enrolled.quarantined_because}"


def _newcomer(request: messages.EnrollRequest) -> Newcomer:
    if not request.token:
        raise malformed("token: is not set")
    if not request.HasField("inventory"):
        raise malformed("inventory: is not set")
    try:
        key = public_key_of(request.csr)
    except RequestRefused as refused:
        raise malformed(str(refused)) from refused
    return Newcomer(request.token, key, row_of(request.inventory, request.agent_version))
