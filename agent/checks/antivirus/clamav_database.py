"""The build time of ClamAV's daily signatures, from the database's own header.

The first 512 bytes are ASCII, fields split by ":" (ClamAV manual, "CVD file format"): ClamAV-VDB,
build time "DD Mon YYYY HH-MM ±ZZZZ", version, signatures, functionality level, MD5, signature,
builder, build time as epoch seconds (missing in old files). File times change when a package is
unpacked or a file copied, and main and bytecode are years old: neither is evidence.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded, Unparsable, read_text

HEADER_BYTES = 512
DAILY = ("daily.cvd", "daily.cld", "daily.cud")
DEFAULT_FOLDER = "/var/lib/clamav"
SCANNER = ("/etc/clamd.d/scan.conf", "/etc/clamav/clamd.conf", "/etc/clamd.conf")
FETCHER = ("/etc/clamav/freshclam.conf", "/etc/freshclam.conf")
SETTING = re.compile(r"^\s*(?!Example\b)[A-Z]\w+\s+\S", re.MULTILINE)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BUILT = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2})-(\d{2}) ([+-])(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True)
class Database:
    built_at: datetime
    version: str


def newest_daily(host: Host) -> Database:
    """The newest of the daily databases. Raises NoData when there is none."""
    folder = database_folder(host)
    found: list[Database] = []
    trouble: CannotTell = NoData(f"{folder} holds no daily signatures")
    for name in DAILY:
        try:
            found.append(parse_header(host.head(f"{folder}/{name}", HEADER_BYTES)))
        except FileMissing:
            continue
        except CannotTell as failed:
            trouble = failed
    if not found:
        raise trouble
    return max(found, key=lambda database: database.built_at)


def database_folder(host: Host) -> str:
    """`DatabaseDirectory` of the scanner, or else of what fetches for it, or the default.

    What is fetched to another place than the scanner reads from protects nobody.
    """
    for path in (*SCANNER, *FETCHER):
        try:
            settings = read_text(host, path)
        except (FileMissing, NotRecorded):
            continue
        if not SETTING.search(settings):
            continue  # a packaged example with every line commented out
        found = re.search(r"^\s*DatabaseDirectory\s+(/\S+)", settings, re.MULTILINE)
        return found[1].rstrip("/") if found else DEFAULT_FOLDER
    return DEFAULT_FOLDER


def parse_header(header: bytes) -> Database:
    """The head of a .cvd, .cld or .cud file."""
    if len(header) < HEADER_BYTES or not header.startswith(b"ClamAV-VDB:"):
        raise Unparsable("a ClamAV database does not begin with its header")
    fields = header[:HEADER_BYTES].decode("ascii", "replace").rstrip(" \0\n").split(":")
    if len(fields) < 8 or not fields[2].isdecimal():
        raise Unparsable("the header of a ClamAV database is not in the known form")
    built_at = parse_built(fields[1])
    if len(fields) > 8 and fields[8].strip():
        built_at = _to_the_second(built_at, fields[8].strip())
    return Database(built_at, fields[2])


def parse_built(words: str) -> datetime:
    """ "22 Jun 2021 21-34 -0400", with English month names whatever the locale."""
    found = BUILT.fullmatch(words.strip())
    if found is None or found[2] not in MONTHS:
        raise Unparsable(f"a ClamAV database was built at {words!r}")
    day, year, hour, minute = (int(found[n]) for n in (1, 3, 4, 5))
    offset = timedelta(hours=int(found[7]), minutes=int(found[8]))
    try:
        local = datetime(year, MONTHS.index(found[2]) + 1, day, hour, minute, tzinfo=UTC)
        return local - offset if found[6] == "+" else local + offset
    except (ValueError, OverflowError) as error:
        raise Unparsable(f"a ClamAV database was built at {words!r}") from error


def _to_the_second(built_at: datetime, epoch: str) -> datetime:
    """The epoch of the header; the two build times agree, or neither is to be believed."""
    if not epoch.isascii() or not epoch.isdigit():
        raise Unparsable("the build time in a ClamAV header is not a number of seconds")
    if abs(int(epoch) - built_at.timestamp()) > 86_400:
        raise Unparsable("the two build times in a ClamAV header do not agree")
    return datetime.fromtimestamp(int(epoch), UTC)
