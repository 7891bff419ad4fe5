"""An enrollment string comes back as it went out, or says which part of it is wrong."""

import pytest

from collector.identity.enrollment_string import EnrollmentStringError, decode, encode
from protos.posture.v1.posture_service_pb2 import EnrollmentString

WHOLE = EnrollmentString(
    enroll_address="collector.example:7844",
    check_in_address="collector.example:7843",
    token="t" * 43,
    authority_sha256=bytes(range(32)),
    collector_name="Example",
)


def test_what_was_packed_comes_back_even_with_white_space_around_it() -> None:
    text = encode(WHOLE)
    assert text.startswith("muster1_")
    assert "=" not in text
    assert decode(f"  {text}\n") == WHOLE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "begins with muster1_"),
        ("muster2_abcd", "begins with muster1_"),
        ("muster1_", "is damaged"),
        (encode(WHOLE)[:-3] + "AAA", "is damaged"),
        ("muster1_!!!!", "is damaged"),
        (encode(WHOLE)[:-7], "is damaged"),
        (encode(EnrollmentString(token="t")), "lacks enroll_address, check_in_address, auth"),
        (encode(EnrollmentString(token="t", authority_sha256=b"x")), "lacks enroll_address"),
    ],
)
def test_a_wrong_string_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(EnrollmentStringError, match=said):
        decode(text)


def test_a_short_fingerprint_is_refused() -> None:
    short = EnrollmentString()
    short.CopyFrom(WHOLE)
    short.authority_sha256 = b"short"
    with pytest.raises(EnrollmentStringError, match="not a SHA-256"):
        decode(encode(short))
