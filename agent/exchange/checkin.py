"""What was observed reaches the collector once, in order, or waits on disk until it can.

A report is in the spool before it is sent and leaves it after the collector's receipt. When the
collector holds something else than we think, it says so (SEND_FULL) and gets the whole again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.clock import Clock
from agent.exchange import progress as record
from agent.exchange.ledger import Ledger
from agent.exchange.progress import Progress
from agent.exchange.receipt import NO_ANSWER_YET, Receipt, Receipts
from agent.exchange.report import Observed
from agent.exchange.spool import Spool
from agent.exchange.times import in_range
from agent.exchange.transport import Transport
from agent.exchange.troubles import CollectorFailed, Rejected, TransportError
from agent.state import State
from agent.update import record as updates
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.posture_service_pb2 import (
    CheckInRequest,
    CheckInResponse,
    Command,
    Unchanged,
)

TAKEN = (wire.RECEIPT_STORED, wire.RECEIPT_UNCHANGED, wire.RECEIPT_QUARANTINED)
"""The collector has it. A quarantined report is not sent again by itself either: the next
"unchanged" lets the collector ask for it."""


@dataclass(slots=True)
class CheckIn:
    """One agent's side of the exchange. Use under `State.exclusive`.

    `commands` gathers what every answer asked for: one check-in may be several exchanges.
    """

    state: State
    transport: Transport
    clock: Clock
    observe: Callable[[], Observed]
    commands: list[Command] = field(default_factory=list)

    @property
    def spool(self) -> Spool:
        return Spool(self.state.path("spool"))

    def run(self) -> CheckInResponse:
        """Observe, keep, send. Returns the last response.

        Raises TransportError (what was observed is kept) and StateError.
        """
        observed = self.observe()
        known = self.spool.newest_digest() or bytes.fromhex(self._progress().accepted_digest)
        if observed.digest != known:
            self._keep(observed)
        try:
            return self._deliver(observed)
        except TransportError as error:
            record.save(self.state, replace(self._progress(), trouble=str(error)))
            raise

    def _deliver(self, observed: Observed) -> CheckInResponse:
        response = self._send_waiting()
        if response is None or response.receipt == wire.RECEIPT_SUPERSEDED:
            response = self._say_unchanged(observed)
        if response.receipt in (wire.RECEIPT_SEND_FULL, wire.RECEIPT_SUPERSEDED):
            self._keep(observed)
            response = self._send_waiting() or response
        return response

    def _keep(self, observed: Observed) -> None:
        self.spool.add(observed.report(record.next_sequence(self.state)))

    def _send_waiting(self) -> CheckInResponse | None:
        """Oldest first. None when nothing waited; a report that is rejected is put aside."""
        response, rejected = None, None
        for report in self.spool.reports():
            request = CheckInRequest(report=report)
            try:
                response = self._send(request)
            except Rejected as error:
                self.spool.put_aside(report.sequence)
                rejected = error
                continue
            self._settle(hashlib.sha256(report.posture).digest(), response)
            self.spool.remove(report.sequence)
        if rejected is not None and response is None:
            raise rejected
        return response

    def _say_unchanged(self, observed: Observed) -> CheckInResponse:
        sequence = record.next_sequence(self.state)
        unchanged = Unchanged(sequence=sequence, digest=observed.digest)
        unchanged.observed_at.FromDatetime(observed.observed_at)
        response = self._send(CheckInRequest(unchanged=unchanged))
        if response.receipt != wire.RECEIPT_SEND_FULL:
            self._settle(observed.digest, response)
        return response

    def _settle(self, digest: bytes, response: CheckInResponse) -> None:
        """Note what the collector now holds. A receipt we do not know accepts nothing."""
        if response.receipt in TAKEN:
            held = digest.hex()
        elif response.receipt == wire.RECEIPT_SUPERSEDED:
            held = ""
        else:
            raise CollectorFailed(
                f"the collector gave a receipt ({response.receipt}) that this agent cannot use"
            )
        record.save(self.state, replace(self._progress(), accepted_digest=held))

    def _send(self, request: CheckInRequest) -> CheckInResponse:
        """One exchange, with its receipt kept and its response learned from."""
        answer = record.last_answer(self.state)
        if answer is not None:
            request.answer_version = answer.answer_version
        ledger = Ledger(self.state)
        request.command_reports.extend(ledger.untold())
        told = updates.load(self.state).told()
        if told is not None:
            request.update_report.CopyFrom(told)
        receipts = Receipts.of(self.state)
        content = request.SerializeToString(deterministic=True)
        receipt = Receipt("check_in", self.clock(), NO_ANSWER_YET, content)
        path = receipts.add(receipt)
        try:
            response = self.transport.check_in(request)
        except TransportError as error:
            receipts.settle(path, replace(receipt, result=str(error)))
            raise
        receipts.settle(path, replace(receipt, result=receipt_word(response)))
        if not in_range(response):
            raise CollectorFailed("the collector's answer holds a time out of range")
        ledger.tell(request.command_reports)
        if told is not None:
            updates.heard(self.state, told)
        self.commands.extend(response.commands)
        self._learn(response)
        return response

    def _learn(self, response: CheckInResponse) -> None:
        now = self.clock()
        record.lift_sequence(self.state, response.accepted_sequence)
        changes = replace(
            self._progress(),
            checked_in_at=now,
            next_check_in_seconds=response.next_check_in_seconds,
            trouble="",
            connected=response.contact_mode == wire.CONTACT_MODE_CONNECTED,
        )
        if response.HasField("collector_time"):
            ahead = response.collector_time.ToNanoseconds() / 1e9 - now.timestamp()
            changes = replace(changes, collector_ahead_seconds=round(ahead, 1))
        if response.HasField("answer"):
            self.state.write(record.ANSWER, response.SerializeToString())
            changes = replace(changes, answered_at=now)
        record.save(self.state, changes)

    def _progress(self) -> Progress:
        return record.load(self.state)


def receipt_word(response: CheckInResponse) -> str:
    """The collector's receipt in one word.

    >>> receipt_word(CheckInResponse(receipt=wire.RECEIPT_STORED))
    'stored'
    """
    if response.receipt not in wire.Receipt.values():
        return f"receipt {response.receipt}"
    return wire.Receipt.Name(response.receipt).removeprefix("RECEIPT_").lower()
