"""The streams of connected agents: one a device, as many as one collector holds, no word on them.

A stream carries nothing but "come and check in". It ends when its device or its certificate is
not admitted any more, and a device that opens another takes the place of its own.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import grpc

from collector.clock import Clock
from collector.service.caller import Caller
from collector.service.edge import Refused
from collector.store import Store, StoreError, commands, standing

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
WINDOW = timedelta(seconds=10)
"""How far back each look for new commands goes: clocks and commits are not of one moment."""
SHARE = 3
"""Every stream's right to be there is looked up within so many looks."""
FEWEST = 500
FULL_RETRY_SECONDS = 600


@dataclass(slots=True, eq=False)
class Stream:
    """One device's."""

    caller: Caller
    ended: Refused | None = None
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def call(self) -> None:
        self._called.set()

    def end(self, status: grpc.StatusCode, because: str) -> None:
        self.ended = Refused(status, because)
        self._called.set()

    async def wait(self, seconds: float) -> None:
        """For a notice. Raises TimeoutError after so many seconds, Refused when it is to end."""
        async with asyncio.timeout(seconds):
            await self._called.wait()
        self._called.clear()
        if self.ended is not None:
            raise self.ended


class Streams:
    """Used from the event loop; holds the devices that are connected."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_device: dict[str, Stream] = {}

    def __len__(self) -> int:
        return len(self._by_device)

    def __contains__(self, device_id: object) -> bool:
        return device_id in self._by_device

    def admits(self, device_id: str) -> bool:
        """Whether there is room for the device."""
        return device_id in self._by_device or len(self._by_device) < self._most

    def all(self) -> list[Stream]:
        return list(self._by_device.values())

    @contextmanager
    def one(self, caller: Caller) -> Iterator[Stream]:
        """Raises Refused where there is no room."""
        if not self.admits(caller.device_id):
            raise Refused(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "this collector holds as many connections as it may: check in as scheduled",
                FULL_RETRY_SECONDS,
            )
        before = self._by_device.get(caller.device_id)
        if before is not None:
            before.end(grpc.StatusCode.ABORTED, "the device has opened another stream")
        stream = self._by_device[caller.device_id] = Stream(caller)
        try:
            yield stream
        finally:
            if self._by_device.get(caller.device_id) is stream:
                del self._by_device[caller.device_id]

    def close(self) -> None:
        """End all of them, and take no more: the collector stops."""
        self._most = 0
        for stream in self.all():
            stream.end(grpc.StatusCode.UNAVAILABLE, "the collector stops")

    def call(self, device_id: str) -> None:
        stream = self._by_device.get(device_id)
        if stream is not None:
            stream.call()


class Watch:
    """Calls the devices that were asked for something, and ends what is not admitted any more.

    It reads the store, so that it does not matter which process asked or revoked.
    """

    def __init__(self, store: Store, streams: Streams, clock: Clock) -> None:
        self._store = store
        self._streams = streams
        self._clock = clock
        self._called: frozenset[str] = frozenset()
        self._next = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if len(self._streams):
                try:
                    await self.look()
                except StoreError as error:
                    log.warning("The streams could not be looked after: %s", error)

    async def look(self) -> None:
        now, due = self._clock(), self.due()
        serials = [stream.caller.serial for stream in due]
        waiting, good = await asyncio.to_thread(
            self._store.read,
            lambda c: (
                commands.waiting_since(c, now - WINDOW),
                standing.good_serials(c, serials, now),
            ),
        )
        for command_id, device_id in waiting.items():
            if command_id not in self._called:
                self._streams.call(device_id)
        self._called = frozenset(waiting)
        for stream in due:
            if stream.caller.serial not in good:
                words = "this certificate or device is not admitted any more"
                stream.end(grpc.StatusCode.PERMISSION_DENIED, words)

    def due(self) -> list[Stream]:
        """The next share of all streams, in turn."""
        held = self._streams.all()
        count = max(FEWEST, -(-len(held) // SHARE))
        begin = self._next if self._next < len(held) else 0
        self._next = begin + count
        return held[begin : begin + count]
