"""A message in the form that a webhook or a chat takes, so that none of it is taken for a command.

Slack: https://api.slack.com/docs/message-formatting, three characters are entities; Mattermost and
others take the same form. Teams: an Adaptive Card in the envelope of an incoming webhook; its
TextBlock reads Markdown, a TextRun does not.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from collector.store.notifications import Message, Notification

MOST_CHARACTERS = 3_500
LARGEST_CARD = 24_000
"""Teams takes 28 kB."""
CUT = "…"
CARD = "application/vnd.microsoft.card.adaptive"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


def signed_body(notification: Notification, at: datetime) -> Mapping[str, object]:
    """What a program gets: what the message is made of, and a key that never comes with another."""
    message = _of(notification)
    body = dict(message.data)
    if not body:
        body = {
            "topic": notification.topic,
            "subject": message.subject,
            "lead": message.lead,
            "items": [
                {"title": item.title, "lines": list(item.lines), "link": item.link}
                for item in message.items
            ],
            "link": message.link,
        }
    sent_at = at.isoformat(timespec="seconds")
    return {**body, "key": notification.dedup_key, "sent_at": sent_at}


def slack_body(notification: Notification, _at: datetime) -> Mapping[str, object]:
    message = _of(notification)
    lines = [f"*{_code(message.subject)}*", *([_slack(message.lead)] if message.lead else [])]
    for item in message.items:
        lines += [f"• {_code(item.title)}", *(f"   {_code(line)}" for line in item.lines)]
    lines += [_slack(message.closing)] if message.closing else []
    text = _cut("\n".join(lines), MOST_CHARACTERS)
    if message.link:
        text += f"\n<{_slack(message.link)}|{_slack(message.link_words)}>"
    return {"text": text, "unfurl_links": False, "unfurl_media": False}


def teams_body(notification: Notification, _at: datetime) -> Mapping[str, object]:
    message = _of(notification)
    blocks = [_run(message.subject, weight="Bolder", size="Medium")]
    blocks += [_run(message.lead)] if message.lead else []
    for item in message.items:
        blocks.append(_run(item.title, weight="Bolder"))
        blocks += [_run(line) for line in item.lines]
    blocks += [_run(message.closing)] if message.closing else []
    while len(json.dumps(blocks)) > LARGEST_CARD:
        blocks = [*blocks[: len(blocks) // 2], _run(CUT)]
    card: dict[str, object] = {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    if message.link:
        title = message.link_words
        card["actions"] = [{"type": "Action.OpenUrl", "title": title, "url": message.link}]
    attachment = {"contentType": CARD, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _of(notification: Notification) -> Message:
    return notification.message or Message(notification.subject)


def _slack(text: str) -> str:
    """
    >>> _slack("<!channel> & more")
    '&lt;!channel&gt; &amp; more'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str) -> str:
    """What a device may have named itself: no link, no mark-up and no mention comes of it.

    >>> _code("lap *1* `x`\\nhttps://evil.example <@U1>")
    "`lap *1* 'x' https://evil.example &lt;@U1&gt;`"
    """
    plain = " ".join(text.replace("`", "'").split())
    return f"`{_slack(plain)}`" if plain else ""


def _run(text: str, **style: str) -> dict[str, object]:
    return {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": text[:2_000], **style}],
    }


def _cut(text: str, most: int) -> str:
    """Whole lines only: half an entity would be none."""
    while len(text) > most:
        head, newline, _ = text.removesuffix(f"\n{CUT}").rpartition("\n")
        text = f"{head}\n{CUT}" if newline else f"{text[: most - 1]}{CUT}"
    return text
