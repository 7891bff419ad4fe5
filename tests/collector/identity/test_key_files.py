"""Keys survive a restart, and trouble with them is told before anything starts."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from collector.identity.authority import found, new_key
from collector.identity.key_files import KeyFileError, open_authority, open_server

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_the_second_start_finds_the_same_authority(tmp_path: Path) -> None:
    first = open_authority(tmp_path, "Muster", NOW)
    assert open_authority(tmp_path, "Muster", NOW).sha256 == first.sha256


def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    authority = open_authority(tmp_path, "Muster", NOW)
    open_server(tmp_path, authority, [], NOW)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(
        ("authority.key", "authority.pem", "server.key", "server.pem"), 0o600
    )


def test_a_first_start_cut_short_after_the_key_is_carried_on(tmp_path: Path) -> None:
    open_authority(tmp_path, "Muster", NOW)
    (tmp_path / "authority.pem").unlink()
    authority = open_authority(tmp_path, "Muster", NOW)
    assert authority.certificate.public_key() == authority.key.public_key()


def test_a_lost_authority_key_is_never_replaced_silently(tmp_path: Path) -> None:
    open_authority(tmp_path, "Muster", NOW)
    (tmp_path / "authority.key").unlink()
    with pytest.raises(KeyFileError, match=r"authority\.key is missing: restore it"):
        open_authority(tmp_path, "Muster", NOW)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_authority(tmp_path, "Muster", NOW)
    (tmp_path / "authority.key").chmod(0o644)
    with pytest.raises(KeyFileError, match="run `chmod 600"):
        open_authority(tmp_path, "Muster", NOW)


def test_a_key_of_another_authority_is_refused(tmp_path: Path) -> None:
    open_authority(tmp_path, "Muster", NOW)
    other = tmp_path / "other"
    other.mkdir()
    open_authority(other, "Muster", NOW)
    (other / "authority.key").replace(tmp_path / "authority.key")
    with pytest.raises(KeyFileError, match="does not belong to"):
        open_authority(tmp_path, "Muster", NOW)


@pytest.mark.parametrize("name", ["authority.key", "authority.pem"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    open_authority(tmp_path, "Muster", NOW)
    (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(KeyFileError, match=re.escape(name)):
        open_authority(tmp_path, "Muster", NOW)


def leaf_serial(folder: Path, names: list[str], now: datetime) -> int:
    authority = open_authority(folder, "Muster", NOW)
    chain = open_server(folder, authority, names, now).chain_pem
    return x509.load_pem_x509_certificates(chain)[0].serial_number


def test_the_server_certificate_is_kept_while_it_serves(tmp_path: Path) -> None:
    first = leaf_serial(tmp_path, ["a.example"], NOW)
    assert leaf_serial(tmp_path, ["a.example"], NOW + timedelta(days=334)) == first


def test_the_server_certificate_is_issued_anew_a_month_before_its_end(tmp_path: Path) -> None:
    first = leaf_serial(tmp_path, ["a.example"], NOW)
    assert leaf_serial(tmp_path, ["a.example"], NOW + timedelta(days=335, minutes=1)) != first


def test_the_server_certificate_is_issued_anew_when_the_names_change(tmp_path: Path) -> None:
    first = leaf_serial(tmp_path, ["a.example"], NOW)
    assert leaf_serial(tmp_path, ["a.example", "10.0.0.1"], NOW) != first


def test_the_server_certificate_of_another_authority_is_replaced(tmp_path: Path) -> None:
    first = leaf_serial(tmp_path, [], NOW)
    other = found(new_key(), "Muster", NOW)
    chain = open_server(tmp_path, other, [], NOW).chain_pem
    assert x509.load_pem_x509_certificates(chain)[0].serial_number != first


def test_the_chain_ends_with_the_authority_and_names_this_machine(tmp_path: Path) -> None:
    authority = open_authority(tmp_path, "Muster", NOW)
    identity = open_server(tmp_path, authority, ["a.example"], NOW)
    leaf, root = x509.load_pem_x509_certificates(identity.chain_pem)
    assert root == authority.certificate
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"a.example", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    assert {str(one) for one in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
