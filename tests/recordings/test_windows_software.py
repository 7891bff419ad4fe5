"""What Windows machines said of antivirus, screen lock and updates, and how the policy judges it.

The recordings of others state their conclusions in prose; `PROSE` is that prose as a table. They
are no part of the repository: ``make test-recordings`` says where they lie.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.checks import observe_all
from agent.device import inventory
from agent.recordings.replay import Recording
from collector.policy import default_text, evaluate, load, tracked
from protos.posture.v1.device_pb2 import FormFactor
from protos.posture.v1.posture_service_pb2 import Posture
from tests.recordings.conclusions import conclude

HOSTS = Path(__file__).parent / "hosts"
SIGNALS = ("antivirus", "locks", "updates")
ROW = re.compile(r"^\| ([a-z]+\.[^|]+?) \| ([^|]*?) \|", re.MULTILINE)
OURS = [
    (table.parent.name, fact, cell)
    for signal in SIGNALS
    for table in sorted(HOSTS.glob(f"windows-{signal}-*/EXPECTED.md"))
    for fact, cell in ROW.findall(table.read_text(encoding="utf-8"))
]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A_MONTH_AGO = NOW - timedelta(days=30)
ACTIVE, FRESH = "verdict.antivirus_active", "verdict.antivirus_definitions_fresh"
LOCK = "verdict.screen_locks_automatically"
DEFENDER = "antivirus.Microsoft Defender Antivirus"
PROSE = (
    ("windows-client-bitdefender-defender-off", "antivirus.Bitdefender Antivirus.real_time", "yes"),
    ("windows-client-bitdefender-defender-off", f"{DEFENDER}.real_time", "no"),
    ("windows-client-bitdefender-defender-off", ACTIVE, "pass"),
    ("windows-client-bitdefender-defender-off", FRESH, "pass"),
    ("windows-client-bitlocker-on-removable-off", ACTIVE, "pass"),
    ("windows-client-bitlocker-on-removable-off", FRESH, "pass"),
    ("windows-domain-firewall-off", f"{DEFENDER}.running", "yes"),
    ("windows-domain-firewall-off", f"{DEFENDER}.real_time", "unknown"),
    ("windows-domain-firewall-off", ACTIVE, "unknown"),
    ("windows-server-2016-defender-signatures-outdated", ACTIVE, "pass"),
    ("windows-server-2016-defender-signatures-outdated", FRESH, "fail"),
    ("windows-server-2019-dc-aws-vm", f"{DEFENDER}.running", "yes"),
    ("windows-server-2019-dc-aws-vm", f"{DEFENDER}.real_time", "unknown"),
    ("windows-server-2019-dc-aws-vm", FRESH, "unknown"),
    ("windows-server-2025-defender-current", ACTIVE, "pass"),
    (
        "windows-server-2025-defender-current",
        f"{DEFENDER}.signature_date",
        "2026-08-24T22:18:18Z",
    ),
    ("windows-server-ad-member-defender-not-running", f"{DEFENDER}.running", "no"),
    ("windows-server-ad-member-defender-not-running", f"{DEFENDER}.real_time", "no"),
    ("windows-server-defender-cim-access-denied", ACTIVE, "unknown"),
    ("windows-zh-huorong-av", "antivirus.火绒安全软件.real_time", "yes"),
    ("windows-zh-huorong-av", ACTIVE, "pass"),
    ("windows-11-intune-inactivity-300", "autolock.everybody", "yes after 300 s"),
    ("windows-11-intune-inactivity-300", LOCK, "pass"),
    ("windows-it-hku-screensaver", LOCK, "unknown"),
    ("windows-no-screensaver-lock 1-absent", LOCK, "unknown"),
    ("windows-no-screensaver-lock 2-after-set-0", LOCK, "unknown"),
    ("windows-server-secedit-default-policy", LOCK, "unknown"),
    ("windows-isolated-wua-unreachable", "updates.pending", "unknown"),
    ("windows-isolated-wua-unreachable", "verdict.os_security_updates_applied", "unknown"),
    ("windows-server-wsus-au-policy", "updates.pending", "unknown"),
    ("windows-tpm-absent", ACTIVE, "unknown"),
    ("windows-vpn-down", LOCK, "unknown"),
)


def concluded(folder: Path, moment: str | None, fact: str) -> str | None:
    host = Recording(folder, moment)
    observations = observe_all(host)
    room, _, rest = fact.partition(".")
    if room == "verdict":
        return verdict(rest, Posture(inventory=inventory(host), observations=observations))
    seen = {observation.signal: observation for observation in observations}
    if fact == "antivirus.products":
        return ", ".join(product.name for product in seen["antivirus"].antivirus.products)
    return conclude(fact, seen, inventory(host))


def verdict(rule_id: str, posture: Posture) -> str:
    """What waits has waited for a month."""
    policy = load(default_text(), "policy.toml")
    posture.inventory.form_factor = FormFactor.FORM_FACTOR_LAPTOP  # of whom all is asked
    since = {
        rule: dict.fromkeys(keys, A_MONTH_AGO) for rule, keys in tracked(policy, posture).items()
    }
    judged = evaluate(policy, posture, NOW, since)
    return next(each.verdict.status.value for each in judged if each.rule.id == rule_id)


@pytest.mark.parametrize(("folder", "fact", "cell"), OURS)
def test_a_windows_host_of_ours_is_read_as_it_must_be(folder: str, fact: str, cell: str) -> None:
    assert concluded(HOSTS / folder, None, fact) == cell


@pytest.mark.parametrize(
    "rule_id",
    [
        "antivirus_active",
        "screen_locks_automatically",
        "os_security_updates_applied",
    ],
)
def test_each_of_these_signals_has_a_host_that_passes_one_that_fails_and_one_unseen(
    rule_id: str,
) -> None:
    told = {folder.rpartition("-")[2]: cell for folder, what, cell in OURS if rule_id in what}
    assert told == {"good": "pass", "bad": "fail", "blind": "unknown"}


@pytest.mark.recordings
@pytest.mark.parametrize(("host", "fact", "words"), PROSE)
def test_a_real_windows_host_is_read_as_it_must_be(
    host: str, fact: str, words: str, request: pytest.FixtureRequest
) -> None:
    name, _, moment = host.partition(" ")
    folder = Path(request.config.getoption("--recordings") or "nowhere") / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not there")
    assert concluded(folder, moment or None, fact) == words
