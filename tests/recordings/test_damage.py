"""A recording that is cut off or out of order never says anything better than the whole one."""

import random
import shutil
from pathlib import Path

import pytest

from agent.checks import CHECKS
from agent.host import Host
from agent.observation import observe
from agent.recordings.replay import Recording, UnusableRecording
from protos.posture.v1.signals_pb2 import InboundDefault, Observation
from tests.recordings.conclusions import GOOD, JUDGED, all_of

HOSTS = Path(__file__).parent / "hosts"
ROUNDS = 60
LEFT_OUT = ("EXPECTED.md", "SYSTEM")
SETTINGS = ("fs/home", "fs/etc/xdg")
"""A settings file that says less means the defaults: nothing can tell that it was cut off."""

SIGNALS = {
    "disks": "disk_encryption",
    "firewall": "firewall",
    "antivirus": "antivirus",
    "desks": "screen_lock",
    "updates": "os_updates",
}


def praise(seen: Observation) -> set[str]:
    """Everything that speaks for the machine."""
    updates = seen.os_updates
    said = {f"volume {v.name}" for v in seen.disk_encryption.volumes if v.protection in GOOD}
    judged = [v for v in seen.disk_encryption.volumes if v.role in JUDGED]
    said |= {"all volumes"} if all_of(judged) == "yes" else set()
    said |= {
        f"scope {s.name}"
        for s in seen.firewall.scopes
        if s.inbound == InboundDefault.INBOUND_DEFAULT_BLOCKED
    }
    said |= {f"product {p.name} guards" for p in seen.antivirus.products if p.real_time}
    said |= {f"product {p.name} runs" for p in seen.antivirus.products if p.running}
    for user in seen.screen_lock.users:
        after = user.idle_seconds + user.lock_delay_seconds
        said |= {f"user {user.user} after {after}"} if user.locks else set()
    for field in ("pending", "pending_security"):
        if updates.HasField(field) and not getattr(updates, field):
            said.add(field)
    return said


def look(folder: Path) -> Observation:
    signal = SIGNALS[folder.name.split("-")[1]]
    host: Host = Recording(folder)
    return observe(signal, CHECKS[signal]["linux"], host)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut within a line, for a list that ends between two lines is only a shorter list."""
    if chance.random() < 0.5:
        return content[: chance.randrange(1, len(content) + 1)].removesuffix(b"\n")
    lines = content.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def to_damage(path: Path) -> bool:
    settings = any(f"/{place}/" in path.as_posix() for place in SETTINGS)
    return path.is_file() and path.stat().st_size > 0 and path.name not in LEFT_OUT and not settings


@pytest.mark.parametrize("name", sorted(path.name for path in HOSTS.glob("linux-*")))
def test_damage_never_makes_a_host_look_better(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(HOSTS / name, folder)
    whole = praise(look(folder))
    files = sorted(filter(to_damage, folder.rglob("*")))
    chance = random.Random(name)
    for _ in range(ROUNDS):
        file = chance.choice(files)
        content = file.read_bytes()
        file.write_bytes(damaged(content, chance))
        try:
            better = praise(look(folder)) - whole
        except UnusableRecording:
            better = set()
        assert not better, f"{file.relative_to(folder)}: {file.read_bytes()!r}"
        file.write_bytes(content)
