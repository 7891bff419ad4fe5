"""The system's own word on which release it is and until when it is supported.

os-release(5): SUPPORT_END (systemd 252 and later). distro-info-data: <id>.csv with the columns
version, codename, series, created, release, eol and eol-lts (Debian) or eol-esm (Ubuntu). The csv
is as old as its package and may not know its own release's end yet.
"""

import csv
from collections.abc import Iterable
from datetime import date

from agent.host import FileMissing, Host, NoData, NotRecorded, read_text
from agent.os_release import parse_os_release

FILES = ("/etc/os-release", "/usr/lib/os-release")
DISTRO_INFO = "/usr/share/distro-info/{id}.csv"
EXTENDED = ("eol-lts", "eol-esm")


def os_release(host: Host) -> dict[str, str]:
    """The fields of os-release; none when there is no such file."""
    for path in FILES:
        try:
            return parse_os_release(read_text(host, path))
        except (FileMissing, NotRecorded):
            continue
    return {}


def support_ends(host: Host) -> tuple[str, str | None]:
    """End of support and of extended support, as "YYYY-MM-DD". Raises NoData, NotRecorded."""
    fields = os_release(host)
    if is_date(fields.get("SUPPORT_END", "")):
        return fields["SUPPORT_END"], None
    if not fields:
        raise NoData("there is no os-release")
    if not fields.get("VERSION_ID"):
        raise NoData(f"{fields.get('ID', 'this system')} has no numbered releases")
    path = DISTRO_INFO.format(id=fields.get("ID", ""))
    try:
        rows = csv.DictReader(read_text(host, path).splitlines())
    except FileMissing as missing:
        raise NoData("neither os-release nor distro-info names an end of support") from missing
    return in_distro_info(rows, fields)


def in_distro_info(
    rows: Iterable[dict[str, str | None]], fields: dict[str, str]
) -> tuple[str, str | None]:
    """The ends of the release that `fields` of os-release describe."""
    for row in rows:
        number = (row.get("version") or "").split()
        known = row.get("series") == fields.get("VERSION_CODENAME")
        if not known and number[:1] != [fields.get("VERSION_ID")]:
            continue
        end = row.get("eol") or ""
        if is_date(end):
            later = [row.get(key) or "" for key in EXTENDED]
            return end, next((day for day in later if is_date(day)), None)
    raise NoData("distro-info does not know the end of support of this release")


def is_date(words: str) -> bool:
    """Whether the words are a day as "YYYY-MM-DD"."""
    try:
        return date.fromisoformat(words).isoformat() == words
    except ValueError:
        return False
