"""Simulated devices with real certificates, enrolled straight into a collector's data folder.

For tests that need many devices, or devices that do what an agent never would.
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
from cryptography.hazmat.primitives import serialization

from collector.identity.authority import Authority, new_key
from collector.identity.certifying import certify
from collector.identity.key_files import open_authority
from collector.inventory import row_of
from collector.policy import default_text
from collector.store import Connection, Store, devices, policies
from protos.posture.v1 import posture_service_pb2 as messages
from protos.posture.v1.device_pb2 import FormFactor, Inventory, Platform
from protos.posture.v1.posture_service_pb2_grpc import PostureServiceStub
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    DiskEncryption,
    Evidence,
    Firewall,
    FirewallScope,
    InboundDefault,
    Observation,
    OsUpdates,
    Protection,
    ScreenLock,
    UserScreenLock,
    Volume,
    VolumeRole,
)

READY_SECONDS = 30.0
_YEAR = timedelta(days=365)


@dataclass
class Simulated:
    """One device: its certificate, and what it would send next."""

    device_id: str
    certificate_pem: bytes
    key_pem: bytes
    authority_pem: bytes
    hostname: str
    sequence: int = 0
    held_answer: int = 0

    def report(self, variant: int) -> messages.CheckInRequest:
        """The next report; another `variant` is another posture."""
        self.sequence += 1
        report = messages.Report(sequence=self.sequence, posture=posture(self.hostname, variant))
        report.observed_at.FromDatetime(datetime.now(UTC))
        return messages.CheckInRequest(report=report)

    def unchanged(self, variant: int) -> messages.CheckInRequest:
        """The same posture again, from an agent that holds the last answer it was given."""
        self.sequence += 1
        digest = hashlib.sha256(posture(self.hostname, variant)).digest()
        body = messages.Unchanged(sequence=self.sequence, digest=digest)
        body.observed_at.FromDatetime(datetime.now(UTC))
        request = messages.CheckInRequest(unchanged=body)
        if self.held_answer:
            request.answer_version = self.held_answer
        return request

    def channel(self, address: str) -> grpc.aio.Channel:
        """A connection of its own: never shared with another device's."""
        credentials = grpc.ssl_channel_credentials(
            self.authority_pem, self.key_pem, self.certificate_pem
        )
        options = (("grpc.use_local_subchannel_pool", 1),)
        return grpc.aio.secure_channel(address, credentials, options)

    async def check_in(
        self, channel: grpc.aio.Channel, request: messages.CheckInRequest
    ) -> messages.CheckInResponse:
        """One call; raises grpc.aio.AioRpcError when it was not answered."""
        answer: messages.CheckInResponse = await PostureServiceStub(channel).CheckIn(
            request, timeout=10
        )
        # The server of the bench that does nothing gives no answers.
        self.held_answer = answer.answer_version or self.held_answer
        return answer


def posture(hostname: str, variant: int = 0) -> bytes:
    """What a well-kept Linux laptop says, 1.5 kB with evidence; the variant shows in a package."""
    volume = Volume(
        name="/",
        device="/dev/mapper/root",
        filesystem="ext4",
        role=VolumeRole.VOLUME_ROLE_SYSTEM,
        protection=Protection.PROTECTION_ENCRYPTED,
        method="LUKS2",
    )
    blocked = InboundDefault.INBOUND_DEFAULT_BLOCKED
    scopes = [FirewallScope(name=n, in_use=True, inbound=blocked) for n in ("ipv4", "ipv6")]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    product = AntivirusProduct(name="ClamAV", version="1.4.3", running=True, real_time=True)
    product.definitions_at.FromDatetime(today)
    lock = UserScreenLock(
        user="alice", desktop="GNOME", in_session=True, locks=True, idle_seconds=300,
        lock_delay_seconds=0, enforced=True, source="dconf",
    )  # fmt: skip
    updates = OsUpdates(source="apt", pending=variant, pending_security=0, restart_required=False)
    updates.index_at.FromDatetime(today)
    observations = [
        Observation(signal="disk_encryption", disk_encryption=DiskEncryption(volumes=[volume])),
        Observation(signal="firewall", firewall=Firewall(scopes=scopes)),
        Observation(signal="antivirus", antivirus=Antivirus(products=[product])),
        Observation(signal="screen_lock", screen_lock=ScreenLock(users=[lock])),
        Observation(signal="os_updates", os_updates=updates),
    ]
    for observation in observations:
        for number in range(3):
            line = Evidence(source=f"/proc/source/{number}", said="what the machine said " * 3)
            observation.evidence.append(line)
    content = messages.Posture(
        inventory=inventory(hostname), observations=observations, agent_version="0.1.0"
    )
    return content.SerializeToString(deterministic=True)


def inventory(hostname: str) -> Inventory:
    return Inventory(
        hostname=hostname,
        platform=Platform.PLATFORM_LINUX,
        form_factor=FormFactor.FORM_FACTOR_LAPTOP,
        os_id="debian",
        os_name="Debian GNU/Linux 13 (trixie)",
        os_version="13",
        architecture="x86_64",
        memory_bytes=16 << 30,
    )


def enroll(folder: Path, count: int, first: int | None = None) -> list[Simulated]:
    """Enrol `count` devices into the store of a collector that does not run yet.

    `first`: the number of the first of them, where there are too many to be counted.
    """
    now = datetime.now(UTC)
    store = Store.open(folder)
    try:
        authority = open_authority(folder, "Muster", now)

        def add(c: Connection) -> list[Simulated]:
            if policies.current(c) is None:
                policies.add(c, default_text(), now, "a test")
            begin = first
            if begin is None:
                wanted = devices.DeviceFilter(limit=100_000)
                begin = len(devices.find(c, wanted, now, _YEAR).devices)
            return [_add(c, authority, now, begin + n) for n in range(count)]

        return store.write(add)
    finally:
        store.close()


def _add(c: Connection, authority: Authority, now: datetime, number: int) -> Simulated:
    device_id = f"00000000-0000-4000-8000-{number:012}"
    hostname = f"laptop-{number:06}"
    key = new_key()
    devices.add(c, device_id, row_of(inventory(hostname), "0.1.0"), now)
    signed = certify(c, authority, device_id, key.public_key(), now)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Simulated(device_id, signed.pem, key_pem, authority.pem, hostname)


@dataclass
class CollectorProcess:
    """A real `muster-collector serve` on free loopback ports."""

    folder: Path
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self, ready_seconds: float = READY_SECONDS) -> dict[str, str]:
        """Start it and wait until it serves; returns its serving.json."""
        serving = self.folder / "serving.json"
        serving.unlink(missing_ok=True)
        command = [sys.executable, "-m", "collector", "--data", str(self.folder), "serve"]
        for option in ("--check-in", "--enroll", "--web"):
            command += [option, "127.0.0.1:0"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + ready_seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(FileNotFoundError, ValueError):
                found: dict[str, str] = json.loads(serving.read_text())
                return found
            time.sleep(0.02)
        raise AssertionError(f"the collector did not start:\n{self.log.read_text()}")

    def kill(self) -> None:
        """End it as a power cut would: no handler runs, nothing is flushed."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)


@contextlib.contextmanager
def collector(
    folder: Path, ready_seconds: float = READY_SECONDS
) -> Iterator[tuple[CollectorProcess, dict[str, str]]]:
    """A running collector for the length of the block."""
    running = CollectorProcess(folder, folder.with_name(folder.name + ".log"))
    try:
        yield running, running.start(ready_seconds)
    finally:
        if running.process is not None and running.process.poll() is None:
            running.kill()
