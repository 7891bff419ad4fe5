"""Signs a request for an S3-compatible store: AWS Signature Version 4, header form.

As in "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API reference; the
tests hold it to the examples printed there.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """The id may be shown; the secret never is."""

    access: str
    secret: str

    def __repr__(self) -> str:
        return f"Keys({self.access!r})"


@dataclass(frozen=True, slots=True)
class Call:
    """One request without a query: a method on the path of an object."""

    method: str
    host: str
    path: str
    payload_sha256: str = EMPTY


def signed_headers(
    call: Call, keys: Keys, region: str, at: datetime, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers to send, with Authorization; `more` are signed, too."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "host": call.host,
        "x-amz-content-sha256": call.payload_sha256,
        "x-amz-date": stamp,
        **{name.lower(): value for name, value in (more or {}).items()},
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            call.method,
            quote(call.path, safe="/-_.~"),
            "",
            *(f"{name}:{headers[name].strip()}" for name in sorted(headers)),
            "",
            names,
            call.payload_sha256,
        ]
    )
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([ALGORITHM, stamp, scope, digest])
    signature = hmac.new(_key(keys, region, stamp[:8]), to_sign.encode(), "sha256").hexdigest()
    headers["authorization"] = (
        f"{ALGORITHM} Credential={keys.access}/{scope},SignedHeaders={names},Signature={signature}"
    )
    return headers


def _key(keys: Keys, region: str, day: str) -> bytes:
    key = f"AWS4{keys.secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key
