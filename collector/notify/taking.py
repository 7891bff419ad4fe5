"""What a way to tell people promises: a message was taken, or it says why it was not."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from collector.store.notifications import Notification

Send = Callable[[Notification, datetime], None]
"""Hand one message over. Raises NotTaken."""


class NotTaken(Exception):
    """This message was not taken; str() says why. `lasting`: it will not be, however often."""

    def __init__(self, why: str, *, lasting: bool = False) -> None:
        super().__init__(why)
        self.lasting = lasting


class Unreachable(NotTaken):
    """Nothing can be handed over by this way now."""


class Channel(Protocol):
    """A way. Blocks for seconds at the most."""

    def open(self) -> AbstractContextManager[Send]:
        """For several messages in a row. Raises Unreachable."""
