"""A device gets a new certificate in its own name; the old one stays good until its end.

So an answer lost on the way costs nothing: the device goes on with what it has and asks again.
Every certificate is looked up by its serial at every call, so revoking a device ends them all.
"""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection

from collector.identity.authority import Authority, DeviceCertificate
from collector.store import certificates
from collector.store.certificates import Certificate


def certify(
    c: Connection,
    authority: Authority,
    device_id: str,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
) -> DeviceCertificate:
    """Sign a certificate for a device that exists, and remember it."""
    signed = authority.sign_device(public_key, device_id, now)
    certificates.add(
        c,
        Certificate(
            serial=signed.serial, device_id=device_id, issued_at=now, not_after=signed.not_after
        ),
    )
    return signed
