"""Codes of an app and of paper: each opens one account, once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.accounts import recovery, totp
from collector.accounts.sealing import FILE, open_seal
from collector.identity.key_files import KeyFileError

SECRET = b"12345678901234567890"  # RFC 6238, appendix B
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.code_at(SECRET, seconds // 30) == code


def code_now(shift: float = 0) -> str:
    return totp.code_at(SECRET, int((NOW + timedelta(seconds=shift)).timestamp()) // 30)


def test_the_code_of_now_is_taken_once() -> None:
    step = totp.accepted_step(SECRET, code_now(), NOW, 0)
    assert step is not None
    assert totp.accepted_step(SECRET, code_now(), NOW, step) is None


def test_an_older_code_than_the_last_one_is_refused_for_good() -> None:
    step = totp.accepted_step(SECRET, code_now(30), NOW, 0)
    assert step is not None
    assert totp.accepted_step(SECRET, code_now(), NOW, step) is None


@pytest.mark.parametrize(("shift", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_phone_may_be_half_a_minute_off(shift: int, taken: bool) -> None:
    assert (totp.accepted_step(SECRET, code_now(shift), NOW, 0) is not None) is taken


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٣٤٥٦٧٨", "28708²", "-12345"])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert totp.accepted_step(SECRET, code, NOW, 0) is None


def test_a_code_may_be_typed_as_the_app_shows_it() -> None:
    code = code_now()
    assert totp.accepted_step(SECRET, f"{code[:3]} {code[3:]}", NOW, 0) is not None


def test_the_setup_names_collector_and_account_and_hides_nothing_in_them() -> None:
    uri = totp.setup_uri(SECRET, "al&ice", "Muster: head/office")
    assert uri.startswith("otpauth://totp/Muster%3A%20head%2Foffice:al%26ice?secret=GEZDGNBV")
    assert uri.endswith("&issuer=Muster%3A%20head%2Foffice&algorithm=SHA1&digits=6&period=30")


def test_recovery_codes_differ_and_carry_enough_chance() -> None:
    codes = recovery.new_codes()
    assert len(set(codes)) == recovery.HOW_MANY
    assert recovery.CODE_BYTES * 8 >= 112


def test_a_recovery_code_is_known_however_it_is_typed() -> None:
    code = recovery.new_codes()[0]
    assert recovery.hash_of(code) == recovery.hash_of(f"  {code.upper().replace('-', ' ')} ")
    assert recovery.hash_of(code) != recovery.hash_of(recovery.new_codes()[0])


def test_a_sealed_secret_opens_for_its_owner_only(tmp_path: Path) -> None:
    seal = open_seal(tmp_path)
    sealed = seal.close(SECRET, "alice")
    assert SECRET not in sealed
    assert open_seal(tmp_path).open(sealed, "alice") == SECRET
    with pytest.raises(KeyFileError, match="reset the account's second factor"):
        seal.open(sealed, "bob")


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    sealed = open_seal(tmp_path).close(SECRET, "alice")
    (tmp_path / FILE).unlink()
    with pytest.raises(KeyFileError, match="restore that file"):
        open_seal(tmp_path).open(sealed, "alice")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_seal(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        open_seal(tmp_path)


def test_two_seals_of_the_same_secret_differ(tmp_path: Path) -> None:
    seal = open_seal(tmp_path)
    assert seal.close(SECRET, "alice") != seal.close(SECRET, "alice")
