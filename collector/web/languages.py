"""The language of what is read to a person: asked for in the address, else by the browser."""

from dataclasses import dataclass

from starlette.requests import Request

from collector.model import Language

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


def asked_language(request: Request) -> Language | None:
    """None: neither the address nor the browser names a language that there are words in."""
    in_address = _known(request.query_params.get("lang", ""))
    return in_address or preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> Language | None:
    """The language that an Accept-Language header (RFC 9110, 12.5.4) likes best.

    >>> preferred("de, fr-CA;q=0.8, en;q=0.7").value
    'fr'
    >>> preferred("fr;q=0, de")
    """
    best, best_weight = None, 0.0
    for language_range in header.split(",")[:MOST_RANGES]:
        tag, _, parameter = language_range.partition(";")
        language, weight = _known(tag.strip().partition("-")[0]), _weight(parameter)
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


def _known(code: str) -> Language | None:
    return next((each for each in Language if each.value == code.lower()), None)
