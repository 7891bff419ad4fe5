"""Tells a program that a pack is there and where to fetch it; signed as every webhook of ours."""

import http.client
import json
from datetime import datetime

from collector.export.delivery.parcel import Parcel
from collector.export.manifest import sha256_of
from collector.export.safe import moment
from collector.export_settings import WebhookTarget
from collector.notify.taking import NotTaken, Unreachable
from collector.notify.webhook import SIGNATURE, post, signature


class Webhook:
    """`key` in what is posted is the same for every try."""

    def __init__(self, settings: WebhookTarget) -> None:
        self._settings = settings

    def take(self, parcel: Parcel, now: datetime) -> None:
        settings, stamp = self._settings, str(int(now.timestamp()))
        try:
            content = json.dumps(_told(parcel, now)).encode()
            secret = settings.secret_file.read_bytes().strip()
            signed = f"t={stamp},v1={signature(secret, stamp, content)}"
            headers = {"Content-Type": "application/json", SIGNATURE: signed}
            status = post(settings.url, content, headers, settings.authority)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else ""
            words = why or type(error).__name__
            raise Unreachable(f"the webhook cannot be called: {words}") from error
        if not 200 <= status < 300:
            raise NotTaken(f"the webhook answers {status}")


def _told(parcel: Parcel, now: datetime) -> dict[str, object]:
    return {
        "topic": "export",
        "key": f"export:{parcel.name}",
        "file": parcel.name,
        "pack": parcel.variant,
        "as_of": moment(parcel.as_of),
        "bytes": parcel.path.stat().st_size,
        "sha256": sha256_of(parcel.path),
        "manifest_sha256": parcel.manifest_sha256,
        "link": parcel.link,
        "sent_at": moment(now),
    }
