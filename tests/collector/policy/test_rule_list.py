"""Every rule is listed, and speaks of what its signal has."""

from pathlib import Path

import pytest

import collector.policy.rules
from collector.model import Rule
from collector.policy import RULES
from collector.policy.lifecycle import families
from collector.policy.reading import RULE_KEYS
from collector.policy.wording import sentence
from collector.translation.sentences import LONGEST_SENTENCE
from protos.posture.v1.signals_pb2 import Observation

EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def test_every_file_of_a_rule_is_listed_once_under_its_own_name() -> None:
    assert collector.policy.rules.__file__ is not None
    folder = Path(collector.policy.rules.__file__).parent
    written = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert sorted(rule.id for rule in RULES) == written
    for rule in RULES:
        assert rule.judge.__module__ == f"collector.policy.rules.{rule.id}"


@EVERY_RULE
def test_a_rule_speaks_of_fields_that_its_signal_has(rule: Rule) -> None:
    signal = Observation.DESCRIPTOR.fields_by_name[rule.signal].message_type
    assert signal is not None
    fields = signal.fields_by_name
    for name in (*rule.needs, *rule.whole_to_pass, *rule.whole_to_fail):
        assert name in fields


@EVERY_RULE
def test_a_limit_is_not_a_key_of_every_rule_and_its_default_is_allowed(rule: Rule) -> None:
    names = [limit.name for limit in rule.limits]
    assert len(set(names)) == len(names)
    for limit in rule.limits:
        assert limit.name not in RULE_KEYS
        assert limit.least <= limit.default <= limit.most


def test_the_table_of_lifecycles_has_a_source_for_every_family_and_sound_dates() -> None:
    for family in families().values():
        assert family.source.startswith("https://")
        assert family.rolling != bool(family.releases)
        by_edition = [one for groups in family.by_edition.values() for one in groups.values()]
        for release in (*family.releases.values(), *by_edition):
            for later in (release.extended_ends_on, release.editions_end_on):
                assert later is None or later > release.ends_on
            assert family.extended or release.extended_ends_on is None


def test_every_group_of_editions_has_members_and_no_edition_is_in_two() -> None:
    for family in families().values():
        for groups in family.by_edition.values():
            assert set(groups) <= set(family.editions)
        members = [name.casefold() for names in family.editions.values() for name in names]
        assert len(set(members)) == len(members)


def test_a_sentence_is_one_line_with_a_capital_a_period_and_an_end() -> None:
    assert sentence("a\x1b[31m\nb") == "A [31m b."
    long = sentence("x" * 5000)
    assert len(long) <= LONGEST_SENTENCE
    assert long.endswith("….")
    assert sentence("y" * 200) == "Y" + "y" * 197 + "…."
    assert len(sentence("y" * 199)) == LONGEST_SENTENCE
