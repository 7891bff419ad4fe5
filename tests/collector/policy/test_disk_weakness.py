"""Nobody is told to reinstall for a swap or a data volume: what is wrong chooses the words."""

import pytest

from collector.model import Finding, Language, Platform, Status, System
from collector.policy import words_for
from protos.posture.v1.signals_pb2 import DiskEncryption, Protection, Volume, VolumeRole
from tests.collector.policy.postures import NOW, observed, verdict_of

RULE = "disk_encrypted"
SYSTEM, DATA = VolumeRole.VOLUME_ROLE_SYSTEM, VolumeRole.VOLUME_ROLE_DATA
SWAP, BOOT = VolumeRole.VOLUME_ROLE_SWAP, VolumeRole.VOLUME_ROLE_BOOT
ENCRYPTED, PLAIN = Protection.PROTECTION_ENCRYPTED, Protection.PROTECTION_PLAIN
KEY_EXPOSED = Protection.PROTECTION_KEY_EXPOSED


def volume(role: VolumeRole.ValueType, protection: Protection.ValueType | None) -> Volume:
    return Volume(name=f"/{role}", role=role, protection=protection)


@pytest.mark.parametrize(
    ("volumes", "cause"),
    [
        ([(SYSTEM, ENCRYPTED), (SWAP, PLAIN), (BOOT, PLAIN)], "swap_only"),
        ([(SYSTEM, ENCRYPTED), (DATA, PLAIN)], "data_only"),
        ([(SYSTEM, ENCRYPTED), (DATA, PLAIN), (SWAP, PLAIN)], ""),
        ([(SYSTEM, PLAIN), (SWAP, PLAIN)], ""),
        ([(SYSTEM, None), (SWAP, PLAIN)], ""),
        ([(SYSTEM, ENCRYPTED), (DATA, KEY_EXPOSED)], "key_exposed"),
        ([(SYSTEM, ENCRYPTED), (DATA, KEY_EXPOSED), (SWAP, PLAIN)], ""),
        ([(SWAP, PLAIN)], ""),
    ],
)
def test_the_cause_says_what_alone_is_wrong(
    volumes: list[tuple[VolumeRole.ValueType, Protection.ValueType | None]], cause: str
) -> None:
    seen = DiskEncryption(volumes=[volume(*one) for one in volumes])
    verdict = verdict_of(RULE, observed(seen))
    assert (verdict.status, verdict.cause) == (Status.FAIL, cause)


@pytest.mark.parametrize("cause", ["swap_only", "data_only", "key_exposed", "in_part"])
def test_no_words_for_one_weakness_ask_for_a_new_installation(cause: str) -> None:
    finding = Finding("d1", RULE, Status.FAIL, "Because.", (), NOW, NOW, NOW, 1, cause)
    said = words_for(finding, System(Platform.LINUX, "debian"), Language.EN).remediation
    assert "then reinstall" not in said
    plain = Finding("d1", RULE, Status.FAIL, "Because.", (), NOW, NOW, NOW, 1, "")
    assert words_for(plain, System(Platform.LINUX, "debian"), Language.EN).remediation != said
