"""A body is one JSON object as every parser reads it: no doubled keys, no depth, no odd numbers."""

import json
import math
import re
from typing import Any

from starlette.requests import Request

from collector.web.api.problems import Problem, Wrong, brief_name, unfit

MEDIA_TYPE = "application/json"
DEEPEST = 5
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
BRACKET = re.compile(rb"[][{}]")


def object_in(request: Request, body: bytes, *, wanted: bool) -> dict[str, Any]:
    """What was sent; {} where nothing has to be. Raises Problem."""
    if not body and not wanted:
        return {}
    said = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if said != MEDIA_TYPE:
        raise Problem(
            415, "Not JSON", f"Send the fields as a JSON object, with Content-Type: {MEDIA_TYPE}."
        )
    return parsed(body)


def parsed(body: bytes) -> dict[str, Any]:
    """Raises Problem."""
    if _depth(body) > DEEPEST:
        raise _malformed(f"nest at most {DEEPEST} levels")
    try:
        content = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_doubles,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise _malformed("write it in UTF-8") from None
    except (ValueError, RecursionError):  # an integer of thousands of digits is a ValueError, too
        raise _malformed("write it as JSON (RFC 8259)") from None
    if not isinstance(content, dict):
        raise _malformed("send an object: {...}")
    return content


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise unfit([Wrong(brief_name(name), "give it once")])
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise _malformed(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _malformed("a number is too large")
    return number


def _depth(body: bytes) -> int:
    """How deep brackets nest outside of texts."""
    depth = deepest = 0
    for bracket in BRACKET.findall(TEXT.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _malformed(what: str) -> Problem:
    return unfit([Wrong("(body)", what)])
