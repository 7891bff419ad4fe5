"""Microsoft Defender Antivirus on Windows, by its own status and never by its service alone.

MSFT_MpComputerStatus (what Get-MpComputerStatus shows). In passive mode `AntivirusEnabled` and
`RealTimeProtectionEnabled` stay true although another product is in charge; "EDR Block Mode" does
not tell which of the two it is. Before its first update the engine is 0.0.0.0 and the age of the
signatures 65535 or 4294967295.
"""

from collections.abc import Sequence

from agent.checks.antivirus.product import Health
from agent.host import CannotTell, NoData, Row
from agent.windows.rows import flag, moment, number, words

NAME = "Microsoft Defender Antivirus"
QUESTION = "MSFT_MpComputerStatus"
SERVICE_STOPPED = "0x800106ba"
NEVER = (65535, 4294967295)
NO_VERSION = "0.0.0.0"  # noqa: S104 - a version, not an address
ACTIVE, BLOCKING, STOPPED = "normal", "edr block mode", "not running"
SAID = {True: "on", False: "off", None: "not said"}
PASSIVE = ("passive", "passive mode", "sxs passive", "sxs passive mode")


def health_of(rows: Sequence[Row]) -> Health:
    """Raises NoData where the status holds nothing of what is asked. Unparsable is a gap."""
    row = rows[0] if rows else {}
    health = Health(version=_version(row, "AMProductVersion"))
    mode = (words(row, "AMRunningMode") or "").lower()
    if not mode and words(row, "AMServiceEnabled") is None:
        raise NoData(f"{QUESTION} says nothing of Defender's state")
    health.running = _running(health, row, mode)
    health.real_time = _real_time(health, row, mode)
    _definitions(health, row)
    if mode in (*PASSIVE, BLOCKING):
        health.remarks.append("passive mode" if mode in PASSIVE else mode)
    real_time = SAID[health.real_time]
    tamper = SAID[_flag(health, row, "IsTamperProtected")]
    shown = f"{mode or 'mode not said'}; real-time protection {real_time}"
    health.because(QUESTION, f"{shown}; tamper protection {tamper}")
    return health


def stopped(trouble: CannotTell) -> bool:
    """Whether Defender's provider says that its service does not run: an answer, not a trouble."""
    return SERVICE_STOPPED in str(trouble).lower()


def _flag(health: Health, row: Row, name: str, about: str = "") -> bool | None:
    """The property; where it is no yes or no, None, and a gap under `about`, if anything."""
    try:
        return flag(row, name)
    except CannotTell as trouble:
        if about:
            health.missing(about, trouble)
        return None


def _version(row: Row, name: str) -> str | None:
    found = words(row, name)
    return None if found == NO_VERSION else found


def _running(health: Health, row: Row, mode: str) -> bool | None:
    service = _flag(health, row, "AMServiceEnabled", "running")
    engine = _flag(health, row, "AntivirusEnabled", "running")
    if mode == STOPPED or False in (service, engine):
        return False
    if service or mode in (ACTIVE, BLOCKING, *PASSIVE):
        return True
    health.missing("running", NoData(f"{QUESTION} does not say whether its service runs"))
    return None


def _real_time(health: Health, row: Row, mode: str) -> bool | None:
    """On only in normal mode and by both of its own words."""
    enabled = _flag(health, row, "RealTimeProtectionEnabled", "real_time")
    on_access = _flag(health, row, "OnAccessProtectionEnabled", "real_time")
    if health.running is False or mode in PASSIVE or False in (enabled, on_access):
        return False
    if mode == ACTIVE and enabled and not any(name == "real_time" for name, _ in health.gaps):
        return True
    said = f"mode {mode or 'not said'}, real-time protection {SAID[enabled]}"
    health.missing("real_time", NoData(f"{QUESTION} does not tell whether it guards: {said}"))
    return None


def _definitions(health: Health, row: Row) -> None:
    health.definitions_version = _version(row, "AntivirusSignatureVersion")
    try:
        never = number(row, "AntivirusSignatureAge") in NEVER
        if never or words(row, "AMEngineVersion") == NO_VERSION:
            health.definitions_current = False
            health.remarks.append("it has never had definitions")
            return
        old = flag(row, "DefenderSignaturesOutOfDate")
        health.definitions_current = None if old is None else not old
        health.definitions_at = moment(row, "AntivirusSignatureLastUpdated")
    except CannotTell as trouble:
        health.missing("definitions_at", trouble)
        return
    if health.definitions_at is None:
        health.missing("definitions_at", NoData(f"{QUESTION} gives no date of the signatures"))
        if words(row, "AntivirusSignatureLastUpdated") and health.definitions_current:
            health.definitions_current = None  # the date says never: they cannot be current
