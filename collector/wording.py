"""Times and names as people say them. The exact time is always beside the relative one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from collector.model import (
    Compliance,
    Device,
    FormFactor,
    Language,
    OpenFinding,
    Platform,
    Status,
    Waiver,
)
from collector.translation import Words, conventions, gettext, language, marked, ngettext

Unit = Literal["year", "month", "week", "day", "hour", "minute"]
STATES = Words(
    {
        Compliance.NON_COMPLIANT: marked("Non-compliant"),
        Compliance.UNKNOWN: marked("Unknown"),
        Compliance.STALE: marked("Stale"),
        Compliance.COMPLIANT: marked("Compliant"),
    }
)
MEANINGS = Words(
    {
        Compliance.NON_COMPLIANT: marked(
            "At least one rule fails, beyond its grace and without a waiver."
        ),
        Compliance.UNKNOWN: marked(
            "No failure counts, but something that the policy asks was not seen."
        ),
        Compliance.STALE: marked("Not heard of for %(days)s; what was last known is shown."),
        Compliance.COMPLIANT: marked(
            "All that the policy asks was seen or is waived, and no failure counts."
        ),
    }
)
PLATFORMS = {Platform.LINUX: "Linux", Platform.MACOS: "macOS", Platform.WINDOWS: "Windows"}
STATUSES = Words(
    {
        Status.FAIL: marked("Fails"),
        Status.UNKNOWN: marked("Unknown"),
        Status.PASS: marked("Passes"),
        Status.NOT_APPLICABLE: marked("Not applicable"),
    }
)
FORM_FACTORS = Words(
    {
        FormFactor.LAPTOP: marked("Laptop"),
        FormFactor.DESKTOP: marked("Desktop"),
        FormFactor.TABLET: marked("Tablet"),
        FormFactor.SERVER: marked("Server"),
        FormFactor.VIRTUAL_MACHINE: marked("Virtual machine"),
        FormFactor.CONTAINER: marked("Container"),
        FormFactor.UNKNOWN: "",
    }
)
SHORT_ID = 8
"""So much of a device's id tells devices of one name apart."""
UNITS: tuple[tuple[Unit, timedelta], ...] = (
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("week", timedelta(days=7)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)
SEVERITIES = Words(
    {
        "low": marked("Low"),
        "medium": marked("Medium"),
        "high": marked("High"),
        "critical": marked("Critical"),
    }
)
ROLES = Words(
    {
        "viewer": marked("viewer"),
        "helpdesk": marked("helpdesk"),
        "admin": marked("admin"),
        "owner": marked("owner"),
    }
)
OUTCOMES = Words({"denied": marked("denied"), "failed": marked("failed")})


def meaning(state: Compliance, stale_after_days: int) -> str:
    """
    >>> meaning(Compliance.STALE, 7)
    'Not heard of for 7 days; what was last known is shown.'
    """
    days = ngettext("%(num)s day", "%(num)s days", stale_after_days)
    return gettext(MEANINGS.source(state), days=days)


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
            return in_words(count * length if at > now else -count * length, unit)
    return gettext("just now") if at <= now else gettext("in a moment")


def in_words(gap: timedelta, unit: Unit) -> str:
    """A whole number of that unit, before or behind now."""
    return _told(gap, unit, language(), directed=True)


def lasting(at: datetime, now: datetime) -> str:
    """How long it has been so, in its largest unit.

    >>> lasting(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
    '2 days'
    """
    return span(abs(now - at))


def span(gap: timedelta) -> str:
    """A length of time in its largest unit."""
    for unit, length in UNITS:
        count = gap // length
        if count >= (2 if unit in ("week", "month") else 1):
            return _told(count * length, unit, language(), directed=False)
    return gettext("less than a minute")


@lru_cache(maxsize=1024)
def _told(gap: timedelta, unit: Unit, reader: Language, *, directed: bool) -> str:
    """Remembered, because a list says the same few hundred of them over and over."""
    from babel.dates import format_timedelta

    whole = 1e9  # never in a larger unit than this one
    return format_timedelta(
        gap,
        granularity=unit,
        threshold=whole,
        add_direction=directed,
        locale=conventions(reader),
    )


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
    return _day(at.date(), language(), with_year=at.year != now.year)


@lru_cache(maxsize=1024)
def _day(at: date, reader: Language, *, with_year: bool) -> str:
    from babel.dates import format_date

    pattern = "EEEE d MMMM y" if with_year else "EEEE d MMMM"
    return format_date(at, pattern, locale=conventions(reader))


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
    platform = PLATFORMS[device.platform] if device.platform else gettext("Not reported")
    return f"{platform} {device.os_version}".strip()


def note(found: OpenFinding, now: datetime) -> str:
    """Why a failure does not count against the device now; empty when it does."""
    if found.finding.status is not Status.FAIL or found.counts(now):
        return ""
    if found.waiver is not None and now < found.waiver.ends_at:
        return gettext("waived until %(day)s", day=day(found.waiver.ends_at, now))
    if found.grace_ends_at is not None:
        return gettext("grace until %(day)s", day=day(found.grace_ends_at, now))
    return ""


def waiver_words(waiver: Waiver, now: datetime) -> str:
    """Until when, why and who; whatever the finding says, because an unknown is waived too."""
    until, reason = day(waiver.ends_at, now), sentence_end(waiver.reason)
    return f"until {until}: {reason} (granted by {waiver.approved_by or waiver.requested_by})"


def waived_words(waiver: Waiver, now: datetime) -> str:
    """The same as a whole sentence."""
    return gettext(
        "Waived until %(day)s: %(reason)s (granted by %(who)s).",
        day=day(waiver.ends_at, now),
        reason=sentence_end(waiver.reason),
        who=waiver.approved_by or waiver.requested_by,
    )


def state_sentence(
    device: Device, state: Compliance, laid: Sequence[OpenFinding], now: datetime
) -> str:
    """The state, since when, and the gravest reason for it."""
    if not laid and state is not Compliance.STALE:
        return gettext("No report has come yet, so nothing is known.")
    failing = [each for each in laid if each.counts(now)]
    unknown = [each for each in laid if each.finding.status is Status.UNKNOWN]
    if state is Compliance.STALE:
        return _silence(device, now)
    since = _since(state, device, now)
    if state is Compliance.NON_COMPLIANT:
        return f"{since}{_reasons(failing)}"
    if state is Compliance.UNKNOWN:
        return f"{since}{_reasons(unknown)}"
    spared = sum(each.finding.status is Status.FAIL for each in laid)
    rest = gettext(", with %(count)s in grace or waived", count=spared) if spared else ""
    return f"{since}{rest}."


SINCE = Words(
    {
        Compliance.NON_COMPLIANT: marked("Not compliant since %(day)s"),
        Compliance.UNKNOWN: marked("Cannot be called compliant since %(day)s"),
        Compliance.COMPLIANT: marked("Compliant since %(day)s"),
    }
)
AT_ALL = Words(
    {
        Compliance.NON_COMPLIANT: marked("Not compliant"),
        Compliance.UNKNOWN: marked("Cannot be called compliant"),
        Compliance.COMPLIANT: marked("Compliant"),
    }
)


def _since(state: Compliance, device: Device, now: datetime) -> str:
    if device.compliance_since is None:
        return AT_ALL[state]
    return gettext(SINCE.source(state), day=day(device.compliance_since, now))


def _silence(device: Device, now: datetime) -> str:
    seen_at = device.last_seen_at or device.enrolled_at
    return gettext(
        "Silent since %(day)s: switched off, off the network, or without its agent. "
        "It was %(state)s then.",
        day=day(seen_at, now),
        state=STATES[device.compliance].lower(),
    )


def _reasons(found: Sequence[OpenFinding]) -> str:
    if not found:
        return "."
    more = gettext("; and %(count)s more", count=len(found) - 1) if len(found) > 1 else ""
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
        return ngettext("%(num)s byte", "%(num)s bytes", byte_count)
    for unit in (marked("%(amount)s kB"), marked("%(amount)s MB"), marked("%(amount)s GB")):
        amount /= 1000
        if amount < 1000:
            return gettext(unit, amount=_tenths(amount))
    return gettext("%(amount)s TB", amount=_tenths(amount / 1000))


def _tenths(amount: float) -> str:
    from babel.numbers import format_decimal

    return format_decimal(amount, "#,##0.0", locale=conventions(language()))
