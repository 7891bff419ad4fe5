"""One visit to the collector: check in, do what it asks if that is allowed, renew when it is time.

Each visit opens its own connection, so between two of them nothing is held and nothing listens.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent import config, identity
from agent.exchange import orders
from agent.exchange import progress as record
from agent.exchange.checkin import CheckIn, receipt_word
from agent.exchange.progress import Clock
from agent.exchange.renewal import renew_when_due
from agent.exchange.report import Observed
from agent.exchange.transport import Credentials, Transport, TransportError
from agent.log import Log
from agent.state import State
from protos.posture.v1.posture_service_pb2 import CheckInResponse

MOST_CHECK_INS = 3
"""In one visit, however many commands the collector sends."""

CHECKED_IN = "checked in"
"""What the log says after each exchange."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How one agent visits its collector; `observe` looks at the device anew each time."""

    state: State
    connect: Callable[[str, Credentials], Transport]
    observe: Callable[[], Observed]
    clock: Clock
    log: Log

    def run(self) -> CheckInResponse:
        """Raises TransportError and StateError; what was observed is then kept in the spool."""
        with self.state.exclusive():
            settled = config.load(self.state)
            credentials = Credentials.of(identity.load(self.state))
            transport = self.connect(settled.check_in_address, credentials)
            try:
                response = self._check_in(transport)
                self._renew(transport, settled.device_id)
            finally:
                transport.close()
        return response

    def _check_in(self, transport: Transport) -> CheckInResponse:
        exchange = CheckIn(self.state, transport, self.clock, self.observe)
        for _ in range(MOST_CHECK_INS):
            response = exchange.run()
            self.log(
                CHECKED_IN,
                receipt=receipt_word(response),
                sequence=response.accepted_sequence,
                next_seconds=response.next_check_in_seconds,
            )
            if not self._check_now(response):
                break
        return response

    def _check_now(self, response: CheckInResponse) -> bool:
        """Note every due command as done before doing it: at most once, also after a crash."""
        again = False
        progress = record.load(self.state)
        for command in orders.due(response.commands, progress.commands_done, self.clock()):
            progress = progress.with_command(command.id)
            record.save(self.state, progress)
            if command.action in orders.DOES:
                self.log("the collector asks for a check now", command=command.id)
                again = True
            else:
                word = orders.word(command)
                self.log("a command this version does not carry out", action=word)
        return again

    def _renew(self, transport: Transport, device_id: str) -> None:
        """A renewal that does not succeed is tried again next time; there are weeks for it."""
        try:
            if renew_when_due(self.state, transport, self.clock, device_id):
                self.log("renewed the certificate")
        except TransportError as error:
            self.log("renewing the certificate did not succeed", because=str(error))
