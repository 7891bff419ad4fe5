"""Reads ``softwareupdate -l``: what Apple offers this Mac, and what of it is a missing update.

``--no-scan`` lists what the last scan of the system found, without asking Apple. "No new software
available." may stand on standard error; without it an empty list says nothing. A beta, a release
of another major version and what Apple itself does not recommend are offers, not missing updates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.host import Host, ToolFailed, Unparsable
from agent.macos.version import MacVersion

COMMAND = ("softwareupdate", "-l", "--no-scan")
TIME_LIMIT = 30.0
NOTHING = re.compile(r"^No (?:new|updates are) .*available\.?\s*$", re.MULTILINE)
FAILED = re.compile(r"finished with error|Can't connect|cannot connect|An error", re.IGNORECASE)
STAR = re.compile(r"^\s*\* ", re.MULTILINE)
ENTRY = re.compile(
    r"^\* Label: (?P<label>.+?)\s*\n"
    r"\s+Title: (?P<title>.+?), Version: (?P<version>.*?), Size: (?P<size>[^,]*)"
    r"(?:, Recommended: (?P<recommended>YES|NO))?[^\n]*$",
    re.MULTILINE,
)
BETA = re.compile(r"\b(?:beta|seed|release candidate|RC)\b", re.IGNORECASE)
SECURITY = re.compile(r"\bSecurity (?:Response|Improvement|Update)s?\b")
SYSTEM = re.compile(r"macOS\b.*?(?P<version>\d+(?:\.\d+)*)(?: (?P<extra>\([a-z]\)))?")
RESPONSE = re.compile(r"(\d+(?:\.\d+)*) ?(\([a-z]\))")


@dataclass(frozen=True, slots=True)
class Offer:
    """One entry. `security` None: Apple does not say."""

    label: str
    title: str
    version: str
    recommended: bool

    @property
    def beta(self) -> bool:
        return bool(BETA.search(f"{self.title} {self.label}"))

    @property
    def system_version(self) -> tuple[tuple[int, ...], str] | None:
        """The macOS that this is, with the letter of a response; None for other software."""
        named = SYSTEM.match(self.title) or (
            RESPONSE.search(self.version) if SECURITY.search(self.title) else None
        )
        if named is None:
            return None
        number = named["version"] if "version" in named.groupdict() else named[1]
        letter = re.search(r"\([a-z]\)", f"{self.title} {self.version}")
        return tuple(int(part) for part in number.split(".")), letter[0] if letter else ""


def offers(host: Host) -> list[Offer]:
    """Raises ToolFailed when its last scan failed, Unparsable, and as `Host.run`."""
    output = host.run(*COMMAND, time_limit=TIME_LIMIT)
    return parse(output.text + "\n" + output.errors)


def parse(text: str) -> list[Offer]:
    """Every entry, or none when it says that there is nothing. Raises ToolFailed, Unparsable."""
    if FAILED.search(text):
        raise ToolFailed("the last scan of softwareupdate ended with an error")
    found = [
        Offer(
            entry["label"].strip(),
            entry["title"].strip(),
            entry["version"].strip(),
            entry["recommended"] != "NO",
        )
        for entry in ENTRY.finditer(text)
    ]
    if len(found) != len(STAR.findall(text)) or bool(found) is bool(NOTHING.search(text)):
        raise Unparsable("softwareupdate -l printed neither a list nor that there is nothing")
    return found


def missing(
    found: Sequence[Offer], installed: MacVersion | None
) -> tuple[list[tuple[Offer, bool | None]], list[str]]:
    """The missing updates, each with whether it closes holes, and what was left out and why.

    A release of the installed major version is a security update: it is the only way in which
    Apple fixes macOS. An entry that is not newer than what is installed is a leftover of a scan.
    """
    kept: list[tuple[Offer, bool | None]] = []
    left_out = []
    for offer in found:
        why = _left_out(offer, installed)
        if why:
            left_out.append(f"{offer.title} ({why})")
        else:
            kept.append((offer, _security(offer, installed)))
    return kept, left_out


def _left_out(offer: Offer, installed: MacVersion | None) -> str:
    if offer.beta:
        return "a beta"
    if not offer.recommended:
        return "not recommended by Apple"
    offered = offer.system_version
    if offered is None or installed is None:
        return ""
    number, letter = offered
    if number[0] > installed.numbers[0]:
        return "another release of macOS"
    ours = _filled(installed.numbers)
    return "installed already" if (_filled(number), letter) <= (ours, installed.extra) else ""


def _filled(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (*numbers, 0, 0)[:3]


def _security(offer: Offer, installed: MacVersion | None) -> bool | None:
    if SECURITY.search(offer.title):
        return True
    return True if offer.system_version is not None and installed is not None else None
