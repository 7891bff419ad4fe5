"""A person asks a device for something: whether that is possible, and in words what becomes of it.

A screen is never said to be locked because somebody asked for it: only the device says so.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from collector.model import Device
from collector.store import commands
from collector.store.commands import Command, CommandAction, CommandOutcome, Wish
from collector.translation import Text, gettext
from collector.wording import ago, exact, sentence_end

MOST_LOCKS = 5
"""One person's, in an hour: locking a fleet is no help desk's work."""
HOUR = timedelta(hours=1)
LONGEST_REASON = 500
ACTIONS = {CommandAction.CHECK_NOW: "Check now", CommandAction.LOCK_SCREEN: "Lock the screen"}


class NotAsked(Exception):
    """The device cannot be asked; str() says why and what to do."""


def wish(device: Device, action: CommandAction, asked_by: str, reason: str = "") -> Wish:
    """Raises NotAsked."""
    told = " ".join(reason.split())
    if device.retired_at is not None:
        raise NotAsked(Text("The device is retired: it is not let in any more."))
    if device.quarantined_because:
        raise NotAsked(Text("The device is in quarantine: release it first."))
    if action is CommandAction.LOCK_SCREEN and not told:
        raise NotAsked(Text("Say why the screen is to be locked: it is kept in the audit log."))
    if len(told) > LONGEST_REASON or not told.isprintable():
        raise NotAsked(
            Text("Give the reason in at most %(most)s printable characters.", most=LONGEST_REASON)
        )
    return Wish(device.device_id, action, asked_by, told)


def ask(c: Connection, wished: Wish, now: datetime) -> tuple[Command, bool]:
    """As `commands.ask`; raises NotAsked when the person has locked too many."""
    if wished.action is CommandAction.LOCK_SCREEN:
        lately = commands.count_asked(c, wished.asked_by, wished.action, now - HOUR)
        if lately >= MOST_LOCKS:
            raise NotAsked(
                Text(
                    "You have locked %(num)s screens within an hour: wait a while.", num=MOST_LOCKS
                )
            )
    return commands.ask(c, wished, now)


def reached(device: Device, now: datetime, minutes: int, *, connected: bool) -> str:
    """When what is asked for now will be at the device."""
    if connected:
        return gettext("The device holds a connection: it hears of it within seconds.")
    if device.last_seen_at is None or device.last_report_at is None:
        return gettext("The device has not reported yet: it hears of it at its first contact.")
    next_at = device.next_contact_at or device.last_seen_at + timedelta(minutes=minutes)
    if next_at < now:
        return gettext(
            "The device was expected at %(at)s and has not been in touch: "
            "it hears of it when it is back.",
            at=exact(next_at),
        )
    return gettext(
        "The device hears of it at its next contact, at about %(at)s.", at=exact(next_at)
    )


def became(asked: Command, now: datetime) -> str:
    """What became of it so far."""
    if asked.done_at is not None:
        return _ended(asked, ago(asked.done_at, now))
    if asked.delivered_at is None and now >= asked.expires_at:
        return gettext("Ended: the device was not in touch within a day.")
    if asked.is_lost(now) or now >= asked.expires_at:
        return gettext(
            "The device took it and has not said what became of it. Ask again if needed."
        )
    if asked.delivered_at is not None:
        sent = ago(asked.delivered_at, now)
        return gettext("Sent %(when)s; the device has not answered yet.", when=sent)
    return gettext("Waits for the device.")


def _ended(asked: Command, when: str) -> str:
    """In the reader's language; the device's own account in the words of the device."""
    said = _outcome(asked, when)
    return f"{said} {sentence_end(asked.because)}." if asked.because else said


def _outcome(asked: Command, when: str) -> str:
    match asked.outcome, asked.action:
        case CommandOutcome.DONE, CommandAction.LOCK_SCREEN:
            return gettext("Locked %(when)s.", when=when)
        case CommandOutcome.DONE, _:
            return gettext("Done %(when)s.", when=when)
        case CommandOutcome.EXPIRED, _:
            return gettext("Not done: it came too late.")
        case CommandOutcome.NOT_POSSIBLE, _:
            return gettext("Not possible on this device.")
    return gettext("Not done.")
