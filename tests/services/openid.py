"""A certified OpenID provider of others (npm oidc-provider), started on loopback with TLS."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwk

from collector.clock import system_clock
from collector.identity.key_files import open_authority, open_server

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Path(__file__).parent / "oidc"
CACHE = ROOT / ".services" / "oidc"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
SECRET = "a secret of the client in this test"


@dataclass(frozen=True)
class OpenId:
    """`folder` holds the provider's certificate, server.pem, and its authority.pem."""

    issuer: str
    folder: Path

    def settings(self, address: str, algorithm: str, **more: str) -> str:
        """The text of sso.toml for a collector at this address, beside authority.pem."""
        lines = {
            "issuer": self.issuer,
            "address": address,
            "client_id": f"muster-{algorithm}",
            "client_secret_file": str(self.folder / "client.secret"),
            "ca_file": str(self.folder / "authority.pem"),
            "name": "Example",
        }
        said = [f'{key} = "{value}"' for key, value in lines.items()]
        said += ["private_network = true", *(f"{key} = {value}" for key, value in more.items())]
        said += ["[role]", 'claim = "groups"', "[role.of]", 'staff = "viewer"', 'bosses = "owner"']
        return "\n".join([*said, "[second_factor]", 'amr = ["mfa"]', ""])


def install_provider() -> Path:
    """The folder of the provider and what it needs, as the lock has them with their hashes."""
    CACHE.mkdir(parents=True, exist_ok=True)
    lock = CACHE / "package-lock.json"
    wanted = (RECIPE / "package-lock.json").read_bytes()
    if not (CACHE / "node_modules").exists() or lock.read_bytes() != wanted:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(RECIPE / name, CACHE / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=CACHE, check=True, timeout=600)
    shutil.copy(RECIPE / "provider.mjs", CACHE / "provider.mjs")
    return CACHE


def keys() -> list[dict[str, Any]]:
    """One for each algorithm. Made here: generateKeyPairSync hangs now and then in Node.js 20."""
    made: dict[str, jwk.Key] = {
        "RS256": jwk.RSAKey.generate_key(2048),
        "PS256": jwk.RSAKey.generate_key(2048),
        "ES256": jwk.ECKey.generate_key("P-256"),
        "EdDSA": jwk.OKPKey.generate_key("Ed25519"),
    }
    marks = {name: {"alg": name, "kid": name, "use": "sig"} for name in made}
    return [{**key.as_dict(private=True), **marks[name]} for name, key in made.items()]


@contextmanager
def provider(folder: Path, redirect_uris: list[str]) -> Iterator[OpenId]:
    """A running provider whose people are in the group `staff`; `nobody-...` are in none."""
    folder.mkdir()
    authority = open_authority(folder, "Provider", system_clock())
    open_server(folder, authority, ("localhost",), system_clock())
    (folder / "client.secret").write_text(SECRET)
    (folder / "client.secret").chmod(0o600)
    given = {
        "key": str(folder / "server.key"),
        "certificate": str(folder / "server.pem"),
        "secret": SECRET,
        "redirect_uris": redirect_uris,
        "algorithms": ALGORITHMS,
        "keys": keys(),
        "groups": ["staff"],
    }
    (folder / "given.json").write_text(json.dumps(given))
    command = ["node", "provider.mjs", str(folder / "given.json")]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            command, cwd=install_provider(), stdout=subprocess.PIPE, stderr=log, text=True
        ) as started,
    ):
        assert started.stdout is not None
        try:
            port = started.stdout.readline().strip()
            assert port.isdigit(), (folder / "log").read_text()
            yield OpenId(f"https://localhost:{port}", folder)
        finally:
            started.terminate()
