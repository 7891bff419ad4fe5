"""A message that somebody asks for, to see whether it arrives."""

import secrets

from collector.store.notifications import Message, New
from collector.subscriptions import Subscriber, Subscriptions
from collector.translation import gettext, reading

TOPIC = "test"


def subscriber_named(told: Subscriptions, name: str) -> Subscriber | None:
    return next((each for each in told.subscribers if each.name == name), None)


def trial_of(subscriber: Subscriber, who: str) -> list[New]:
    """One to each address, other ones each time."""
    with reading(subscriber.language):
        message = Message(
            gettext("Test message of Muster"),
            gettext("%(who)s asked for this message to see whether it arrives.", who=who),
            language=subscriber.language.value,
        )
    mark = secrets.token_hex(8)
    return [
        New(f"test:{mark}:{address}", TOPIC, subscriber.name, message, address)
        for address in subscriber.addresses
    ]
