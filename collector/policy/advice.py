"""Whatever fails or is unknown has words that say what to do about it, for the system it is on.

The words are data: words/en.toml and words/fr.toml. Of those that fit, the most specific is
taken: the desktop's, the distribution's, the platform's, anybody's.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from collector.model import Finding, Language, Status, System, Words
from collector.policy.rules import RULES

DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "ubuntu": ("ubuntu", "elementary", "linuxmint", "neon", "pop", "tuxedo", "zorin"),
    "debian": ("debian", "devuan", "kali", "mx", "parrot", "pureos", "raspbian"),
    "fedora": ("fedora", "bazzite", "nobara", "ultramarine"),
    "rhel": ("rhel", "almalinux", "centos", "ol", "rocky"),
    "opensuse": ("opensuse-leap", "opensuse-tumbleweed", "opensuse", "sled", "sles"),
    "arch": ("arch", "arcolinux", "cachyos", "endeavouros", "garuda", "manjaro"),
    "nixos": ("nixos",),
}
"""By the name that the words use, every ID of os-release that they hold for."""

SIGNALS = {rule.id: rule.signal for rule in RULES}
ANYBODY = "any"
OTHERWISE = "otherwise"

Choices = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OfRule:
    title: str
    why: str
    fail: Choices


@dataclass(frozen=True, slots=True)
class Book:
    """All words in one language. `labels` are those of a page around them."""

    labels: Mapping[str, str]
    rules: Mapping[str, OfRule]
    unknown: Mapping[str, Choices]


@cache
def book(language: Language) -> Book:
    place = files("collector.policy").joinpath("words", f"{language.value}.toml")
    table = tomllib.loads(place.read_text(encoding="utf-8"))
    rules = {rule_id: OfRule(**words) for rule_id, words in table["rules"].items()}
    return Book(table["labels"], rules, table["unknown"])


def title(rule_id: str, language: Language = Language.EN) -> str:
    """It describes the device that passes."""
    return book(language).rules[rule_id].title


def words_for(finding: Finding, system: System, language: Language) -> Words:
    """Of a finding of one of RULES."""
    return _words(finding.rule_id, finding.status, finding.cause, system, language)


@lru_cache(maxsize=4096)
def _words(rule_id: str, status: Status, cause: str, system: System, language: Language) -> Words:
    """Remembered: of a fleet most findings are alike in all of these."""
    if status is Status.FAIL:
        return words_for_failure(rule_id, cause, system, language)
    rule = book(language).rules[rule_id]
    choices: Choices = {}
    if status is Status.UNKNOWN:
        choices = _of_unknown(book(language).unknown, rule_id, cause)
    to_do = choices[key_for(choices, system, cause)] if choices else ""
    return Words(rule.title, rule.why, to_do)


def words_for_failure(rule_id: str, cause: str, system: System, language: Language) -> Words:
    """Of a failure of one of RULES."""
    rule = book(language).rules[rule_id]
    return Words(rule.title, rule.why, rule.fail[key_for(rule.fail, system, cause)])


def key_for(choices: Choices, system: System, cause: str) -> str:
    """The most specific key that fits.

    >>> from collector.model import Platform
    >>> key_for({"linux": "", "linux.ubuntu": ""}, System(Platform.LINUX, "linuxmint"), "")
    'linux.ubuntu'
    """
    return next(key for key in _keys(system, cause) if key in choices)


def distribution(os_id: str) -> str:
    """
    >>> distribution("pop"), distribution("void")
    ('ubuntu', '')
    """
    return next((name for name, ids in DISTRIBUTIONS.items() if os_id in ids), "")


def _keys(system: System, cause: str) -> Iterator[str]:
    if system.platform is not None:
        yield f"{system.platform.value}.{cause}"
        yield f"{system.platform.value}.{distribution(system.os_id)}"
        yield system.platform.value
    yield ANYBODY


def _of_unknown(unknown: Mapping[str, Choices], rule_id: str, cause: str) -> Choices:
    """What to do about one cause may differ by signal: "os_updates.no_data" before "no_data"."""
    for name in (f"{SIGNALS[rule_id]}.{cause}", cause):
        if name in unknown:
            return unknown[name]
    return unknown[OTHERWISE]
