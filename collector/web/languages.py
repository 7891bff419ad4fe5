"""The language of what a person reads: of the address, the account's, else the browser's.

Before the login, and where the account says nothing, a cookie remembers what was chosen here.
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from collector.accounts.sessions import Session
from collector.model import Language
from collector.web.frame import SESSION
from collector.web.looks import look_in

NAMES = {Language.EN: "English", Language.FR: "Français"}
MOST_RANGES = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One language of the switch."""

    code: str
    href: str
    name: str
    chosen: bool


def choices(path: str, chosen: Language) -> tuple[Choice, ...]:
    """The same page in each language."""
    return tuple(
        Choice(each.value, f"{path}?lang={each.value}", name, each is chosen)
        for each, name in NAMES.items()
    )


def asked_language(request: HTTPConnection) -> Language | None:
    """None: neither the address, the account, what was chosen here before, nor the browser names
    one.
    """
    in_address = known(request.query_params.get("lang", ""))
    session: Session | None = request.scope.get(SESSION)
    of_account = known(session.language) if session else None
    chosen = known(look_in(request.scope).language)
    return (
        in_address or of_account or chosen or preferred(request.headers.get("accept-language", ""))
    )


def preferred(header: str) -> Language | None:
    """The language that an Accept-Language header (RFC 9110, 12.5.4) likes best.

    >>> preferred("de, fr-CA;q=0.8, en;q=0.7").value
    'fr'
    >>> preferred("fr;q=0, de")
    """
    best, best_weight = None, 0.0
    for language_range in header.split(",")[:MOST_RANGES]:
        tag, _, parameter = language_range.partition(";")
        language, weight = known(tag.strip().partition("-")[0]), _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, digits = parameter.strip().partition("=")
    if not name:
        return 1.0
    whole, _, part = digits.partition(".")
    if name.strip() != "q" or not f"{whole}{part}".isascii() or not f"{whole}{part}".isdigit():
        return 0.0
    return min(float(f"{whole[:2]}.{part[:3]}"), 1.0)


def known(code: str) -> Language | None:
    return next((each for each in Language if each.value == code.lower()), None)
