"""What IT hands out: one string with where the collector is, its fingerprint and a token."""

import base64
import binascii
import zlib

from google.protobuf.message import DecodeError

from protos.posture.v1.posture_service_pb2 import EnrollmentString

PREFIX = "muster1_"
CHECK_BYTES = 4
"""A CRC-32 ends the string: one that lost its end or a letter must not enroll with half of it."""


class EnrollmentStringError(ValueError):
    """The text is not an enrollment string; str() says what is wrong with it."""


def encode(content: EnrollmentString) -> str:
    message = content.SerializeToString()
    packed = base64.urlsafe_b64encode(message + zlib.crc32(message).to_bytes(CHECK_BYTES, "big"))
    return PREFIX + packed.decode().rstrip("=")


def decode(text: str) -> EnrollmentString:
    """Read back what `encode` wrote, white space around it forgiven.

    >>> decode("hello")
    Traceback (most recent call last):
    collector.identity.enrollment_string.EnrollmentStringError: an enrollment string begins with \
muster1_
    """
    text = text.strip()
    if not text.startswith(PREFIX):
        raise EnrollmentStringError(f"an enrollment string begins with {PREFIX}")
    packed = text.removeprefix(PREFIX)
    try:
        whole = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        message, check = whole[:-CHECK_BYTES], whole[-CHECK_BYTES:]
        if zlib.crc32(message).to_bytes(CHECK_BYTES, "big") != check:
            raise ValueError("the checksum does not fit")
        content = EnrollmentString.FromString(message)
    except (binascii.Error, ValueError, DecodeError) as error:
        raise EnrollmentStringError(
            "the enrollment string is damaged: copy the whole of it again"
        ) from error
    missing = [
        field
        for field in ("enroll_address", "check_in_address", "token", "authority_sha256")
        if not getattr(content, field)
    ]
    if missing:
        raise EnrollmentStringError(f"the enrollment string lacks {', '.join(missing)}")
    if len(content.authority_sha256) != 32:
        raise EnrollmentStringError("the enrollment string's fingerprint is not a SHA-256")
    return content
