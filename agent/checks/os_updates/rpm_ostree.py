"""rpm-ostree: another image than the booted one is pending; no news is not "up to date".

``rpm-ostree status --json``: deployments, the first one boots next; cached-update is what the last
automatic check found, null when there was none or when nothing was found. advisories are
[id, kind, severity, [nevra], extra] with kind 1 for security and severity 1 low .. 4 critical.
"""

import json
import re

from agent.checks.os_updates.answer import Answer, in_order
from agent.host import Host, NoData, Unparsable
from protos.posture.v1.signals_pb2 import PendingUpdate

SECURITY = 1
SEVERITIES = ("", "low", "moderate", "important", "critical")
MARK = "●"
Entry = dict[str, object]


def ask(host: Host) -> Answer:
    """Raises ToolMissing when there is no rpm-ostree."""
    answer = Answer("rpm-ostree")
    text = host.run("rpm-ostree", "status", "--json").text
    if text.lstrip().startswith("{"):
        _from_status(answer, text)
    else:
        _from_text(answer, text)
    if answer.pending is None:
        nothing = NoData("rpm-ostree shows no other image, and no result of a check for one")
        answer.nothing_about_updates(nothing)
    elif answer.pending_security is None:
        answer.missing("pending_security", NoData("the pending image comes without advisories"))
    answer.missing("index_at", NoData("rpm-ostree does not say when it last looked"))
    return answer


def _from_status(answer: Answer, text: str) -> None:
    deployments, news = parse_status(text)
    booted = next((d for d in deployments if d.get("booted") is True), None)
    if booted is None:
        raise Unparsable("rpm-ostree status names no booted deployment")
    waiting = None if deployments[0] is booted else deployments[0]
    answer.restart_required = waiting is not None
    answer.because("rpm-ostree status", "another image boots next" if waiting else "booted is next")
    if news is not None and _same_image(news, booted):
        news = None
    if waiting is None and news is None:
        return
    answer.pending = 1
    advisories = parse_advisories(news.get("advisories")) if news is not None else None
    image = _image(booted, waiting or news or {})
    if advisories is None:
        answer.updates = [image]
        return
    answer.pending_security = len(advisories)
    answer.updates = in_order([image, *advisories])


def parse_status(text: str) -> tuple[list[Entry], Entry | None]:
    """The deployments, the next to boot first, and what the last automatic check found."""
    try:
        status = json.loads(text)
    except ValueError as error:
        raise Unparsable(f"rpm-ostree status: {error}") from error
    deployments = status.get("deployments") if isinstance(status, dict) else None
    if not isinstance(deployments, list) or not all(isinstance(d, dict) for d in deployments):
        raise Unparsable("rpm-ostree status lists no deployments")
    cached = status.get("cached-update")
    return deployments, cached if isinstance(cached, dict) else None


def parse_advisories(listed: object) -> list[PendingUpdate] | None:
    """The security advisories; None when the image comes without any list of them."""
    if listed is None:
        return None
    if not isinstance(listed, list):
        raise Unparsable("rpm-ostree's advisories are not a list")
    found = []
    for entry in listed:
        if not isinstance(entry, list) or len(entry) < 3 or not isinstance(entry[1], int):
            raise Unparsable("an advisory of rpm-ostree is not in the known form")
        if entry[1] == SECURITY:
            update = PendingUpdate(name=str(entry[0]), security=True)
            if entry[2] in (1, 2, 3, 4):
                update.severity = SEVERITIES[entry[2]]
            found.append(update)
    return found


def _same_image(news: Entry, booted: Entry) -> bool:
    checksums = (booted.get("checksum"), booted.get("base-checksum"))
    return news.get("checksum") is not None and news.get("checksum") in checksums


def _image(booted: Entry, new: Entry) -> PendingUpdate:
    image = PendingUpdate(name=str(booted.get("origin", "image")))
    if isinstance(booted.get("version"), str):
        image.installed = str(booted["version"])
    if isinstance(new.get("version"), str):
        image.candidate = str(new["version"])
    return image


def _from_text(answer: Answer, text: str) -> None:
    """The text form, as old versions and people's excerpts have it."""
    above, mark, below = text.partition(MARK)
    if "Deployments:" not in above or not mark:
        raise Unparsable("rpm-ostree status is in no known form")
    waiting = above.partition("Deployments:")[2]
    answer.restart_required = bool(waiting.strip())
    answer.because("rpm-ostree status", "another image boots next" if waiting.strip() else "none")
    if not waiting.strip():
        return
    answer.pending = 1
    versions = [re.search(r"Version: (\S+)", part) for part in (below, waiting)]
    old, new = (found[1] if found else None for found in versions)
    answer.updates = [PendingUpdate(name=waiting.split()[0], installed=old, candidate=new)]
    advisories = re.search(r"SecAdvisories: (.*)", waiting)
    if advisories:
        counts = re.findall(r"([0-9]+) (?:unknown|low|moderate|important|critical)", advisories[1])
        if not counts:
            raise Unparsable(f"rpm-ostree status: SecAdvisories: {advisories[1]}")
        answer.pending_security = sum(map(int, counts))
