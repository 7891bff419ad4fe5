"""A failing disk or firewall says what it lacks, where that calls for something else to be done."""

import pytest

from collector.model import Circumstances, Platform
from collector.policy.rules import disk_encrypted, firewall_blocks_inbound
from protos.posture.v1.signals_pb2 import (
    DiskEncryption,
    Firewall,
    InboundDefault,
    Protection,
    VolumeRole,
)
from tests.fakes import FixedClock

WINDOWS = Circumstances(now=FixedClock().now, platform=Platform.WINDOWS)
KEY_EXPOSED, PARTIAL = Protection.PROTECTION_KEY_EXPOSED, Protection.PROTECTION_PARTIAL
PLAIN, ENCRYPTED = Protection.PROTECTION_PLAIN, Protection.PROTECTION_ENCRYPTED


@pytest.mark.parametrize(
    ("protections", "cause"),
    [
        ([KEY_EXPOSED, ENCRYPTED], "key_exposed"),
        ([PARTIAL, PARTIAL], "in_part"),
        ([KEY_EXPOSED, PLAIN], ""),
        ([PLAIN], ""),
    ],
)
def test_a_disk_names_its_weakness_when_there_is_but_one(
    protections: list[Protection.ValueType], cause: str
) -> None:
    seen = DiskEncryption()
    for number, protection in enumerate(protections):
        role = VolumeRole.VOLUME_ROLE_DATA if number else VolumeRole.VOLUME_ROLE_SYSTEM
        seen.volumes.add(name=f"{'CDE'[number]}:", role=role, protection=protection)
    assert disk_encrypted.judge(seen, {}, WINDOWS).cause == cause


@pytest.mark.parametrize(("manager", "cause"), [("group policy", "group_policy"), ("ufw", "")])
def test_a_firewall_says_when_a_policy_switches_it_off(manager: str, cause: str) -> None:
    seen = Firewall()
    allowed = InboundDefault.INBOUND_DEFAULT_ALLOWED
    seen.scopes.add(name="public", in_use=True, inbound=allowed)
    seen.managers.add(name=manager, state="public off")
    assert firewall_blocks_inbound.judge(seen, {}, WINDOWS).cause == cause
