"""What stays in memory as the service: it waits, and starts each check-in as a program of its own.

It loads neither gRPC nor protobuf nor the checks, asks the device nothing, and opens at most one
stream to the collector.
"""

import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from agent import config, identity
from agent.exchange import contact
from agent.exchange.listening import Listening
from agent.log import Log
from agent.loop import Loop, Stopped
from agent.memory import held_bytes
from agent.resting import Rest, elapsed
from agent.state import State
from agent.visits import Told

MOST_BYTES = 64 << 20
"""Several times what it needs: beyond it, it is ended and started anew."""


class TooLarge(Exception):
    """This process has grown beyond what it should ever need."""


@dataclass(frozen=True, slots=True)
class Service:
    """One device's."""

    state: State
    visits: Callable[[bool], Told]
    rest: Rest
    chance: random.Random
    log: Log
    held: Callable[[], int] = held_bytes

    def run(self, *, at_once: bool) -> int:
        """Until a signal ends it. Returns the exit status."""
        listening = Listening(self._listen, self.rest.sleep, elapsed, self.chance, self.log)
        loop = Loop(
            cycle=lambda: self._cycle(listening),
            sleep=self.rest.sleep,
            chance=self.chance,
            log=self.log,
            wait=lambda seconds: self.rest.through(listening.wait, seconds),
        )
        before = {number: signal.signal(number, _stop) for number in _ending()}
        try:
            loop.run(at_once=at_once)
        except TooLarge as error:
            self.log("the service ends, to be started anew", because=str(error))
            return 1
        except Stopped:
            self.log("stopped")
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def _cycle(self, listening: Listening) -> float:
        if (now := self.held()) > MOST_BYTES:
            raise TooLarge(f"it holds {now >> 20} MiB, more than {MOST_BYTES >> 20}")
        told = self.visits(listening.called)
        listening.wanted = told.connected
        return told.next_seconds

    def _listen(self, seconds: float) -> bool:
        """Read anew each time: a visit may have renewed the certificate."""
        settled = config.load(self.state)
        address = settled.check_in_address
        authority = self.state.read(identity.AUTHORITY) or b""
        shown = self.state.path(identity.CERTIFICATE), self.state.path(identity.KEY)
        with contact.secured(address, authority, shown, settled.proxy) as connection:
            from agent.exchange.holding import Stream  # of no use to a scheduled agent

            return Stream(connection, address, elapsed).wait(seconds)


def _ending() -> tuple[signal.Signals, ...]:
    """What service managers and people send; on Windows a service's console gets SIGBREAK."""
    if sys.platform == "win32":
        return (signal.SIGTERM, signal.SIGINT, signal.SIGBREAK)
    return (signal.SIGTERM, signal.SIGINT)


def _stop(number: int, frame: FrameType | None) -> None:
    """End wherever we are: what is on disk is always whole."""
    del frame
    raise Stopped(signal.Signals(number).name)
