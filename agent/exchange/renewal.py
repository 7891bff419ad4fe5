"""A certificate is renewed long before it ends, and old and new are never mixed."""

import random
from dataclasses import replace
from datetime import datetime

from agent import identity
from agent.clock import Clock
from agent.exchange.receipt import NO_ANSWER_YET, Receipt, Receipts
from agent.exchange.transport import Transport
from agent.exchange.troubles import CollectorFailed, TransportError
from agent.identity import Identity, Validity
from agent.state import State
from protos.posture.v1.posture_service_pb2 import RenewCertificateRequest

SPREAD = 0.1


def due_at(life: Validity, device_id: str) -> datetime:
    """Half of the certificate's life, give or take a tenth of that half.

    The spread keeps devices that enrolled together from renewing together; it depends on the
    device and the certificate alone, so that a restart does not move it.
    """
    spread = random.Random(f"{device_id} {life.serial}")  # noqa: S311 - spreads load, no secret
    half = (life.not_after_at - life.not_before_at) / 2
    return life.not_before_at + half * spread.uniform(1 - SPREAD, 1 + SPREAD)


def renew_when_due(state: State, transport: Transport, clock: Clock, device_id: str) -> bool:
    """Renew if it is time. Raises TransportError and StateError; the old identity then stays."""
    held = identity.load(state)
    if clock() < due_at(identity.validity(held.certificate), device_id):
        return False
    key = identity.new_key()
    request = RenewCertificateRequest(csr=identity.signing_request(key))
    received = _ask(state, transport, clock, request)
    renewed = Identity(key, received, held.authority)
    try:
        identity.check(renewed)
    except identity.BadIdentity as error:
        raise CollectorFailed(f"the renewed certificate cannot be used: {error}") from error
    state.replace_together({identity.KEY: key, identity.CERTIFICATE: received})
    return True


def _ask(
    state: State, transport: Transport, clock: Clock, request: RenewCertificateRequest
) -> bytes:
    receipts = Receipts.of(state)
    content = request.SerializeToString(deterministic=True)
    receipt = Receipt("renew", clock(), NO_ANSWER_YET, content)
    path = receipts.add(receipt)
    try:
        response = transport.renew(request)
    except TransportError as error:
        receipts.settle(path, replace(receipt, result=str(error)))
        raise
    receipts.settle(path, replace(receipt, result="answered"))
    return response.certificate_pem
