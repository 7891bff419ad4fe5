"""Passkeys (WebAuthn level 2): made and shown only with the person verified by the authenticator.

Only answers to a challenge of ours, made on a page of ours, for the name that the page was opened
by. Attestation is not asked for: which make of authenticator somebody has is none of our business.
"""

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from collector.accounts.second_factor import whole_session
from collector.accounts.sessions import Session, Visitor
from collector.store import Connection, accounts, factors, sessions
from collector.store.factors import Passkey

LONGEST_ANSWER = 16 * 1024
LONGEST_LABEL = 60
MOST = 10
"""Passkeys of one person."""

TIMEOUT_MS = 120_000
WHAT_STRANGE_ANSWERS_RAISE = (
    WebAuthnException,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    struct.error,
)


class NotAccepted(Exception):
    """The answer of the authenticator is not taken; str() says why, for the log."""


class CountedBack(NotAccepted):
    """The authenticator's counter has not gone on: a copy of its key may be in use."""


@dataclass(frozen=True, slots=True)
class Here:
    """The collector as the browser knows it: `host` is the passkeys' relying party."""

    host: str
    origins: tuple[str, ...]
    name: str


def creation_options(here: Here, username: str, known: Sequence[Passkey], challenge: bytes) -> str:
    """What `navigator.credentials.create` is given, as JSON."""
    options = generate_registration_options(
        rp_id=here.host,
        rp_name=here.name,
        user_name=username,
        user_id=_handle(username),
        challenge=challenge,
        timeout=TIMEOUT_MS,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=k.credential_id) for k in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json(options)


def request_options(here: Here, known: Sequence[Passkey], challenge: bytes) -> str:
    """What `navigator.credentials.get` is given; without `known`, the person chooses."""
    options = generate_authentication_options(
        rp_id=here.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=k.credential_id) for k in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def challenge_in(answer: str) -> bytes:
    """The challenge that is answered. Raises NotAccepted."""
    try:
        client_data = json.loads(base64url_to_bytes(_read(answer)["response"]["clientDataJSON"]))
        return base64url_to_bytes(client_data["challenge"])
    except WHAT_STRANGE_ANSWERS_RAISE as error:
        raise NotAccepted("it is no answer of an authenticator") from error


def credential_in(answer: str) -> bytes:
    """The id of the passkey that answers. Raises NotAccepted."""
    try:
        return base64url_to_bytes(_read(answer)["rawId"])
    except WHAT_STRANGE_ANSWERS_RAISE as error:
        raise NotAccepted("it names no passkey") from error


def created(
    here: Here, answer: str, challenge: bytes, username: str, label: str, now: datetime
) -> Passkey:
    """The new passkey. Raises NotAccepted."""
    try:
        made = verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=here.host,
            expected_origin=list(here.origins),
            require_user_verification=True,
        )
    except WHAT_STRANGE_ANSWERS_RAISE as error:
        raise NotAccepted(str(error)) from error
    return Passkey(
        made.credential_id,
        username,
        label,
        made.credential_public_key,
        made.sign_count,
        now,
        host=here.host,
    )


def shown(here: Here, answer: str, challenge: bytes, passkey: Passkey) -> int:
    """The authenticator's counter after this use. Raises NotAccepted, CountedBack."""
    try:
        read = _read(answer)
        done = verify_authentication_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=here.host,
            expected_origin=list(here.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared below, under a name of its own
            require_user_verification=True,
        )
        handle = read["response"].get("userHandle")
        if handle and base64url_to_bytes(handle) != _handle(passkey.username):
            raise NotAccepted("the passkey was made for another person")
    except WHAT_STRANGE_ANSWERS_RAISE as error:
        raise NotAccepted(str(error)) from error
    if (done.new_sign_count or passkey.sign_count) and done.new_sign_count <= passkey.sign_count:
        raise CountedBack("the counter of the authenticator did not go on")
    return done.new_sign_count


def enter(
    c: Connection, passkey: Passkey, count: int, visitor: Visitor, now: datetime
) -> str | None:
    """The token of a whole session, for who has just shown this passkey.

    None: somebody was faster with a copy of it, or the account is closed. A passkey is both
    factors at once, but nobody enters an account that waits for its link to be used.
    """
    account = accounts.get(c, passkey.username)
    if account is None or account.disabled_at is not None or not account.password_hash:
        return None
    if not factors.passkey_used(c, passkey.credential_id, count, now):
        return None
    return whole_session(c, account, visitor, now)


def confirm(c: Connection, passkey: Passkey, count: int, session: Session, now: datetime) -> bool:
    """The passkey shown again, in a session that goes on."""
    if not factors.passkey_used(c, passkey.credential_id, count, now):
        return False
    sessions.factor_shown(c, session.token_hash, now)
    return True


def add(c: Connection, passkey: Passkey, session: Session) -> bool:
    """Keep the new passkey; every other session ends.

    False: it is known, there are MOST, or this session has ended meanwhile.
    """
    if sessions.get(c, session.token_hash, passkey.created_at) is None:
        return False
    if len(factors.passkeys_of(c, passkey.username)) >= MOST:
        return False
    if not factors.add_passkey(c, passkey):
        return False
    sessions.end_all(c, passkey.username, but=session.token_hash)
    return True


def remove(c: Connection, session: Session, credential_id: bytes) -> bool:
    """The passkey and every other session end. False: the person has no such passkey."""
    if not factors.remove_passkey(c, session.username, credential_id):
        return False
    sessions.end_all(c, session.username, but=session.token_hash)
    return True


def cleaned_label(typed: str) -> str:
    """What a person calls the passkey, printable and short.

    >>> cleaned_label("  my\\nphone "), cleaned_label("")
    ('my phone', 'Passkey')
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in typed)
    return " ".join(printable.split())[:LONGEST_LABEL] or "Passkey"


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("the answer is too long")
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise TypeError("the answer is no object")
    return read


def _handle(username: str) -> bytes:
    """What the authenticator keeps of the person: it tells others nothing."""
    return hashlib.sha256(b"muster passkey\0" + username.encode()).digest()
