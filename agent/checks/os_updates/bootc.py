"""bootc: an image that is staged or known to be newer is pending; no news is not "up to date".

``bootc status --json`` (bootc-status(8)): status.staged, status.booted, status.booted.cachedUpdate.
"""

import json

from agent.checks.os_updates.answer import Answer
from agent.host import Host, NoData, Unparsable
from protos.posture.v1.signals_pb2 import PendingUpdate


def ask(host: Host) -> Answer:
    """Raises ToolMissing when there is no bootc."""
    answer = Answer("bootc")
    booted, staged = parse_status(host.run("bootc", "status", "--json").text)
    news = _part(booted, "cachedUpdate")
    answer.restart_required = staged is not None
    answer.because("bootc status", "an image is staged" if staged else "no image is staged")
    new = staged or news
    if new is None or _digest(new) == _digest(booted):
        answer.nothing_about_updates(NoData("bootc shows no other image and no check for one"))
    else:
        answer.pending = 1
        answer.updates = [_image(booted, new)]
        answer.missing("pending_security", NoData("bootc images come without advisories"))
    answer.missing("index_at", NoData("bootc does not say when it last looked"))
    return answer


def parse_status(text: str) -> tuple[dict[str, object], dict[str, object] | None]:
    """The booted and the staged entry."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Unparsable(f"bootc status: {error}") from error
    status = document.get("status") if isinstance(document, dict) else None
    booted = status.get("booted") if isinstance(status, dict) else None
    if not isinstance(status, dict) or not isinstance(booted, dict):
        raise Unparsable("bootc status names no booted image")
    return booted, _part(status, "staged")


def _part(entry: dict[str, object], name: str) -> dict[str, object] | None:
    found = entry.get(name)
    return found if isinstance(found, dict) else None


def _described(entry: dict[str, object]) -> dict[str, object]:
    """A staged or booted entry holds its image's description; a cachedUpdate is one."""
    image = _part(entry, "image")
    return image if image is not None and "imageDigest" in image else entry


def _digest(entry: dict[str, object]) -> object:
    return _described(entry).get("imageDigest")


def _image(booted: dict[str, object], new: dict[str, object]) -> PendingUpdate:
    update = PendingUpdate(name="image")
    if isinstance(old := _described(booted).get("version"), str):
        update.installed = old
    if isinstance(version := _described(new).get("version"), str):
        update.candidate = version
    return update
