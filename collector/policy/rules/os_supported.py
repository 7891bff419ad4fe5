"""A system whose vendor no longer fixes it stays vulnerable whatever its owner does.

The collector's table speaks first; for a release it does not hold, the device's own word does.
"""

from collections.abc import Mapping
from datetime import datetime

from collector.model import Circumstances, Limit, Rule, Severity, Status, Verdict
from collector.policy.causes import Cause
from collector.policy.lifecycle import Release, day_from, end_of, families, release_of
from collector.policy.wording import Text, sentence
from protos.posture.v1.signals_pb2 import OsUpdates


def judge(seen: OsUpdates, limits: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    if not circumstances.os_id:
        words = Text("the device did not say which operating system it runs")
        return Verdict(Status.UNKNOWN, sentence(words))
    family = families().get(circumstances.os_id)
    title = family.title if family else circumstances.os_id
    if family and family.rolling:
        words = Text(
            "%(name)s is a rolling release: it is supported as long as it is updated", name=title
        )
        return Verdict(Status.PASS, sentence(words))
    name = f"{title} {circumstances.os_version}".rstrip()
    edition = circumstances.os_edition
    release = release_of(family, circumstances.os_version, edition) if family else None
    if release and release.title:
        name = f"{title} {release.title} ({circumstances.os_version})"
    release = release or _own_word(seen, extended=bool(family and family.extended))
    if release is None:
        words = Text("the end of support of %(name)s is not known", name=name)
        return Verdict(Status.UNKNOWN, sentence(words), cause=Cause.RELEASE_UNLISTED)
    return _judged(name, release, bool(limits["allow_extended_support"]), circumstances.now)


def _own_word(seen: OsUpdates, extended: bool) -> Release | None:
    ends_on = day_from(seen.support_ends_on)
    if ends_on is None:
        return None
    return Release(ends_on, day_from(seen.extended_support_ends_on) if extended else None)


def _judged(name: str, release: Release, allow_extended: bool, now: datetime) -> Verdict:
    if now < end_of(release.ends_on):
        words = Text("%(name)s is supported until %(day)s", name=name, day=release.ends_on)
        return Verdict(Status.PASS, sentence(words), end_of(release.ends_on))
    extended = release.extended_ends_on
    if allow_extended and extended and now < end_of(extended):
        words = Text(
            "%(name)s has extended support until %(extended)s (regular: %(regular)s)",
            name=name,
            extended=extended,
            regular=release.ends_on,
        )
        return Verdict(Status.PASS, sentence(words), end_of(extended))
    editions = release.editions_end_on
    if editions and now < end_of(editions):
        words = Text(
            "support of %(name)s ended on %(first)s for some editions, %(last)s for others, and the"
            " report does not tell which one this is",
            name=name,
            first=release.ends_on,
            last=editions,
        )
        return Verdict(Status.UNKNOWN, sentence(words), end_of(editions), Cause.EDITION_UNKNOWN)
    last = extended if allow_extended and extended else editions or release.ends_on
    words = Text("support of %(name)s ended on %(day)s", name=name, day=last)
    return Verdict(Status.FAIL, sentence(words))


RULE = Rule(
    id="os_supported",
    signal="os_updates",
    severity=Severity.HIGH,
    judge=judge,
    limits=(
        Limit("allow_extended_support", 1, 0, 1, "1: free extended support (Debian LTS) counts"),
    ),
)
