"""What the check says of a stack of block devices, in short words."""

from agent.checks.disk_encryption.linux import observe
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import Protection, Volume, VolumeRole
from tests.agent.checks.disk_encryption.stack import Stack


def volumes(seen: Seen) -> dict[str, Volume]:
    return {volume.name: volume for volume in seen.value.volumes}  # type: ignore[attr-defined]


def look(stack: Stack) -> dict[str, str]:
    """Protection by name, in short words; "-" where it could not be told."""
    return {
        name: Protection.Name(volume.protection)[11:].lower()
        if volume.HasField("protection")
        else "-"
        for name, volume in volumes(observe(stack.host())).items()
    }


def role(stack: Stack, name: str) -> str:
    return VolumeRole.Name(volumes(observe(stack.host()))[name].role)[12:].lower()
