"""One visit to the collector: check in, do what it asks if that is allowed, renew when it is time.

Each visit opens its own connection, so between two of them nothing is held and nothing listens.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from agent import config, identity
from agent.clock import Clock
from agent.exchange import orders
from agent.exchange.checkin import CheckIn, receipt_word
from agent.exchange.ledger import Ledger
from agent.exchange.orders import Done
from agent.exchange.renewal import renew_when_due
from agent.exchange.report import Observed
from agent.exchange.transport import Credentials, Transport
from agent.exchange.troubles import TransportError
from agent.log import Log
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.posture_service_pb2 import CheckInResponse, Command

MOST_CHECK_INS = 3
"""In one go, however many commands the collector sends."""

CHECKED_IN = "checked in"
"""What the log says after each exchange."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How one agent visits its collector; `observe` looks at the device anew each time.

    `lock` locks the screen and says what came of it. `afterwards` is done after each visit, also
    one that did not succeed. `offered` hears which release this device may take, "" for none, and
    says whether there is something to tell.
    """

    state: State
    connect: Callable[[str, Credentials], Transport]
    observe: Callable[[], Observed]
    clock: Clock
    log: Log
    lock: Callable[[], Done]
    afterwards: Callable[[], None] = lambda: None
    offered: Callable[[str], bool] = lambda _: False

    def run(self, *, called: bool = False) -> CheckInResponse:
        """Raises TransportError and StateError; what was observed is then kept in the spool.

        `called`: the collector asked for this visit, so that what is seen at its beginning is what
        was asked for; else a check now observes again.
        """
        with self.state.exclusive():
            settled = config.load(self.state)
            credentials = Credentials.of(identity.load(self.state), settled.proxy)
            transport = self.connect(settled.check_in_address, credentials)
            try:
                observe = cache(self.observe) if called else self.observe
                response = self._check_in(transport, observe)
                renewed = self._renew(transport, settled.device_id)
                # Last: what it fetches may take longer than a visit may, at every visit. This
                # connection shows the certificate that it began with.
                if not renewed and self.offered(response.may_install):
                    response = self._check_in(transport, observe)
                    self.offered(response.may_install)
            finally:
                transport.close()
                self.afterwards()
        return response

    def _check_in(self, transport: Transport, observe: Callable[[], Observed]) -> CheckInResponse:
        exchange = CheckIn(self.state, transport, self.clock, observe)
        for _ in range(MOST_CHECK_INS):
            response = exchange.run()
            self.log(
                CHECKED_IN,
                receipt=receipt_word(response),
                sequence=response.accepted_sequence,
                next_seconds=response.next_check_in_seconds,
            )
            given, exchange.commands = exchange.commands, []
            if not self._obey(given):
                break
        return response

    def _obey(self, given: Iterable[Command]) -> bool:
        """Write each down before doing it: at most once, also after a crash.

        True when there is something to tell, which the next check-in of this visit does.
        """
        ledger = Ledger(self.state)
        fresh = orders.new(given, ledger.ids(), self.clock())
        for command in fresh:
            if ledger.is_full(self.clock()):
                self.log("too many commands at once", action=orders.word(command))
                break
            ledger.begin(command, self.clock())
            done = self._done(command)
            ledger.settle(command.id, done)
            self.log(
                "the collector asked for something",
                action=orders.word(command),
                outcome=wire.CommandOutcome.Name(done.outcome),
                because=done.because,
            )
        return bool(fresh)

    def _done(self, command: Command) -> Done:
        if orders.is_late(command, self.clock()):
            return Done(wire.COMMAND_OUTCOME_EXPIRED, "it came after its end, by this clock")
        if command.action == wire.ACTION_CHECK_NOW:
            return Done(wire.COMMAND_OUTCOME_DONE)  # the next check-in of this visit is it
        if command.action == wire.ACTION_LOCK_SCREEN:
            return self._lock()
        return Done(wire.COMMAND_OUTCOME_NOT_POSSIBLE, "this version does no such thing")

    def _lock(self) -> Done:
        """This one is in the ledger already."""
        begun = Ledger(self.state).begun_lately(wire.ACTION_LOCK_SCREEN, self.clock())
        if begun > orders.MOST_LOCKS:
            because = f"the screen was locked {orders.MOST_LOCKS} times within the hour"
            return Done(wire.COMMAND_OUTCOME_NOT_POSSIBLE, because)
        return self.lock()

    def _renew(self, transport: Transport, device_id: str) -> bool:
        """A renewal that does not succeed is tried again next time; there are weeks for it."""
        try:
            if renew_when_due(self.state, transport, self.clock, device_id):
                self.log("renewed the certificate")
                return True
        except TransportError as error:
            self.log("renewing the certificate did not succeed", because=str(error))
        return False
