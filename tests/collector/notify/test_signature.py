"""Five lines of the document are enough to check that a message is from this collector."""

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from collector.notify.webhook import signature

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "notifications.md"
SECRET, BODY, AT = b"of the operator", b'{"incident": 1}', 1_795_000_000


@pytest.fixture
def is_from_muster() -> Callable[[str, bytes, bytes, float], bool]:
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    names: dict[str, Any] = {"hmac": hmac, "hashlib": hashlib}
    exec(dedent(found[1]), names)
    made: Callable[[str, bytes, bytes, float], bool] = names["is_from_muster"]
    return made


def header(secret: bytes = SECRET, body: bytes = BODY) -> str:
    return f"t={AT},v1={signature(secret, str(AT), body)}"


def test_what_we_sign_is_taken(is_from_muster: Callable[..., bool]) -> None:
    assert is_from_muster(header(), BODY, SECRET, AT + 20)


@pytest.mark.parametrize(
    ("said", "body", "now"),
    [
        (header(b"of another"), BODY, AT),
        (header(), BODY + b" ", AT),
        (header(), BODY, AT + 301),
        (header().replace(str(AT), str(AT + 9)), BODY, AT),
        ("t=1", BODY, AT),
    ],
)
def test_what_is_changed_old_or_of_another_is_not(
    is_from_muster: Callable[..., bool], said: str, body: bytes, now: int
) -> None:
    assert not is_from_muster(said, body, SECRET, now)
