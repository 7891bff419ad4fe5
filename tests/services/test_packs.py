"""Packs on servers and with tools of others: OpenSSH, an object store that stores, Debian's age."""

import hashlib
import io
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from socket import create_connection, socket

import pyrage
import pytest

from collector.audit.signing import open_verifier
from collector.config import Address
from collector.export.delivery.object_store import ObjectStore
from collector.export.delivery.parcel import Parcel
from collector.export.delivery.sftp import Sftp
from collector.export.encrypting import encrypt
from collector.export.verifying import check
from collector.export_settings import DirectoryTarget, S3Target, SftpTarget, Target, Way
from collector.notify.taking import NotTaken, Unreachable
from collector.s3.bucket import Bucket, NotReached
from collector.store import deliveries, policies
from tests.collector.desk import one_device
from tests.collector.export.weekly import SUNDAY, WEEK, Weekly, built
from tests.fakes import FakeMachine
from tests.services.elsewhere import Elsewhere, elsewhere
from tests.services.install import path_of

pytestmark = pytest.mark.skipif(
    os.getuid() != 0, reason="makes networks of its own: run make test-services as root"
)
LOGIN = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/client.pub
AuthenticationMethods publickey
StrictModes no
UsePAM no
Subsystem sftp /usr/lib/openssh/sftp-server -e -l VERBOSE 2>> {folder}/done
"""
NAME = "posture-2026-W47-20261122T235900Z.zip.age"


@dataclass
class OpenSsh:
    """`done`: what was done with which file, by the server's own account."""

    folder: Path
    settings: SftpTarget

    @property
    def done(self) -> str:
        return (self.folder / "done").read_text()

    @property
    def kept(self) -> Path:
        return self.folder / "kept"


def key_pair(path: Path) -> str:
    """The public one, as known_hosts has it."""
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path))
    subprocess.run(words, check=True)
    return path.with_suffix(".pub").read_text().strip()


def free_port() -> int:
    with closing(socket()) as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def until_it_answers(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end, "sshd does not answer"
            time.sleep(0.1)


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[OpenSsh]:
    folder, port = tmp_path / "ssh", free_port()
    (folder / "kept").mkdir(parents=True)
    host, _ = key_pair(folder / "host"), key_pair(folder / "client")
    (folder / "config").write_text(LOGIN.format(port=port, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    program = path_of("sshd")
    assert program is not None, "run tests/services/install.py"
    with (folder / "out").open("wb") as out:
        words = (program, "-D", "-e", "-f", str(folder / "config"))
        server = subprocess.Popen(words, stdout=out, stderr=out)
    try:
        until_it_answers(port)
        kept, key = str(folder / "kept"), folder / "client"
        target = SftpTarget(Address("127.0.0.1", port), "root", host, kept, key)
        yield OpenSsh(folder, target)
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def store_of_objects(tmp_path: Path) -> Iterator[tuple[Elsewhere, S3Target]]:
    machine = elsewhere(tmp_path, 4)
    try:
        machine.disconnect()
        machine.connect()
        yield machine, S3Target(machine.start_object_store("archive"))
    finally:
        machine.disconnect()


def parcel_of(path: Path) -> Parcel:
    return Parcel(path, 7, "all", SUNDAY, "ab" * 32, "https://c.example/exports/7")


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    path = tmp_path / NAME
    path.write_bytes(os.urandom(5 << 20))
    return parcel_of(path)


def test_openssh_holds_it_under_another_name_until_it_is_whole(
    parcel: Parcel, ssh: OpenSsh
) -> None:
    for _ in range(2):
        Sftp(ssh.settings).take(parcel, SUNDAY)
    assert [path.name for path in ssh.kept.iterdir()] == [NAME]
    assert (ssh.kept / NAME).read_bytes() == parcel.path.read_bytes()
    part, whole = f"{ssh.kept}/.{NAME}.part", f"{ssh.kept}/{NAME}"
    assert ssh.done.count(f'posix-rename old "{part}" new "{whole}"') == 2
    assert f'open "{whole}"' not in ssh.done


def test_openssh_with_another_key_gets_nothing(
    parcel: Parcel, ssh: OpenSsh, tmp_path: Path
) -> None:
    other = key_pair(tmp_path / "other")
    with pytest.raises(NotTaken, match="does not hold the host_key of the settings"):
        Sftp(replace(ssh.settings, host_key=other)).take(parcel, SUNDAY)
    with pytest.raises(NotTaken, match="refuses the user name or the key"):
        Sftp(replace(ssh.settings, key_file=tmp_path / "other")).take(parcel, SUNDAY)
    assert list(ssh.kept.iterdir()) == []


def test_an_object_store_holds_what_was_sent_and_refuses_what_was_changed_on_the_way(
    parcel: Parcel, store_of_objects: tuple[Elsewhere, S3Target]
) -> None:
    machine, target = store_of_objects
    for _ in range(2):
        ObjectStore(target).take(parcel, SUNDAY)
    kept = machine.folder / "kept" / "audit" / "muster"
    assert [path.name for path in kept.iterdir()] == [NAME]
    sent = parcel.path.read_bytes()
    assert (kept / NAME).read_bytes() == sent
    assert Bucket(target.bucket).get(NAME) == sent
    other = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(NotReached, match="XAmzContentSHA256"):
        Bucket(target.bucket)._send("PUT", "changed", io.BytesIO(sent), len(sent), other)
    machine.cut()
    with pytest.raises(Unreachable):
        ObjectStore(target).take(parcel, SUNDAY)


def age(*words: str) -> str:
    found = subprocess.run(("age", *words), check=False, capture_output=True, text=True)
    return found.stderr if found.returncode else ""


def recipient(path: Path) -> str:
    """Of a key that Debian's age-keygen made."""
    subprocess.run(("age-keygen", "-o", str(path)), check=True, capture_output=True)
    words = ("age-keygen", "-y", str(path))
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def test_each_recipient_opens_it_with_age_and_nobody_else(tmp_path: Path) -> None:
    keys = [tmp_path / name for name in ("auditor", "second", "stranger")]
    mine, second, _ = (recipient(key) for key in keys)
    plain, out = tmp_path / "pack.zip", tmp_path / "out.zip"
    plain.write_bytes(os.urandom(200_000))
    sealed = encrypt(plain, [mine, second])
    for key in keys[:2]:
        assert age("-d", "-i", str(key), "-o", str(out), str(sealed)) == ""
        assert out.read_bytes() == plain.read_bytes()
        out.unlink()
    assert "no identity matched" in age("-d", "-i", str(keys[2]), "-o", str(out), str(sealed))
    changed = tmp_path / "changed.age"
    content = bytearray(sealed.read_bytes())
    content[-100] ^= 1
    changed.write_bytes(content)
    assert "failed to decrypt" in age("-d", "-i", str(keys[0]), "-o", str(out), str(changed))


def test_a_scheduled_pack_is_sealed_encrypted_and_taken_to_all_of_them(
    tmp_path: Path, ssh: OpenSsh, store_of_objects: tuple[Elsewhere, S3Target]
) -> None:
    """From the clock to the auditor's desk: what was taken to each place opens and is valid."""
    machine, s3 = store_of_objects
    key, share, data = tmp_path / "auditor", tmp_path / "share", tmp_path / "data"
    share.mkdir()
    ways: dict[str, Way] = {"share": DirectoryTarget(share), "archive": s3, "sftp": ssh.settings}
    targets = tuple(Target(name, way) for name, way in ways.items())
    mine = recipient(key)
    for device in one_device(data):
        device.store.write(lambda c: policies.add(c, "", SUNDAY - WEEK, "alice"))
        counted = FakeMachine()
        exporting = built(
            device, data, counted, recipients=(mine,), keep_plain=False, targets=targets
        )
        weekly = Weekly(device, data, exporting, counted)
        weekly.until(SUNDAY)
        exporting.tick()
        assert exporting.delivering.deliver_due() == 3
        states = [each.state for each in device.store.read(lambda c: deliveries.of_run(c, 1))]
        assert states == ["sent"] * 3
        assert weekly.names() == [NAME]
    at_store = machine.folder / "kept" / "audit" / "muster"
    for place in (share, at_store, ssh.kept):
        (there,) = place.iterdir()
        opened = tmp_path / f"{place.name}.zip"
        assert age("-d", "-i", str(key), "-o", str(opened), str(there)) == ""
        assert check(opened, open_verifier(data / "audit.pub")).problems == ()


def test_the_key_of_one_library_is_the_key_of_the_other(tmp_path: Path) -> None:
    shutil.copyfile(__file__, tmp_path / "text")
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"{identity}\n")
    sealed = encrypt(tmp_path / "text", [str(identity.to_public())])
    words = ("-d", "-i", str(tmp_path / "key"), "-o", str(tmp_path / "out"), str(sealed))
    assert age(*words) == ""
    assert (tmp_path / "out").read_bytes() == Path(__file__).read_bytes()
