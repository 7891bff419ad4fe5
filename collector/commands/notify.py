"""`muster-collector notify`: who is told of what, what was sent, and what was not."""

from functools import partial
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import as_json, fitted, indented, plain, say

if TYPE_CHECKING:
    from datetime import datetime

    from collector.store import Store
    from collector.store.notifications import Notification
    from collector.subscriptions import Subscriptions


@click.group(cls=CommandList, epilog="Example: muster-collector notify list --failed")
def notify() -> None:
    """See what people were told, try a way to tell them, and send again."""


@notify.command("list", epilog="Example: muster-collector notify list --failed --json")
@click.option("--failed", "failed_only", is_flag=True, help="Only what was given up.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, help="How many, the newest.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_notifications(
    around: Surroundings, /, failed_only: bool, limit: int, wants_json: bool
) -> None:
    """List what was sent and what waits, newest first."""
    from collector.store import notifications

    with around.reading("notify list") as store:
        found = store.read(lambda c: notifications.newest(c, failed_only=failed_only, limit=limit))
    if wants_json:
        say(as_json({"notifications": [fields_of(each) for each in found]}))
    elif not found:
        say("Nothing was given up." if failed_only else "Nothing was sent yet.")
    else:
        say(f"{'NO':>6}  {'WHEN':18}{'STATE':10}{'TO'}")
        for each in found:
            to = each.address or each.target
            say(
                f"{each.number:>6}  {each.created_at:%Y-%m-%d %H:%M}  "
                f"{each.state:10}{fitted(to, 40).rstrip()}"
            )
            say(indented(plain(each.subject), 8))
            if each.trouble:
                say(indented(plain(each.trouble), 8))


@notify.command(epilog="Example: muster-collector notify test it")
@click.argument("name")
@click.pass_obj
def test(around: Surroundings, /, name: str) -> None:
    """Send a test message to a subscriber now, and say what the server answers."""
    from collector.notify.asked import subscriber_named, trial_of
    from collector.notify.delivering import open_channels
    from collector.notify.taking import NotTaken
    from collector.store import notifications

    around.must_be_there()
    told = _told(around)
    subscriber = subscriber_named(told, name)
    if subscriber is None:
        names = ", ".join(each.name for each in told.subscribers) or "nobody"
        raise BadInput(f"collector.toml names no {name!r}; it names {names}")
    new, now = trial_of(subscriber, around.who()), around.clock()
    with around.store() as store, around.noting("notification.tested", f"subscriber:{name}"):
        store.write(lambda c: notifications.add(c, new, now, now))
        keys = {each.key for each in new}
        waiting = [each for each in store.read(notifications.newest) if each.dedup_key in keys]
        try:
            with open_channels(told)[name].open() as send:
                for each in waiting:
                    send(each, now)
                    store.write(partial(notifications.taken, number=each.number, at=now))
        except NotTaken as trouble:
            _give_up(store, waiting, str(trouble), now)
            raise Trouble(f"{name}: {trouble}") from trouble
    say(f"Sent to {', '.join(each for each in subscriber.addresses if each) or name}.")


@notify.command(epilog="Example: muster-collector notify retry 17")
@click.argument("number", type=click.IntRange(1))
@click.pass_obj
def retry(around: Surroundings, /, number: int) -> None:
    """Have the collector try again to send what was given up."""
    from collector.store import notifications

    with around.store() as store:
        found = store.read(lambda c: notifications.get(c, number))
        if found is None:
            raise BadInput(f"there is no notification {number} (see notify list)")
        if found.sent_at is not None:
            raise BadInput(f"notification {number} was sent already")
        with around.noting("notification.retried", f"notification:{number}"):
            store.write(lambda c: notifications.retry(c, number, around.clock()))
    say(f"Notification {number} is tried again at once, while the collector runs.")


def fields_of(each: "Notification") -> dict[str, object]:
    names = (
        *("number", "topic", "target", "address", "about", "subject", "urgent", "created_at"),
        *("next_at", "attempts", "sent_at", "failed_at", "trouble"),
    )
    return {name: getattr(each, name) for name in names} | {"state": each.state}


def _give_up(store: "Store", all_: "list[Notification]", why: str, now: "datetime") -> None:
    """What a person waits for is not tried again behind their back."""
    from collector.store import Connection, notifications

    def change(c: Connection) -> None:
        for each in all_:
            held = notifications.get(c, each.number)
            if held is not None and held.sent_at is None:
                notifications.refused(c, each.number, now, why, None)

    store.write(change)


def _told(around: Surroundings) -> "Subscriptions":
    from collector.config import ConfigError
    from collector.settings import read_settings

    try:
        return read_settings(around.folder).told
    except ConfigError as error:
        raise BadInput(str(error)) from error


COMMAND = notify
