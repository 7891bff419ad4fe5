"""Three machines that keep replicas: a log host and two object stores, each in its own network.

Network namespaces with a pair of interfaces each, so that one is cut off as a cable is. rsyslog is
Debian's; the object store is versitygw, which checks every signature and stores files. Needs root.
"""

import http.client
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from collector.config import Address
from collector.identity.authority import Authority, found, new_key
from collector.s3.settings import S3Settings
from collector.s3.sigv4 import Call, Keys, signed_headers
from collector.settings import SyslogSettings

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = ROOT / ".services" / "go" / "versitygw"
KEYS = Keys("muster", "a secret of the tests")
SYSLOG = """
global(
  workDirectory="{folder}"
  maxMessageSize="64k"
  defaultNetstreamDriverCAFile="{folder}/ca.pem"
  defaultNetstreamDriverCertFile="{folder}/server.pem"
  defaultNetstreamDriverKeyFile="{folder}/server.key"
)
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1"
       StreamDriver.AuthMode="x509/certvalid")
input(type="imtcp" port="6514")
template(name="whole" type="string" string="%msg%\\n")
action(type="omfile" file="{folder}/messages" template="whole")
"""


def sh(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


@dataclass
class Elsewhere:
    """One machine; `number` chooses its network, 10.231.<number>.0/24."""

    folder: Path
    number: int
    authority: Authority
    server: "subprocess.Popen[bytes] | None" = None
    made: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"muster{self.number}"

    @property
    def address(self) -> str:
        return f"10.231.{self.number}.2"

    def connect(self) -> None:
        """A network of its own with a cable to this one."""
        inside = ("ip", "-n", self.name)
        sh("ip", "netns", "add", self.name)
        sh("ip", "link", "add", self.name, "type", "veth", "peer", "eth0", "netns", self.name)
        sh("ip", "addr", "add", f"10.231.{self.number}.1/24", "dev", self.name)
        sh("ip", "link", "set", self.name, "up")
        sh(*inside, "addr", "add", f"{self.address}/24", "dev", "eth0")
        sh(*inside, "link", "set", "eth0", "up")
        sh(*inside, "link", "set", "lo", "up")

    def cut(self) -> None:
        sh("ip", "link", "set", self.name, "down")

    def mend(self) -> None:
        sh("ip", "link", "set", self.name, "up")

    def disconnect(self) -> None:
        if self.server is not None:
            self.server.kill()
            self.server.wait()
        for words in (("link", "del", self.name), ("netns", "del", self.name)):
            subprocess.run(("ip", *words), check=False, capture_output=True)

    def certify(self, name: str, *names: str) -> None:
        key = new_key()
        pem = self.authority.sign_server(key.public_key(), names, datetime.now(UTC))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / f"{name}.key").write_bytes(private)
        (self.folder / f"{name}.pem").write_bytes(pem.public_bytes(Encoding.PEM))
        (self.folder / "ca.pem").write_bytes(self.authority.pem)

    def start(self, *words: str) -> None:
        with (self.folder / "server.out").open("ab") as out:
            self.server = subprocess.Popen(
                ("ip", "netns", "exec", self.name, *words), stdout=out, stderr=out
            )

    def start_log_host(self) -> SyslogSettings:
        self.certify("server", self.address)
        self.certify("client", "collector")
        (self.folder / "rsyslog.conf").write_text(SYSLOG.format(folder=self.folder))
        pid = str(self.folder / "pid")
        self.start("rsyslogd", "-n", "-f", str(self.folder / "rsyslog.conf"), "-i", pid)
        return SyslogSettings(
            "loghost",
            Address(self.address, 6514),
            self.address,
            self.folder / "ca.pem",
            self.folder / "client.pem",
            self.folder / "client.key",
        )

    def start_object_store(self, name: str) -> S3Settings:
        self.certify("server", self.address)
        for each in ("kept", "about"):
            (self.folder / each).mkdir(exist_ok=True)
        keys = self.folder / "keys"
        keys.write_text(f"{KEYS.access}\n{KEYS.secret.replace(' ', '-')}\n")
        keys.chmod(0o600)
        access = ("--access", KEYS.access, "--secret", KEYS.secret.replace(" ", "-"))
        tls = (
            *("--cert", str(self.folder / "server.pem")),
            *("--key", str(self.folder / "server.key")),
        )
        where = ("posix", "--sidecar", str(self.folder / "about"), str(self.folder / "kept"))
        self.start(str(GATEWAY), "--quiet", *access, *tls, "--port", ":7070", *where)
        self._make_bucket()
        url, ca = f"https://{self.address}:7070", self.folder / "ca.pem"
        return S3Settings(name, url, "audit", "muster/", "us-east-1", keys, ca)

    def _make_bucket(self) -> None:
        host = f"{self.address}:7070"
        keys = Keys(KEYS.access, KEYS.secret.replace(" ", "-"))
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        for _ in range(100):
            headers = signed_headers(
                Call("PUT", host, "/audit"), keys, "us-east-1", datetime.now(UTC)
            )
            connection = http.client.HTTPSConnection(self.address, 7070, context=context, timeout=5)
            try:
                connection.request("PUT", "/audit", None, headers)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.1)
            finally:
                connection.close()
        raise AssertionError((self.folder / "server.out").read_text())


def elsewhere(folder: Path, number: int) -> Elsewhere:
    authority = found(new_key(), f"Machine {number}", datetime.now(UTC))
    (folder / str(number)).mkdir()
    return Elsewhere(folder / str(number), number, authority)
