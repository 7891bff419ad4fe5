"""First contact: whoever holds a token gets a certificate, at a pace one address cannot push."""

import logging
from dataclasses import dataclass, field

import grpc

from collector.clock import Clock
from collector.identity.authority import Authority
from collector.identity.enrollment import Newcomer, enroll
from collector.identity.signing_request import RequestRefused, public_key_of
from collector.identity.tokens import TokenRefused
from collector.inventory import row_of
from collector.service import edge
from collector.service.edge import Context, Refused, malformed, slow_down
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
    calls: Buckets = field(default_factory=lambda: Buckets(burst=20, per_second=10))

    def rpc(self) -> grpc.GenericRpcHandler:
        return edge.service("posture.v1.EnrollmentService", {"Enroll": self.enroll})

    async def enroll(self, request: bytes, context: Context) -> messages.EnrollResponse:
        network = network_of(context.peer())
        if wait_seconds := self.calls.take(network):
            raise slow_down(wait_seconds)
        newcomer = _newcomer(edge.parse(messages.EnrollRequest, request))
        now = self.clock()
        try:
            enrolled = await self.store.submit(lambda c: enroll(c, self.authority, newcomer, now))
        except TokenRefused as refused:
            log.warning("An enrollment token was refused network=%s: %s", network, refused)
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
