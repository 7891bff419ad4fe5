"""apt-check of Ubuntu's update-notifier: two counts, for when the simulation has no answer.

It prints "all;security" on stderr, without a newline, and "0;0" where apt has no index at all. Its
security count looks for the release's "-security" archive of Ubuntu only, so of any other
distribution it says nothing.
"""

import re

from agent.checks.os_updates.answer import Answer
from agent.checks.os_updates.apt_policy import Policy, parse_policy
from agent.checks.os_updates.release import os_release
from agent.host import CannotTell, Host, NoData, Unparsable

TIME_LIMIT = 20.0
COUNTS = re.compile(r"([0-9]+);([0-9]+)")


def count(host: Host, answer: Answer) -> None:
    """Fill the counts. A zero is taken only from indexes that apt shows. Raises CannotTell."""
    output = host.run("apt-check", time_limit=TIME_LIMIT)
    every, security = parse_counts(output.text + output.errors)
    if every == 0 and not _policy(host).indexed:
        raise NoData('apt has no package index, so apt-check\'s "0;0" says nothing')
    answer.pending = every
    answer.because("apt-check", f"{every} upgrades, {security} of security")
    try:
        _require_security(host, security)
        answer.pending_security = security
    except CannotTell as trouble:
        answer.missing("pending_security", trouble)


def parse_counts(text: str) -> tuple[int, int]:
    """All upgrades and those of security. Raises Unparsable.

    >>> parse_counts("178;122")
    (178, 122)
    """
    found = COUNTS.fullmatch(text.strip())
    if found is None or int(found[2]) > int(found[1]):
        raise Unparsable(f"apt-check printed {text.strip()[:80]!r}")
    return int(found[1]), int(found[2])


def _require_security(host: Host, security: int) -> None:
    release = os_release(host)
    if release.get("ID", "ubuntu") != "ubuntu":
        raise NoData("apt-check knows the security archive of Ubuntu only")
    if security:
        return
    policy = _policy(host)
    if not policy.has_security(release) or policy.shuns_security(release):
        raise NoData("apt has no index of this release's security archive that counts")


def _policy(host: Host) -> Policy:
    return parse_policy(host.run("apt-cache", "policy", time_limit=TIME_LIMIT).text)
