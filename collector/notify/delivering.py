"""Whatever lies in the outbox is handed over, again and later each time, until taken or given up.

A way that cannot be reached holds up its own messages alone.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.clock import Clock
from collector.notify.chat import signed_body, slack_body, teams_body
from collector.notify.mail import MailServer
from collector.notify.taking import Channel, NotTaken, Send, Unreachable
from collector.notify.webhook import Webhook
from collector.store import Connection, Store, incidents, notifications
from collector.store.notifications import Notification
from collector.subscriptions import OWNERS, Kind, Subscriptions

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=2)
MOST_ATTEMPTS = 15
"""Somewhat more than a day with these waits."""
URGENT_WAIT = timedelta(minutes=5)
URGENT_ATTEMPTS = 2_016
"""A week."""
BODIES = {Kind.WEBHOOK: signed_body, Kind.SLACK: slack_body, Kind.TEAMS: teams_body}


def open_channels(told: Subscriptions) -> dict[str, Channel]:
    """By the name of whom they lead to. All mail goes by one server."""
    found: dict[str, Channel] = {}
    server = MailServer(told.mail) if told.mail is not None else None
    for each in told.subscribers:
        if each.kind is not Kind.MAIL:
            found[each.name] = Webhook(each, BODIES[each.kind])
        elif server is not None:
            found[each.name] = server
    if server is not None:
        found[OWNERS] = server
    return found


@dataclass(slots=True)
class Delivering:
    store: Store
    channels: Mapping[str, Channel]
    clock: Clock

    def deliver_due(self) -> int:
        """How many were taken. Blocks."""
        due = self.store.read(lambda c: notifications.due(c, self.clock(), MOST_AT_ONCE))
        ways: dict[int, tuple[Channel, list[Notification]]] = {}
        for each in due:
            channel = self.channels.get(each.target)
            if channel is None:
                self._refused(each, NotTaken("collector.toml names nobody so", lasting=True))
            else:
                ways.setdefault(id(channel), (channel, []))[1].append(each)
        return sum(self._by(channel, waiting) for channel, waiting in ways.values())

    def _by(self, channel: Channel, waiting: Sequence[Notification]) -> int:
        rest, taken = deque(waiting), 0
        try:
            with channel.open() as send:
                while rest:
                    taken += self._handed_over(send, rest[0])
                    rest.popleft()
        except Unreachable as trouble:
            for each in rest:
                self._refused(each, trouble)
        return taken

    def _handed_over(self, send: Send, each: Notification) -> bool:
        try:
            send(each, self.clock())
        except Unreachable:
            raise
        except NotTaken as trouble:
            self._refused(each, trouble)
            return False
        except ValueError:  # an address or a word that no mail can hold
            self._refused(each, NotTaken("it cannot be written as a message", lasting=True))
            return False
        self._taken(each)
        return True

    def _taken(self, each: Notification) -> None:
        now = self.clock()

        def change(c: Connection) -> None:
            notifications.taken(c, each.number, now)
            kind, _, number = each.about.partition(":")
            if each.urgent and kind == "incident":
                incidents.told(c, int(number), now)

        self.store.write(change)

    def _refused(self, each: Notification, trouble: NotTaken) -> None:
        now = self.clock()
        next_at = None if trouble.lasting else later(each, now)
        log.error(
            "A message could not be sent number=%d target=%s: %s",
            each.number,
            each.target,
            trouble,
        )
        number, why = each.number, str(trouble)
        self.store.write(lambda c: notifications.refused(c, number, now, why, next_at))


def later(each: Notification, now: datetime) -> datetime | None:
    """When it is tried again; None: it was tried often enough."""
    if each.attempts + 1 >= (URGENT_ATTEMPTS if each.urgent else MOST_ATTEMPTS):
        return None
    longest = URGENT_WAIT if each.urgent else LONGEST_WAIT
    wait: timedelta = min(FIRST_WAIT * 2 ** min(each.attempts, 20), longest)
    return now + wait
