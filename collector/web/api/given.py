"""What a caller gives, in a query or a body: each value by its description, or a named refusal."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from collector.accounts.roles import Permission
from collector.web.api.problems import Wrong, brief_name, unfit

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Refused(ValueError):
    """The value cannot be taken; str() says what it should be."""


@dataclass(frozen=True, slots=True)
class Given:
    """`kind`: text (one line), lines, number, day, boolean or choice. `least` and `most` bound a
    number, or the length of a text; `form` is a regular expression that a text matches. `needs`:
    who may give it; to others it does not exist.
    """

    name: str
    kind: str
    says: str
    required: bool = False
    least: int = 0
    most: int = 200
    choices: tuple[str, ...] = ()
    default: Any = None
    needs: Permission | None = None
    form: str = ""


def from_query(
    known: Sequence[Given], pairs: Sequence[tuple[str, str]], holds: frozenset[Permission]
) -> dict[str, Any]:
    """Values of a query string, by name. Raises Problem."""
    by_name = {each.name: each for each in known}
    sent: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for name, value in pairs:
        if name in sent:
            wrong.append(Wrong(brief_name(name), "give it once"))
        given = by_name.get(name)
        try:
            sent[name] = _unquoted(given, value) if given else value
        except Refused as why:
            wrong.append(Wrong(brief_name(name), str(why)))
    return taken(known, sent, holds, wrong)


def taken(
    known: Sequence[Given],
    sent: Mapping[str, Any],
    holds: frozenset[Permission],
    wrong: Sequence[Wrong] = (),
) -> dict[str, Any]:
    """Every known value, checked; what was left out has its default. Raises Problem."""
    usable = {each.name: each for each in known if each.needs is None or each.needs in holds}
    found = list(wrong)
    for name in sent:
        if name not in usable:
            there_are = f"there are {', '.join(usable)}" if usable else "none is taken here"
            found.append(Wrong(brief_name(name), f"there is no such field here; {there_are}"))
    values: dict[str, Any] = {}
    named = {each.field for each in found}
    for name, given in usable.items():
        if name in named:
            continue
        try:
            values[name] = _value(given, sent[name]) if name in sent else _left_out(given)
        except Refused as why:
            found.append(Wrong(name, str(why)))
    if found:
        raise unfit(found)
    return values


def _unquoted(given: Given, text: str) -> Any:
    """A query holds text only."""
    if given.kind == "number":
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Refused(_number_words(given))
        return int(text)
    if given.kind == "boolean":
        if text not in ("true", "false"):
            raise Refused("give true or false")
        return text == "true"
    return text


def _left_out(given: Given) -> Any:
    if given.required:
        raise Refused(f"it is missing: {given.says}")
    return given.default


def _value(given: Given, value: Any) -> Any:
    if given.kind == "boolean":
        if not isinstance(value, bool):
            raise Refused("give true or false")
        return value
    if given.kind == "number":
        return _number(given, value)
    if not isinstance(value, str):
        raise Refused("give a text")
    if given.kind == "choice":
        if value not in given.choices:
            raise Refused(f"choose one of {', '.join(given.choices)}")
        return value
    return _day(value) if given.kind == "day" else _text(given, value)


def _number(given: Given, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(_number_words(given))
    if not given.least <= value <= given.most:
        raise Refused(_number_words(given))
    return value


def _number_words(given: Given) -> str:
    return f"give a whole number from {given.least} to {given.most}"


def _text(given: Given, value: str) -> str:
    text = value.strip() if given.kind == "text" else value
    if not given.least <= len(text) <= given.most:
        raise Refused(f"give {given.least} to {given.most} characters")
    lines = text if given.kind == "text" else re.sub(r"[\n\r\t]", "", text)
    if not lines.isprintable():
        raise Refused("give printable characters only")
    if given.form and text and not re.fullmatch(given.form, text):
        raise Refused(given.says)
    return text


def _day(value: str) -> datetime:
    """The last second of the day, in UTC."""
    try:
        if not DAY.fullmatch(value):
            raise ValueError
        return datetime.combine(date.fromisoformat(value), time(23, 59, 59), UTC)
    except ValueError:
        raise Refused("write a day as 2027-01-31") from None
