"""Times and names as people say them. The exact time is always beside the relative one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from collector.model import Compliance, Device, FormFactor, OpenFinding, Platform, Status, Waiver

STATES = {
    Compliance.NON_COMPLIANT: "Non-compliant",
    Compliance.UNKNOWN: "Unknown",
    Compliance.STALE: "Stale",
    Compliance.COMPLIANT: "Compliant",
}
MEANINGS = {
    Compliance.NON_COMPLIANT: "At least one rule fails, beyond its grace and without a waiver.",
    Compliance.UNKNOWN: "No failure counts, but something that the policy asks was not seen.",
    Compliance.STALE: "Not heard of for {}; what was last known is shown.",
    Compliance.COMPLIANT: "All that the policy asks was seen or is waived, and no failure counts.",
}
PLATFORMS = {Platform.LINUX: "Linux", Platform.MACOS: "macOS", Platform.WINDOWS: "Windows"}
STATUSES = {
    Status.FAIL: "Fails",
    Status.UNKNOWN: "Unknown",
    Status.PASS: "Passes",
    Status.NOT_APPLICABLE: "Not applicable",
}
FORM_FACTORS = {
    FormFactor.LAPTOP: "Laptop",
    FormFactor.DESKTOP: "Desktop",
    FormFactor.TABLET: "Tablet",
    FormFactor.SERVER: "Server",
    FormFactor.VIRTUAL_MACHINE: "Virtual machine",
    FormFactor.CONTAINER: "Container",
    FormFactor.UNKNOWN: "",
}
SHORT_ID = 8
"""So much of a device's id tells devices of one name apart."""
UNITS = (
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("week", timedelta(days=7)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def meaning(state: Compliance, stale_after_days: int) -> str:
    """
    >>> meaning(Compliance.STALE, 7)
    'Not heard of for 7 days; what was last known is shown.'
    """
    days = f"{stale_after_days} day" + ("" if stale_after_days == 1 else "s")
    return MEANINGS[state].format(days)


def ago(at: datetime, now: datetime) -> str:
    """How long ago, or in how long, in its largest unit; weeks only from the second one.

    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [ago(noon - timedelta(hours=h), noon) for h in (0, 1, 30, 24 * 13, 24 * 20)]
    ['just now', '1 hour ago', '1 day ago', '13 days ago', '2 weeks ago']
    >>> ago(noon + timedelta(minutes=90), noon)
    'in 1 hour'
    """
    gap = abs(now - at)
    for unit, length in UNITS:
        count = gap // length
        if count >= (2 if unit in ("week", "month") else 1):
            amount = f"{count} {unit}" + ("" if count == 1 else "s")
            return f"{amount} ago" if at <= now else f"in {amount}"
    return "just now" if at <= now else "in a moment"


def exact(at: datetime) -> str:
    """
    >>> exact(datetime(2026, 11, 17, 9, 5, 59, tzinfo=UTC))
    '2026-11-17 09:05 UTC'
    """
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def machine(at: datetime) -> str:
    """For the attribute `datetime` of <time>."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def day(at: datetime, now: datetime) -> str:
    """The day as people say it; the year only when it is another one.

    >>> day(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
    'Tuesday 17 November'
    """
    at = at.astimezone(UTC)
    words = f"{DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]}"
    return words if at.year == now.year else f"{words} {at.year}"


def model_name(device: Device) -> str:
    """Maker and model, without saying the maker twice."""
    maker, model = device.manufacturer, device.model
    if maker and not model.lower().startswith(maker.lower()):
        return f"{maker} {model}".strip()
    return model


def os_name(device: Device) -> str:
    """What the system calls itself; the platform and version when it does not say."""
    if device.os_name:
        return device.os_name
    platform = PLATFORMS[device.platform] if device.platform else "Not reported"
    return f"{platform} {device.os_version}".strip()


def note(found: OpenFinding, now: datetime) -> str:
    """Why a failure does not count against the device now; empty when it does."""
    if found.finding.status is not Status.FAIL or found.counts(now):
        return ""
    if found.waiver is not None and now < found.waiver.ends_at:
        return f"waived until {day(found.waiver.ends_at, now)}"
    if found.grace_ends_at is not None:
        return f"grace until {day(found.grace_ends_at, now)}"
    return ""


def waiver_words(waiver: Waiver, now: datetime) -> str:
    """Until when, why and who; whatever the finding says, because an unknown is waived too."""
    until, reason = day(waiver.ends_at, now), sentence_end(waiver.reason)
    return f"until {until}: {reason} (granted by {waiver.requested_by})"


def state_sentence(
    device: Device, state: Compliance, laid: Sequence[OpenFinding], now: datetime
) -> str:
    """The state, since when, and the gravest reason for it."""
    if not laid and state is not Compliance.STALE:
        return "No report has come yet, so nothing is known."
    since = f" since {day(device.compliance_since, now)}" if device.compliance_since else ""
    failing = [each for each in laid if each.counts(now)]
    unknown = [each for each in laid if each.finding.status is Status.UNKNOWN]
    if state is Compliance.STALE:
        return _silence(device, now)
    if state is Compliance.NON_COMPLIANT:
        return f"Not compliant{since}{_reasons(failing)}"
    if state is Compliance.UNKNOWN:
        return f"Cannot be called compliant{since}{_reasons(unknown)}"
    spared = sum(each.finding.status is Status.FAIL for each in laid)
    rest = f", with {spared} in grace or waived" if spared else ""
    return f"Compliant{since}{rest}."


def _silence(device: Device, now: datetime) -> str:
    seen_at = device.last_seen_at or device.enrolled_at
    before = STATES[device.compliance].lower()
    return (
        f"Silent since {day(seen_at, now)}: "
        f"switched off, off the network, or without its agent. It was {before} then."
    )


def _reasons(found: Sequence[OpenFinding]) -> str:
    if not found:
        return "."
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    return f". {sentence_end(found[0].finding.because)}{more}."


def capital(text: str) -> str:
    """
    >>> capital("waived until Tuesday")
    'Waived until Tuesday'
    """
    return text[:1].upper() + text[1:]


def sentence_end(text: str) -> str:
    """
    >>> sentence_end("/ is not encrypted."), sentence_end("")
    ('/ is not encrypted', '')
    """
    return text.strip().rstrip(".")


def size(byte_count: int) -> str:
    """
    >>> size(512), size(2300), size(16 * 10**9)
    ('512 bytes', '2.3 kB', '16.0 GB')
    """
    amount = float(byte_count)
    if amount < 1000:
        return f"{byte_count} bytes"
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 1000:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"
