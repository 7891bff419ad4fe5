"""A gap is believed before the value: what a device says it did not see was not seen."""

import pytest
from google.protobuf.message import Message

from collector.model import Status
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    DiskEncryption,
    OsUpdates,
    Protection,
    Volume,
    VolumeRole,
)
from tests.collector.policy.postures import NOW, inventory, observed, stamp, verdict_of

GUARDED = Antivirus(
    products=[
        AntivirusProduct(name="ClamAV", running=True, real_time=True, definitions_at=stamp(NOW))
    ]
)
CURRENT = OsUpdates(pending=0, pending_security=0, restart_required=False, index_at=stamp(NOW))
UNNAMED = ""


@pytest.mark.parametrize(
    ("rule_id", "good", "gap"),
    [
        ("antivirus_active", GUARDED, "products[ClamAV].running"),
        ("antivirus_active", GUARDED, "products[ClamAV].real_time"),
        ("antivirus_definitions_fresh", GUARDED, "products[ClamAV].definitions_at"),
        ("antivirus_active", GUARDED, UNNAMED),
        ("os_security_updates_applied", CURRENT, UNNAMED),
        ("os_supported", CURRENT, UNNAMED),
    ],
)
def test_what_is_said_and_said_to_be_unseen_never_passes(
    rule_id: str, good: Message, gap: str
) -> None:
    about = inventory(os_id="debian", os_version="13")
    assert verdict_of(rule_id, observed(good), about=about).status is Status.PASS
    verdict = verdict_of(rule_id, observed(good, [gap]), about=about)
    assert verdict.status is Status.UNKNOWN
    if not gap:
        assert verdict.because.startswith("A part of it could not be seen: permission denied")


def test_of_two_of_one_name_the_gap_hides_only_the_one_without_an_answer() -> None:
    plain, untold = (Volume(name="[swap]", role=VolumeRole.VOLUME_ROLE_SWAP) for _ in range(2))
    plain.protection = Protection.PROTECTION_PLAIN
    hidden = DiskEncryption(volumes=[plain, untold])
    verdict = verdict_of("disk_encrypted", observed(hidden, ["volumes[[swap]].protection"]))
    assert verdict.status is Status.FAIL


def test_a_gap_in_one_product_hides_nothing_of_another() -> None:
    verdict = verdict_of("antivirus_active", observed(GUARDED, ["products[Other].real_time"]))
    assert verdict.status is Status.PASS
