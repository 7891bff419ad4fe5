"""What people were told, what waits and what was given up; a test, and another try."""

from typing import Any

from collector.audit.entry import Action
from collector.notify.asked import subscriber_named, trial_of
from collector.store import Connection, notifications
from collector.store.notifications import Notification
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import Wrong, conflict, not_found, unfit


async def list_notifications(call: Call) -> Several:
    cursor, limit = call.query["cursor"], call.query["limit"]
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 16):
        what = "give `next` of the page before as it was, or leave it out"
        raise unfit([Wrong("cursor", what)])
    before, failed = int(cursor) if cursor else None, call.query["only"] == "failed"

    def find(c: Connection) -> list[Notification]:
        return notifications.newest(c, failed_only=failed, before=before, limit=limit + 1)

    found = await call.read(find)
    page = found[:limit]
    following = str(page[-1].number) if len(found) > limit else None
    return Several([_shown(each) for each in page], following)


async def test(call: Call) -> One:
    """To one subscriber of the settings; no address comes with the request."""
    subscriber = subscriber_named(call.site.keeping.told, call.body["subscriber"])
    if subscriber is None:
        raise unfit([Wrong("subscriber", "give a name that collector.toml has")])
    new = trial_of(subscriber, call.bearer.username)
    count = await call.change(
        Action.NOTIFICATION_TESTED,
        f"subscriber:{subscriber.name}",
        {},
        lambda c: notifications.add(c, new, call.now, call.now),
    )
    return One({"subscriber": subscriber.name, "messages": count})


async def retry(call: Call) -> One:
    number = int(call.path["number"])
    found = await call.read(lambda c: notifications.get(c, number))
    if found is None:
        raise not_found()
    if found.sent_at is not None:
        raise conflict("It was sent already.")

    def again(c: Connection) -> Notification | None:
        notifications.retry(c, number, call.now)
        return notifications.get(c, number)

    subject = f"notification:{number}"
    after = await call.change(Action.NOTIFICATION_RETRIED, subject, {}, again)
    if after is None:  # it was forgotten meanwhile
        raise not_found()
    return One(_shown(after))


def _shown(each: Notification) -> dict[str, Any]:
    return {
        "number": each.number,
        "topic": each.topic,
        "subscriber": each.target,
        "address": each.address,
        "subject": each.subject,
        "created_at": each.created_at,
        "attempts": each.attempts,
        "next_at": each.next_at,
        "sent_at": each.sent_at,
        "failed_at": each.failed_at,
        "trouble": each.trouble,
    }
