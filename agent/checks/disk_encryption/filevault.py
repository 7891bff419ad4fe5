"""Reads ``fdesetup status``, the second witness: what FileVault says of the running system.

Its first lines are English and have kept their wording since 10.7; the line that counts starts
with "FileVault is", and may be followed by one that says it is not done yet. "On, but needs to be
restarted to finish." may be a step on the way out. The person's name in the line about a deferred
enablement is not read.
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, Host, NoData, Unparsable
from agent.macos import mdmclient

STATUS = ("fdesetup", "status")
ACTIVE = ("fdesetup", "isactive")
SAID = re.compile(
    r"^FileVault is (On|Off)(?:\.|, (but (?:will be enabled|needs to be restarted).*))?\s*$",
    re.MULTILINE,
)
CONVERTING = re.compile(r"^(En|De)cryption in progress\b", re.MULTILINE)
FURTHER = re.compile(
    r"FileVault master keychain appears to be installed\."
    r"|Deferred enablement appears to be active(?: for user .*)?\."
    r"|(?:En|De)cryption in progress: Percent completed = \d+(?:\.\d+)?.*"
)
"""Every line that may follow."""
KEYCHAIN = "FileVault master keychain appears to be installed"
DEFERRED = "Deferred enablement appears to be active"


@dataclass(frozen=True, slots=True)
class FileVault:
    """`converting` is "encrypting", "decrypting" or ""."""

    source: str
    on: bool
    converting: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        return ", ".join(filter(None, ("on" if self.on else "off", self.converting, *self.remarks)))


def filevault(host: Host) -> FileVault:
    """Raises CannotTell, of ``fdesetup status``, when no witness answers; where its words are not
    understood no other is asked, since all of them say a bare "on" of what is not done yet.
    """
    try:
        printed = host.run(*STATUS, ok=(0, 1)).text
    except CannotTell as trouble:
        for ask in (_active, _by_mdmclient):
            try:
                return ask(host)
            except CannotTell:
                continue
        raise trouble from None
    return parse_status(printed)


def parse_status(text: str) -> FileVault:
    """All lines count: one that comes after "On" may say that it has only begun.

    Raises Unparsable, and NoData for an "on" that a restart is to change.
    """
    said = SAID.findall(text)
    others = [line.strip() for line in SAID.sub("", text).splitlines() if line.strip()]
    if len(said) != 1 or not all(FURTHER.fullmatch(line) for line in others):
        raise Unparsable("fdesetup status has no one line that says whether FileVault is on")
    (state, later) = said[0]
    found = CONVERTING.search(text)
    remarks = []
    if later and state == "On":
        raise NoData(f"fdesetup status says that FileVault is on, {later}")
    if later:
        remarks.append("changes with the next restart")
    if DEFERRED in text:
        remarks.append("deferred: turns on at a log-in")
    if KEYCHAIN in text:
        remarks.append("opens with the institutional key as well")
    converting = f"{found[1].lower()}crypting" if found else ""
    return FileVault(" ".join(STATUS), state == "On", converting, tuple(remarks))


def _active(host: Host) -> FileVault:
    output = host.run(*ACTIVE, ok=(0, 1))
    on = {("true", 0): True, ("false", 1): False}.get((output.text.strip(), output.exit_status))
    if on is None:
        raise Unparsable("fdesetup isactive said neither true nor false")
    return FileVault(" ".join(ACTIVE), on)


def _by_mdmclient(host: Host) -> FileVault:
    return FileVault(" ".join(mdmclient.COMMAND), mdmclient.flag(host, "FDE_Enabled"))
