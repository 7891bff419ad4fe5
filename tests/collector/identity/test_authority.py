"""What the authority signs can be used for one thing, by one holder, for a stated time."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from collector.identity.authority import Authority, found, new_key

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEVICE = "5a3e1f0c-0000-4000-8000-000000000001"


@pytest.fixture
def authority() -> Authority:
    return found(new_key(), "Muster", NOW)


def device(authority: Authority) -> x509.Certificate:
    signed = authority.sign_device(new_key().public_key(), DEVICE, NOW)
    return x509.load_pem_x509_certificate(signed.pem)


def purposes(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_the_authority_may_sign_leaves_and_nothing_below_them(authority: Authority) -> None:
    basic = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    usage = authority.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_cert_sign
    assert not usage.digital_signature


def test_a_device_certificate_names_the_device_and_is_for_clients_only(
    authority: Authority,
) -> None:
    certificate = device(authority)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == DEVICE
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == [f"urn:uuid:{DEVICE}"]
    assert purposes(certificate) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificate.verify_directly_issued_by(authority.certificate)


def test_a_device_certificate_lasts_90_days_and_began_five_minutes_ago(
    authority: Authority,
) -> None:
    certificate = device(authority)
    assert certificate.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=90)


def test_no_certificate_outlives_the_authority(authority: Authority) -> None:
    late = authority.certificate.not_valid_after_utc - timedelta(days=1)
    signed = authority.sign_device(new_key().public_key(), DEVICE, late)
    assert signed.not_after == authority.certificate.not_valid_after_utc


def test_serials_are_long_and_never_the_same(authority: Authority) -> None:
    key = new_key().public_key()
    serials = {authority.sign_device(key, DEVICE, NOW).serial for _ in range(20)}
    assert len(serials) == 20
    assert all(len(serial) > 30 for serial in serials)


def test_a_server_certificate_is_for_servers_only(authority: Authority) -> None:
    certificate = authority.sign_server(new_key().public_key(), ["collector.example"], NOW)
    assert purposes(certificate) == [ExtendedKeyUsageOID.SERVER_AUTH]
