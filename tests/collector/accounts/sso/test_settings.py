"""The file of settings is right, or one line says what to do."""

from pathlib import Path

import pytest

from collector.accounts.roles import Role
from collector.accounts.sso.settings import FILE, Settings, SettingsError, read_settings
from collector.accounts.sso.single_sign_on import in_folder
from collector.config import Config, ConfigError
from tests.fakes import FixedClock

GOOD = """
issuer = "https://Login.example/realms/it"
address = "https://muster.example/"
client_id = "muster"
client_secret_file = "sso.secret"
also_hosts = ["keys.example:8443"]
[role]
claim = ["realm_access", "roles"]
[role.of]
owners = "owner"
staff = "viewer"
[second_factor]
amr = ["mfa", "hwk"]
"""


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    (folder / FILE).write_text(text)
    (folder / "sso.secret").write_text("s3cret\n")
    (folder / "sso.secret").chmod(mode)
    return folder


def trouble(folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_the_file_there_is_no_single_sign_on(tmp_path: Path) -> None:
    assert read_settings(tmp_path) is None


def test_a_good_file_is_read(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, GOOD))
    assert isinstance(settings, Settings)
    assert settings.return_address == "https://muster.example/login/sso/callback"
    assert settings.hosts == {"login.example:443", "keys.example:8443"}
    assert settings.name == "login.example"
    assert settings.said.role.of == {"owners": Role.OWNER, "staff": Role.VIEWER}
    assert settings.client_secret == "s3cret"
    assert "s3cret" not in repr(settings)
    assert not settings.said.create_accounts


@pytest.mark.parametrize(
    ("instead", "of", "said"),
    [
        ("issuer = 7", 'issuer = "https://Login.example/realms/it"', "Expected `str`"),
        ('issuer = "http://a.example"', 'issuer = "https://Login.example/realms/it"', "issuer:"),
        ('issuer = "https://a@b"', 'issuer = "https://Login.example/realms/it"', "issuer:"),
        ('address = "https://m/x"', 'address = "https://muster.example/"', "address:"),
        ("", 'address = "https://muster.example/"', "required field `address`"),
        ('client_id = " "', 'client_id = "muster"', "client_id:"),
        ('clientid = "x"', 'client_id = "muster"', "unknown field `clientid`"),
        ('staff = "god"', 'staff = "viewer"', "Invalid enum value 'god'"),
        ("", '[role.of]\nowners = "owner"\nstaff = "viewer"', "required field `of`"),
        ("claim = []", 'claim = ["realm_access", "roles"]', "role.claim:"),
        ('also_hosts = ["a/b?c"]', 'also_hosts = ["keys.example:8443"]', "also_hosts:"),
        ('ca_file = "none.pem"\n[role]', "[role]", "ca_file:"),
        ('scopes = ["email"]\n[role]', "[role]", "scopes:"),
        ('name = "a\\nb"\n[role]', "[role]", "name:"),
        ("[role", "[role]", "not TOML"),
    ],
)
def test_one_wrong_line_is_named(tmp_path: Path, instead: str, of: str, said: str) -> None:
    assert of in GOOD
    assert said in trouble(write(tmp_path, GOOD.replace(of, instead, 1)))


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    assert "chmod 600" in trouble(write(tmp_path, GOOD, 0o640))


def test_a_secret_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    for content in ("", "\n", "a\nb\n", "é"):
        (tmp_path / "sso.secret").write_text(content)
        assert trouble(tmp_path).startswith("client_secret_file:")
    (tmp_path / "sso.secret").unlink()
    assert "cannot be read" in trouble(tmp_path)


def test_a_file_that_is_no_text_or_far_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    assert "UTF-8" in trouble(tmp_path)
    (tmp_path / FILE).write_bytes(b"#" * 70_000)
    assert "64 KiB" in trouble(tmp_path)


def test_the_address_is_one_of_the_collectors_own_names(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(ConfigError, match=r"start it with --host-name muster\.example"):
        in_folder(Config(tmp_path), FixedClock())
    named = in_folder(Config(tmp_path, host_names=("Muster.example",)), FixedClock())
    assert named is not None
    assert in_folder(Config(tmp_path / "none"), FixedClock()) is None
