"""Requests for an object store are signed as the Amazon S3 API reference prints it."""

import hashlib
from datetime import UTC, datetime

from collector.s3.sigv4 import Call, Keys, signed_headers

# The example keys of "Signature Calculations for the Authorization Header" in the reference.
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
AT = datetime(2013, 5, 24, tzinfo=UTC)
HOST = "examplebucket.s3.amazonaws.com"


def signature(call: Call, more: dict[str, str]) -> str:
    headers = signed_headers(call, KEYS, "us-east-1", AT, more)
    return headers["authorization"].rpartition("Signature=")[2]


def test_the_example_of_getting_an_object() -> None:
    call = Call("GET", HOST, "/test.txt")
    expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert signature(call, {"Range": "bytes=0-9"}) == expected


def test_the_example_of_putting_an_object() -> None:
    digest = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
    call = Call("PUT", HOST, "/test$file.text", digest)
    more = {
        "Date": "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    expected = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    assert signature(call, more) == expected


def test_the_secret_is_in_no_header_and_no_message() -> None:
    headers = signed_headers(Call("GET", HOST, "/x"), KEYS, "us-east-1", AT)
    assert KEYS.secret not in str(headers)
    assert KEYS.secret not in repr(KEYS)
