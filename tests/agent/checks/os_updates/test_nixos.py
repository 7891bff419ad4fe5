"""NixOS: nobody lists what is pending, and the booted system shows whether a restart is."""

import pytest

from agent.checks.os_updates import linux
from agent.host import ToolMissing
from protos.posture.v1.signals_pb2 import OsUpdates
from tests.fakes import FakeHost

RELEASE = {"/etc/os-release": 'ID=nixos\nVERSION_ID="25.11"\nSUPPORT_END="2026-06-30"\n'}
STORE = "/nix/store/0c1f2b3a4d5e6f7g8h9i0jklmnpqrsvw"


def machine(booted: str = "6.12.57", current: str = "6.12.57") -> FakeHost:
    links = {"/run/current-system": f"{STORE}-nixos-system"}
    for system, kernel in (("booted", booted), ("current", current)):
        links[f"/run/{system}-system/kernel"] = f"{STORE}-linux-{kernel}/bzImage"
        links[f"/run/{system}-system/kernel-modules"] = f"{STORE}-linux-{kernel}-modules"
        links[f"/run/{system}-system/initrd"] = f"{STORE}-initrd-linux-{kernel}/initrd"
    return FakeHost(files=RELEASE, links=links)


def updates(host: FakeHost) -> OsUpdates:
    value = linux.observe(host).value
    assert isinstance(value, OsUpdates)
    return value


def test_the_booted_kernel_is_held_against_that_of_the_current_system() -> None:
    assert updates(machine()).restart_required is False
    assert updates(machine(current="6.12.58")).restart_required is True


def test_what_is_pending_is_not_known_and_never_zero() -> None:
    seen = linux.observe(machine())
    assert not updates(machine()).HasField("pending")
    gaps = {gap.field for gap in seen.gaps}
    assert {"pending", "pending_security", "index_at"} <= gaps
    assert updates(machine()).support_ends_on == "2026-06-30"


@pytest.mark.parametrize("lost", ["/run/booted-system/kernel", "/run/current-system/initrd"])
def test_a_link_that_is_missing_decides_nothing(lost: str) -> None:
    host = machine()
    links = {path: target for path, target in host.links.items() if path != lost}
    assert not updates(FakeHost(files=RELEASE, links=links)).HasField("restart_required")


def test_another_system_with_nothing_to_ask_is_not_taken_for_one() -> None:
    with pytest.raises(ToolMissing):
        linux.observe(FakeHost())
