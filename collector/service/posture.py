"""Check-ins and renewals: answered for the device in the certificate, durable before answered."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import grpc
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection

from collector import contact, ingest, releasing
from collector.audit.entry import Action, Actor, ActorKind, Entry
from collector.audit.entry import Outcome as Written
from collector.clock import Clock
from collector.contact import Contact, FleetSize
from collector.identity.authority import Authority, DeviceCertificate
from collector.identity.certifying import certify
from collector.identity.signing_request import RequestRefused, public_key_of
from collector.ingest import Delivery, NotInService, Outcome, Unacceptable
from collector.policy.keeping_in_touch import ContactMode
from collector.policy_in_force import PolicyReader
from collector.service import edge, wire
from collector.service.caller import Caller, NotAdmitted, admitted, caller_of
from collector.service.edge import Context, Refused, malformed, slow_down
from collector.service.noting import Noting
from collector.service.streams import Streams
from collector.service.throttle import Buckets, Concurrency, network_of
from collector.settings import MOST_STREAMS
from collector.store import Store
from collector.store.commands import Command, Told
from collector.store.releases import Update
from collector.store.standing import Standing
from protos.posture.v1 import posture_service_pb2 as messages

log = logging.getLogger(__name__)

SPREAD = 0.1
"""The next check-in is this share sooner or later, so that a fleet does not come at once."""

STREAM_SECONDS = 2_900
"""A stream ends by itself before its connection is too old (`listening.OPTIONS`), give or take."""


Said = tuple[Delivery, Sequence[Told], Update | None]
"""What one check-in brought: the posture, what became of commands, and of a release."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one check-in came to, in its transaction."""

    outcome: Outcome
    seconds: int
    commands: Sequence[Command]
    mode: ContactMode
    release: str = ""


@dataclass(frozen=True, slots=True)
class PostureService:
    """`chance` spreads the fleet; nothing secret hangs on it."""

    store: Store
    authority: Authority
    clock: Clock
    noting: Noting
    chance: random.Random = field(default_factory=random.Random)
    policy: PolicyReader = field(default_factory=PolicyReader)
    calls: Buckets = field(default_factory=lambda: Buckets(burst=30, per_second=1))
    reports: Buckets = field(default_factory=lambda: Buckets(burst=60, per_second=1 / 120))
    running: Concurrency = field(default_factory=lambda: Concurrency(2))
    fleet: FleetSize = field(default_factory=FleetSize)
    offers: releasing.Offers = field(default_factory=releasing.Offers)
    streams: Streams = field(default_factory=lambda: Streams(MOST_STREAMS))

    def rpc(self) -> grpc.GenericRpcHandler:
        methods = {"CheckIn": self.check_in, "RenewCertificate": self.renew}
        return edge.service("posture.v1.PostureService", methods, {"Listen": self.listen})

    async def check_in(self, request: bytes, context: Context) -> messages.CheckInResponse:
        with self._admitted(context) as caller:
            asked = edge.parse(messages.CheckInRequest, request)
            delivery, told = wire.delivery(asked), wire.told(asked)
            update = wire.update(asked, caller.device_id, self.clock())
            if delivery.posture is not None and (wait_seconds := self.reports.take(caller.name)):
                raise slow_down(wait_seconds)  # each is kept, so a device's changes are bounded
            async with self._watched(caller, context):
                taken = await self.store.submit(
                    lambda c: self._take(c, caller, (delivery, told, update))
                )
            outcome = taken.outcome
            for each in outcome.anomalies:
                await self._note_anomaly(caller, context, each.kind, each.what)
            answer = wire.response(outcome, delivery.held_answer, self.clock())
            answer.next_check_in_seconds = taken.seconds
            answer.commands.extend(wire.command(each) for each in taken.commands)
            if taken.release:
                answer.may_install = taken.release
            connects = taken.mode is ContactMode.CONNECTED
            if connects and self.streams.admits(caller.device_id):
                answer.contact_mode = messages.CONTACT_MODE_CONNECTED
            else:
                answer.contact_mode = messages.CONTACT_MODE_SCHEDULED
            return answer

    async def listen(self, request: bytes, context: Context) -> None:
        """Hold the stream of a connected agent; it is called when there is something to do."""
        edge.parse(messages.ListenRequest, request)
        with self._admitted(context) as caller:
            async with self._watched(caller, context):
                waits = await asyncio.to_thread(self.store.read, lambda c: self._waits(c, caller))
        with self.streams.one(caller) as stream:
            await context.send_initial_metadata(())
            if waits:
                stream.call()
            ends_at = asyncio.get_running_loop().time() + self._spread(STREAM_SECONDS)
            with suppress(TimeoutError):  # it has lasted; the agent opens another
                while True:
                    await stream.wait(ends_at - asyncio.get_running_loop().time())
                    await context.write(messages.Notice().SerializeToString())

    def _waits(self, c: Connection, caller: Caller) -> bool:
        """Whether a command waits for the device. Refused where it may hold no stream."""
        now = self.clock()
        known = admitted(c, caller, now)
        standing, policy = known.standing, self.policy.newest(c, known.policy_version)
        connected = contact.mode(c, policy, standing.device_id) is ContactMode.CONNECTED
        if standing.quarantined_because or not connected:
            words = "this device checks in as scheduled: it holds no stream"
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION, words)
        return known.is_asked

    async def renew(self, request: bytes, context: Context) -> messages.RenewCertificateResponse:
        with self._admitted(context) as caller:
            asked = edge.parse(messages.RenewCertificateRequest, request)
            try:
                key = public_key_of(asked.csr)
            except RequestRefused as refused:
                raise malformed(str(refused)) from refused

            async with self._watched(caller, context):
                signed = await self._sign(caller, context, key)
            log.info("A certificate was renewed serial=%s by=%s", signed.serial, caller.serial)
            return messages.RenewCertificateResponse(
                certificate_pem=signed.pem, authority_pem=self.authority.pem
            )

    async def _sign(
        self, caller: Caller, context: Context, key: ec.EllipticCurvePublicKey
    ) -> DeviceCertificate:
        """Written down before it is done; a bearer who is not admitted gets no such line."""

        def ask(c: Connection) -> str:
            return admitted(c, caller, self.clock()).standing.device_id

        device_id = await asyncio.to_thread(self.store.read, ask)
        entry = Entry(
            Action.CERTIFICATE_ISSUED,
            _actor(caller, context),
            subject=f"device:{device_id}",
            detail={"renews": caller.serial},
        )
        await self.noting.require(entry)

        def sign(c: Connection) -> DeviceCertificate:
            now = self.clock()
            device_id = admitted(c, caller, now).standing.device_id
            return certify(c, self.authority, device_id, key, now)

        try:
            return await self.store.submit(sign)
        except Exception:
            await self.noting.note(replace(entry, outcome=Written.FAILED))
            raise

    @asynccontextmanager
    async def _watched(self, caller: Caller, context: Context) -> AsyncIterator[None]:
        """A certificate of ours that admits nobody any more is something to look into."""
        try:
            yield
        except NotAdmitted as refused:
            await self._note_anomaly(caller, context, refused.kind, f"serial {caller.serial}")
            raise

    async def _note_anomaly(self, caller: Caller, context: Context, kind: str, what: str) -> None:
        entry = Entry(
            Action.DEVICE_ANOMALY,
            _actor(caller, context),
            Written.DENIED if "certificate" in kind else Written.DONE,
            f"device:{caller.device_id}",
            {"kind": kind, "what": what},
        )
        await self.noting.note(entry, once=f"{caller.serial} {kind}")

    def _take(self, c: Connection, caller: Caller, said: Said) -> Taken:
        now, (delivery, told, update) = self.clock(), said
        known = admitted(c, caller, now)
        policy = self.policy.newest(c, known.policy_version)
        size = self.fleet.size(c, now)
        seconds = self._spread(contact.interval_seconds(policy.check_in_minutes, size))
        back_at = now + timedelta(seconds=seconds)
        try:
            outcome = ingest.check_in(c, policy, known.standing, delivery, now, back_at)
        except NotInService as gone:
            raise Refused(grpc.StatusCode.PERMISSION_DENIED, str(gone)) from gone
        except Unacceptable as wrong:
            raise malformed(str(wrong)) from wrong
        given = contact.keep(c, Contact(known.standing, told, known.is_asked), now)
        release = self._release(c, known.standing, update, now)
        mode = contact.mode(c, policy, known.standing.device_id)
        return Taken(outcome, seconds, given, mode, release)

    def _release(
        self, c: Connection, standing: Standing, update: Update | None, now: datetime
    ) -> str:
        """What the device may take; one in quarantine is neither believed nor given anything."""
        if standing.quarantined_because:
            return ""
        believed = update is not None and releasing.was_let(c, update, standing.platform)
        if update is not None and believed and releasing.take(c, update):
            self.offers.forget()
        return self.offers.version_for(c, standing.device_id, standing.platform, now)

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


def _actor(caller: Caller, context: Context) -> Actor:
    """The device that the handshake proved, whatever the request says."""
    return Actor(ActorKind.DEVICE, caller.device_id, network_of(context.peer()))
