"""Whatever fails or is unknown has words for its system, in every language, short and plain."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agent.checks.screen_lock.desktops import SHELLS
from collector.model import Finding, Language, Platform, Rule, Status, System
from collector.policy import RULES, title, words_for
from collector.policy.advice import DISTRIBUTIONS, OTHERWISE, book, distribution, key_for
from collector.policy.causes import DESKTOPS, PREFIX, WEAKNESSES, Cause, cause_of
from collector.translation.sentences import UNBROKEN
from protos.posture.v1.signals_pb2 import UnknownReason

EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
EVERY_LANGUAGE = pytest.mark.parametrize("language", Language)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LOCK = "screen_locks_automatically"
LONGEST = 350
STARTS = r"(?:sudo|muster-agent|rpm-ostree|exec|exec-once|OnAccess\w+)"
COMMAND = re.compile(STARTS + r"""\ [^'"»]*[^'"»\s]""")


def finding(rule_id: str, status: Status, cause: str = "") -> Finding:
    return Finding("d1", rule_id, status, "Because.", (), NOW, NOW, NOW, 1, cause)


def systems() -> Iterator[System]:
    """Every platform, known distribution and derivative, one that nobody knows, and none."""
    yield System(None)
    yield System(Platform.MACOS, "macos")
    yield System(Platform.WINDOWS, "windows")
    for os_id in ("", "void", *(os_id for ids in DISTRIBUTIONS.values() for os_id in ids)):
        yield System(Platform.LINUX, os_id)


def texts(language: Language) -> dict[str, str]:
    """All that is said of what to do, by table and key."""
    held = book(language)
    tables: dict[str, Mapping[str, str]] = {f"rules.{r}": w.fail for r, w in held.rules.items()}
    tables |= {f"unknown.{cause}": choices for cause, choices in held.unknown.items()}
    return {f"{name}: {key}": said for name, table in tables.items() for key, said in table.items()}


@EVERY_RULE
@EVERY_LANGUAGE
def test_no_finding_that_falls_short_is_without_words(rule: Rule, language: Language) -> None:
    for system in systems():
        for cause in ("", *DESKTOPS, *WEAKNESSES, "from a newer collector"):
            said = words_for(finding(rule.id, Status.FAIL, cause), system, language)
            assert all((said.title, said.why, said.remediation))
        for cause in ("", *Cause, "from a newer collector"):
            said = words_for(finding(rule.id, Status.UNKNOWN, cause), system, language)
            assert said.remediation
            assert said.remediation not in book(language).rules[rule.id].fail.values()


@EVERY_RULE
def test_a_finding_that_passes_or_does_not_apply_asks_for_nothing(rule: Rule) -> None:
    for status in (Status.PASS, Status.NOT_APPLICABLE):
        said = words_for(finding(rule.id, status), System(Platform.LINUX, "debian"), Language.EN)
        assert (said.title, said.remediation) == (title(rule.id), "")


def test_the_languages_have_the_same_rules_causes_and_keys_and_no_others() -> None:
    first = texts(Language.EN).keys()
    for language in Language:
        assert texts(language).keys() == first
        assert list(book(language).rules) == [rule.id for rule in RULES]
        assert book(language).labels.keys() == {"what_to_do", "why"}


def test_no_key_is_beyond_reach() -> None:
    for rule_id, words in book(Language.EN).rules.items():
        causes = DESKTOPS if rule_id == LOCK else WEAKNESSES
        assert set(words.fail) == reached(words.fail, *causes, ""), rule_id
    for cause, choices in book(Language.EN).unknown.items():
        assert set(choices) == reached(choices, cause), cause


def reached(choices: Mapping[str, str], *causes: str) -> set[str]:
    return {key_for(choices, system, cause) for system in systems() for cause in causes}


def test_every_cause_has_words_and_every_word_a_cause() -> None:
    signals = {rule.signal for rule in RULES}
    for name in book(Language.EN).unknown:
        signal, _, cause = name.rpartition(".")
        assert signal in {"", *signals}
        assert cause in {OTHERWISE, *Cause}
    assert set(Cause) <= book(Language.EN).unknown.keys()


@pytest.mark.parametrize("reason", [number for number in UnknownReason.values() if number])
def test_every_reason_of_the_contract_is_a_cause(reason: UnknownReason.ValueType) -> None:
    assert cause_of(reason) == UnknownReason.Name(reason).removeprefix(PREFIX).lower()


def test_a_reason_that_is_unset_or_newer_is_no_cause() -> None:
    assert (cause_of(0), cause_of(999)) == ("", "")


@EVERY_LANGUAGE
def test_what_to_do_is_short_and_one_line_that_a_terminal_shows(language: Language) -> None:
    for place, said in texts(language).items():
        assert len(said) <= LONGEST, place
        assert said.replace(UNBROKEN, " ").isprintable(), place
        assert said.endswith("."), place
        assert said[0].isupper(), place
        assert "  " not in said, place
        assert not any(rule.id in said for rule in RULES), place


@EVERY_LANGUAGE
def test_a_title_names_the_passing_device_and_why_is_a_sentence(language: Language) -> None:
    for words in book(language).rules.values():
        assert words.title[0].isupper()
        assert not words.title.endswith(".")
        assert len(words.title) <= 60
        assert not {"not", "pas", "aucun"} & set(words.title.lower().split())
        assert words.why.endswith(".")
        assert len(words.why) <= 100


def test_commands_are_the_same_in_every_language() -> None:
    english, french = texts(Language.EN), texts(Language.FR)
    for place, said in english.items():
        theirs = COMMAND.findall(french[place].replace("NUMÉRO", "NUMBER"))
        assert sorted(map(bare, theirs)) == sorted(map(bare, COMMAND.findall(said))), place
    assert sum(len(COMMAND.findall(said)) for said in french.values()) > 60


def bare(command: str) -> str:
    return command.rstrip(" .,")


def test_french_is_not_english_left_behind() -> None:
    english, french = texts(Language.EN), texts(Language.FR)
    assert not [place for place in english if english[place] == french[place]]
    for place, said in french.items():
        assert not re.search(r"\b(the|and|run|open|ask|if)\b", COMMAND.sub("", said)), place
        assert "'" not in COMMAND.sub("", said).replace("'swaylock -f'", ""), place


@pytest.mark.parametrize(
    "rule_id",
    [
        "firewall_blocks_inbound",
        "antivirus_active",
        "os_security_updates_applied",
        "os_updates_applied",
    ],
)
def test_what_differs_by_distribution_has_words_for_every_one(rule_id: str) -> None:
    words = book(Language.EN).rules[rule_id].fail
    assert {f"linux.{name}" for name in DISTRIBUTIONS} <= words.keys()


def test_the_screen_lock_has_words_for_every_desktop_and_they_are_the_agents_names() -> None:
    words = book(Language.EN).rules[LOCK].fail
    assert {f"linux.{name}" for name in DESKTOPS} <= words.keys()
    assert {name.casefold() for name in SHELLS} >= DESKTOPS


@pytest.mark.parametrize(
    ("os_id", "name"),
    [
        ("ubuntu", "ubuntu"),
        ("linuxmint", "ubuntu"),
        ("pop", "ubuntu"),
        ("zorin", "ubuntu"),
        ("debian", "debian"),
        ("kali", "debian"),
        ("fedora", "fedora"),
        ("rhel", "rhel"),
        ("rocky", "rhel"),
        ("almalinux", "rhel"),
        ("opensuse-leap", "opensuse"),
        ("opensuse-tumbleweed", "opensuse"),
        ("sles", "opensuse"),
        ("arch", "arch"),
        ("manjaro", "arch"),
        ("nixos", "nixos"),
        ("void", ""),
        ("", ""),
    ],
)
def test_a_derivative_is_told_what_its_family_is_told(os_id: str, name: str) -> None:
    assert distribution(os_id) == name


def test_no_system_is_of_two_families() -> None:
    every = [os_id for ids in DISTRIBUTIONS.values() for os_id in ids]
    assert len(set(every)) == len(every)


def test_the_most_specific_words_are_taken() -> None:
    updates = finding("os_security_updates_applied", Status.FAIL)
    mint, void = System(Platform.LINUX, "linuxmint"), System(Platform.LINUX, "void")
    assert "sudo apt update" in words_for(updates, mint, Language.EN).remediation
    assert "distribution's own" in words_for(updates, void, Language.EN).remediation
    lock = finding(LOCK, Status.FAIL, "kde")
    assert "System Settings" in words_for(lock, mint, Language.EN).remediation
    assert "this person" in words_for(lock, System(None), Language.EN).remediation


def test_a_suspended_or_half_encrypted_drive_of_windows_is_told_how_to_go_on() -> None:
    windows = System(Platform.WINDOWS, "windows")
    for cause, words in (("", "turn BitLocker on"), ("key_exposed", "Resume"), ("in_part", "done")):
        said = words_for(finding("disk_encrypted", Status.FAIL, cause), windows, Language.EN)
        assert words in said.remediation
        assert "Home" in said.remediation


def test_nobody_is_told_to_change_on_the_device_what_a_policy_sets() -> None:
    windows = System(Platform.WINDOWS, "windows")
    off = finding("firewall_blocks_inbound", Status.FAIL, "group_policy")
    assert "Ask IT" in words_for(off, windows, Language.EN).remediation


def test_an_unknown_is_advised_by_its_cause_and_never_told_to_reinstall() -> None:
    system = System(Platform.LINUX, "fedora")
    disk = finding("disk_encrypted", Status.UNKNOWN, Cause.NO_DATA)
    updates = replace(disk, rule_id="os_updates_applied")
    assert "sudo dnf makecache" in words_for(updates, system, Language.FR).remediation
    assert "makecache" not in words_for(disk, system, Language.FR).remediation
    for language in Language:
        for place, said in texts(language).items():
            assert not place.startswith("unknown.") or "LUKS" not in said
