"""rpm-ostree: another image than the booted one is pending; no news is not "up to date".

``rpm-ostree status --json``: deployments, the first one boots next; cached-update is what the last
automatic check found, null when there was none or when nothing was found: then only a check that
is asked for and ended well since the start stands behind "nothing". advisories are
[id, kind, severity, [nevra], extra] with kind 1 for security and severity 1 low .. 4 critical.
"""

import json
import re
from datetime import UTC, datetime

from agent.checks.os_updates.answer import Answer, in_order
from agent.host import CannotTell, FileMissing, Host, NoData, Unparsable, read_text
from protos.posture.v1.signals_pb2 import PendingUpdate

SETTINGS = "/etc/rpm-ostreed.conf"
LOOKS = ("check", "stage", "apply")
LAST_CHECK = (
    *("systemctl", "show", "-p", "Result,ExecMainStatus,ExecMainExitTimestamp,ActiveState"),
    "rpm-ostreed-automatic.service",
)
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
    try:
        answer.index_at = checked_at(host)
    except CannotTell as trouble:
        answer.missing("index_at", trouble)
    if answer.pending is None and answer.index_at is not None:
        answer.pending = answer.pending_security = 0
        answer.because("rpm-ostreed-automatic", "its last check ended well and found nothing")
    elif answer.pending is None:
        nothing = NoData("rpm-ostree shows no other image, and no result of a check for one")
        answer.nothing_about_updates(nothing)
    elif answer.pending_security is None:
        answer.missing("pending_security", NoData("the pending image comes without advisories"))
    return answer


def checked_at(host: Host) -> datetime:
    """When the automatic check last ended well. Raises CannotTell.

    With the policy "none" its service ends well without looking (rpm-ostreed.conf(5)).
    """
    try:
        policy = parse_policy(read_text(host, SETTINGS))
    except FileMissing:
        policy = ""
    if policy not in LOOKS:
        raise NoData("rpm-ostree does not look for updates by itself")
    return parse_last_check(host.run(*LAST_CHECK).text)


def parse_policy(content: str) -> str:
    """AutomaticUpdatePolicy of the section Daemon; "" when it is not set."""
    daemon = re.search(r"^\[Daemon\]\s*$((?:\n(?!\[).*)*)", content, re.MULTILINE)
    said = re.findall(
        r"^AutomaticUpdatePolicy\s*=\s*(\w+)", daemon[1] if daemon else "", re.MULTILINE
    )
    return said[-1] if said else ""


def parse_last_check(content: str) -> datetime:
    """The end of a run that succeeded and is over. Raises NoData."""
    said = dict(line.split("=", 1) for line in content.splitlines() if "=" in line)
    ended_well = said.get("Result") == "success" and said.get("ExecMainStatus") == "0"
    at = re.fullmatch(r"\w+ ([\d-]{10}) ([\d:]{8}) UTC", said.get("ExecMainExitTimestamp", ""))
    if not ended_well or said.get("ActiveState") != "inactive" or at is None:
        raise NoData("no automatic check of rpm-ostree has ended well since the start")
    try:
        return datetime.fromisoformat(f"{at[1]}T{at[2]}").replace(tzinfo=UTC)
    except ValueError as error:
        raise Unparsable(f"systemctl names the time {at[0]}") from error


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
    image.security = False  # it is its advisories that are called so
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
