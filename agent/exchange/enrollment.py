"""First contact: the token goes to nobody but the collector the enrollment string names.

The string holds the SHA-256 of the collector's authority. The server's chain is looked at first,
without sending anything; only when it holds that authority, and the server proves under it to be
the host of the address, does the token go out. Its receipt is written before, without the token;
the identity only after everything has succeeded.
"""

import base64
import binascii
import contextlib
import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from google.protobuf.message import DecodeError

from agent import __version__, config, identity
from agent.clock import Clock
from agent.config import BadAddress, Config, split_address
from agent.exchange import contact, progress
from agent.exchange.contact import NotTrusted
from agent.exchange.receipt import NO_ANSWER_YET, Receipt, Receipts
from agent.exchange.spool import Spool
from agent.exchange.transport import Credentials, Transport
from agent.exchange.troubles import CollectorFailed, TransportError
from agent.identity import Identity
from agent.printable import shorten
from agent.state import State
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.posture_service_pb2 import (
    EnrollmentString,
    EnrollRequest,
    EnrollResponse,
)

PREFIX = "muster1_"
CHECK_BYTES = 4
"""The string ends with the CRC-32 of the message before it."""
LONGEST_STRING = 4096
LINK = re.compile(rf"^(?:muster|https)://[^#=]*[#=]({PREFIX}[\w-]*)$", re.ASCII)

Connect = Callable[[str, Credentials], Transport]


class BadString(Exception):
    """The enrollment string cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an enrollment string says."""

    enroll_address: str
    check_in_address: str
    token: str
    authority_sha256: bytes
    collector_name: str


def decode(words: str) -> Invitation:
    """Read the one enrollment string in a text.

    Words before and after it do no harm, nor do line breaks that a mail put into it, nor the link
    that a square holds ("muster://enroll#muster1_…", or https with a page before the #).
    """
    parts = [_out_of_link(part) for part in words.split()]
    if not parts:
        raise BadString("no enrollment string was given; paste it, or name --string-file FILE")
    starts = [n for n, part in enumerate(parts) if part.startswith(PREFIX)]
    if not starts:
        raise BadString(f"this is not an enrollment string: one begins with {PREFIX}")
    if len({parts[n] for n in starts}) > 1:
        raise BadString("here are different enrollment strings; give only the one that is meant")
    pieces = parts[starts[0] :]
    for count in range(1, len(pieces)):
        with contextlib.suppress(BadString):
            return _decode_one("".join(pieces[:count]))
    return _decode_one("".join(pieces))


def _out_of_link(part: str) -> str:
    """What follows the # or the = of a link; what is no link stays."""
    return LINK.sub(r"\1", part)


def _decode_one(string: str) -> Invitation:
    damaged = BadString("the enrollment string is damaged or cut short; copy all of it again")
    if len(string) > LONGEST_STRING:
        raise damaged
    body = string.removeprefix(PREFIX)
    try:
        content = base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True)
        message, check = content[:-CHECK_BYTES], content[-CHECK_BYTES:]
        if zlib.crc32(message).to_bytes(CHECK_BYTES, "big") != check:
            raise damaged
        read = EnrollmentString.FromString(message)
        split_address(read.enroll_address)
        split_address(read.check_in_address)
    except (binascii.Error, ValueError, DecodeError, BadAddress) as error:
        raise damaged from error
    if not read.token or len(read.authority_sha256) != hashlib.sha256().digest_size:
        raise damaged
    name = shorten(read.collector_name, 100) or read.check_in_address
    return Invitation(
        read.enroll_address, read.check_in_address, read.token, read.authority_sha256, name
    )


def trusted_authority(invitation: Invitation, proxy: str = "") -> bytes:
    """The collector's authority, PEM, after the server has proved to stand under it.

    Raises Unreachable, or NotTrusted when this is another server than the string means.
    """
    address = invitation.enroll_address
    chain = contact.presented_chain(address, proxy)
    authority = identity.authority_with(invitation.authority_sha256, chain)
    if authority is None:
        raise NotTrusted(
            f"{address} does not show the authority this enrollment string names: it is another "
            "collector, or something on the way pretends to be it; nothing was sent"
        )
    contact.verify(address, authority, None, proxy)
    return authority


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One attempt to enroll: where to keep the result, and what to tell the collector."""

    state: State
    connect: Connect
    clock: Clock
    inventory: Inventory
    proxy: str = ""

    def run(self, invitation: Invitation) -> Config:
        """Enroll and keep the result. Raises TransportError, StateError."""
        authority = trusted_authority(invitation, self.proxy)
        key = identity.new_key()
        request = EnrollRequest(
            token=invitation.token,
            csr=identity.signing_request(key),
            inventory=self.inventory,
            agent_version=__version__,
        )
        receipts = Receipts.of(self.state)
        receipt = Receipt("enroll", self.clock(), NO_ANSWER_YET, _without_token(request))
        path = receipts.add(receipt)
        try:
            response = self._ask(
                invitation.enroll_address, Credentials(authority, proxy=self.proxy), request
            )
            settled = replace(_settled(invitation, response), proxy=self.proxy)
            received = _identity(key, authority, response)
        except TransportError as error:
            receipts.settle(path, replace(receipt, result=str(error)))
            raise
        _keep(self.state, settled, received)
        receipts.settle(path, replace(receipt, result=f"enrolled as {settled.device_id}"))
        return settled

    def _ask(
        self, address: str, credentials: Credentials, request: EnrollRequest
    ) -> EnrollResponse:
        transport = self.connect(address, credentials)
        try:
            return transport.enroll(request)
        finally:
            transport.close()


def _without_token(request: EnrollRequest) -> bytes:
    """The request as its receipt keeps it: a token that nobody used may still enroll a device."""
    kept = EnrollRequest()
    kept.CopyFrom(request)
    kept.token = "(not kept)"  # noqa: S105 - the words that stand where the token was
    return kept.SerializeToString(deterministic=True)


def _settled(invitation: Invitation, response: EnrollResponse) -> Config:
    if not response.device_id or not response.certificate_pem:
        raise CollectorFailed("the collector's answer holds no certificate")
    return Config(
        collector_name=shorten(response.collector_name, 100) or invitation.collector_name,
        device_id=shorten(response.device_id, 100),
        enroll_address=invitation.enroll_address,
        check_in_address=invitation.check_in_address,
    )


def _identity(key: bytes, authority: bytes, response: EnrollResponse) -> Identity:
    """The authority stays the one of the string, whatever the response adds."""
    received = Identity(key, response.certificate_pem, authority)
    try:
        identity.check(received)
    except identity.BadIdentity as error:
        raise CollectorFailed(f"the collector's answer cannot be used: {error}") from error
    return received


def _keep(state: State, settled: Config, received: Identity) -> None:
    """All at once. What belonged to an earlier enrollment ends with it."""
    state.replace_together(
        {
            identity.KEY: received.key,
            identity.CERTIFICATE: received.certificate,
            identity.AUTHORITY: received.authority,
            progress.SEQUENCE: b"0",
            config.FILE: settled.to_toml(),
        },
        gone=(progress.FILE, progress.ANSWER),
    )
    Spool(state.path("spool")).clear()
