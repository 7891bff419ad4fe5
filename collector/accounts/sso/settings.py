"""What the operator says about the OpenID provider: `sso.toml`, wrong in one clear line.

It lies in the data folder, and no page changes it: no visitor can make the collector call an
address. The secret stands in a file of its own that only its owner can read.
"""

import ssl
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from collector.accounts.roles import Role
from collector.config import ConfigError

FILE = "sso.toml"
RETURN_PATH = "/login/sso/callback"
MOST_BYTES = 64 * 1024


class SettingsError(ConfigError):
    """The settings cannot be used; str() is one line that says where and what to do."""


class RoleMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`claim` is a name, or a path of names. Of several values that match, the first in `of`."""

    claim: str | tuple[str, ...]
    of: dict[str, Role]


class BelievedFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of `amr` (any of them) or `acr` that mean a second factor; none: ours follows."""

    amr: tuple[str, ...] = ()
    acr: tuple[str, ...] = ()


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written. `address` is where browsers find the pages of this collector."""

    issuer: str
    address: str
    client_id: str
    role: RoleMap
    name: str = ""
    client_secret_file: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    create_accounts: bool = False
    username_claim: str = "preferred_username"
    also_hosts: tuple[str, ...] = ()
    private_network: bool = False
    ca_file: str = ""
    second_factor: BelievedFactor = BelievedFactor()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says, with the files that it names."""

    said: File
    client_secret: str = field(default="", repr=False)
    authorities: Path | None = None

    @property
    def name(self) -> str:
        return self.said.name or str(urlsplit(self.said.issuer).hostname)

    @property
    def return_address(self) -> str:
        """The redirect URI, exactly as it must be registered with the provider."""
        return self.said.address.rstrip("/") + RETURN_PATH

    @property
    def web_host(self) -> str:
        """The name by which browsers call this collector."""
        return (urlsplit(self.said.address).hostname or "").lower()

    @property
    def hosts(self) -> frozenset[str]:
        """Whom the collector may ask, as HOST:PORT."""
        return frozenset(map(host_of, (self.said.issuer, *map(_as_url, self.said.also_hosts))))

    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authorities)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def read_settings(folder: Path) -> Settings | None:
    """The settings of this data folder; None: there are none. Raises SettingsError."""
    path = folder / FILE
    if not path.exists():
        return None
    said = _parsed(path)
    _check(said, path)
    secret = _secret(folder / said.client_secret_file) if said.client_secret_file else ""
    settings = Settings(said, secret, folder / said.ca_file if said.ca_file else None)
    try:
        settings.tls()
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{path}: ca_file: {settings.authorities} cannot be used ({error}): name a file of "
            "certificates in PEM"
        ) from error
    return settings


def host_of(url: str) -> str:
    """HOST:PORT of an https address, in small letters.

    >>> host_of("https://Login.example/realms/x"), host_of("https://login.example:8443")
    ('login.example:443', 'login.example:8443')
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return f"[{host}]:{parts.port or 443}" if ":" in host else f"{host}:{parts.port or 443}"


def is_https(url: str) -> bool:
    """Whether it is an https address without a login, a query or a fragment in it."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    return sound and plain and "@" not in parts.netloc and not (parts.query or parts.fragment)


def _parsed(path: Path) -> File:
    try:
        content = path.read_bytes()[: MOST_BYTES + 1]
        if len(content) > MOST_BYTES:
            raise SettingsError(f"{path}: is larger than 64 KiB: name the file of settings")
        return msgspec.convert(tomllib.loads(content.decode()), File)
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}): name a file that this account can read"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}") from error


def _check(said: File, path: Path) -> None:
    wrong = (
        (not is_https(said.issuer), "issuer: write the provider's address, as https://..."),
        (not said.client_id.strip(), "client_id: write the name the provider knows this by"),
        (not said.role.of, "role.of: name at least one value and the role it gives"),
        (not said.role.claim, "role.claim: name the claim that holds groups or roles"),
        (
            not _is_origin(said.address),
            "address: write where browsers find the pages: https://HOST",
        ),
        ("openid" not in said.scopes, 'scopes: "openid" must be one of them'),
        (len(said.name) > 64 or not said.name.isprintable(), "name: use up to 64 characters"),
        (not all(map(is_https, map(_as_url, said.also_hosts))), "also_hosts: write HOST:PORT"),
    )
    for holds, words in wrong:
        if holds:
            raise SettingsError(f"{path}: {words}")


def _is_origin(address: str) -> bool:
    return is_https(address) and urlsplit(address).path in ("", "/")


def _as_url(host: str) -> str:
    return f"https://{host}"


def _secret(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(
                f"client_secret_file: {path} can be read by others: run `chmod 600 {path}`"
            )
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"client_secret_file: {path} cannot be read ({error.strerror})"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"client_secret_file: {path} is not text") from error
    if not secret or not secret.isprintable():
        raise SettingsError(f"client_secret_file: {path} must hold the secret on one line")
    return secret
