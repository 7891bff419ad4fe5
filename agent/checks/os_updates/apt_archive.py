"""The archive's own date of apt's security index, from the signed Release file, never a file time.

Files and folders under /var/lib/apt keep their times when `apt-get update` finds nothing new, and
a failed update touches some of them, so only ``Date:`` (deb822, Debian repository format) counts.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agent.checks.os_updates.apt_policy import codenames
from agent.checks.os_updates.release import os_release
from agent.host import CannotTell, Host, NoData, Unparsable, text

LISTS = "/var/lib/apt/lists"
HEADER_BYTES = 4096
SUFFIXES = ("_InRelease", "_Release")


def security_index_at(host: Host) -> datetime:
    """When the newest security index of this release was made. Raises NoData when there is none.

    A vendor's archive that is called so too (Ubuntu Pro's, say) speaks only where the release has
    none of its own: it would make stale indexes look fresh.
    """
    wanted = {f"{codename}-security" for codename in codenames(os_release(host))}
    own: list[datetime] = []
    others: list[datetime] = []
    trouble: CannotTell | None = None
    for name in host.list(LISTS):
        if not name.endswith(SUFFIXES):
            continue
        try:
            header = parse_release(text(host.head(f"{LISTS}/{name}", HEADER_BYTES)))
            if is_security_release(header):
                ours = wanted & {header.get("Suite"), header.get("Codename")}
                (own if ours else others).append(parse_date(header.get("Date", "")))
        except CannotTell as failed:
            trouble = failed
    if dates := own or others:
        return max(dates)
    raise trouble or NoData(f"{LISTS} holds no index of a security archive")


def parse_release(content: str) -> dict[str, str]:
    """The fields before the checksums of a Release or clear-signed InRelease file."""
    fields: dict[str, str] = {}
    for line in content.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith((" ", "-")):
            fields.setdefault(key, value.strip())
    return fields


def is_security_release(fields: dict[str, str]) -> bool:
    names = (fields.get(key, "").lower() for key in ("Suite", "Codename", "Label"))
    return any(name.endswith("-security") for name in names)


def parse_date(words: str) -> datetime:
    """RFC 2822 as archives write it: "Sat, 21 Nov 2026 00:53:02 UTC"."""
    try:
        date = parsedate_to_datetime(words)
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise Unparsable(f"a Release file is dated {words!r}") from error
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
