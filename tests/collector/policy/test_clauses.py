"""The clauses of the written policy name rules that there are, or say plainly that none does."""

import pytest

from collector.model import Language
from collector.policy import RULES, PolicyError, default_text, load

OURS = """
[clauses."4.4.1"]
title = "Locks"
text = "After 15 minutes."
rules = ["screen_locks_automatically"]

[clauses.doors]
title = "Doors are closed"
"""


def test_the_policy_that_is_shipped_maps_every_rule_to_a_clause() -> None:
    clauses = load(default_text(), "policy.toml").clauses
    assert {rule for each in clauses for rule in each.rules} == {rule.id for rule in RULES}
    assert any(not each.rules for each in clauses)
    assert load("", "policy.toml").clauses == clauses


def test_the_clauses_of_a_company_stand_in_place_of_those() -> None:
    lock, doors = load(OURS, "policy.toml").clauses
    assert (lock.id, lock.title, lock.rules) == ("4.4.1", "Locks", ("screen_locks_automatically",))
    assert (doors.text, doors.rules) == ("", ())


def test_a_clause_is_said_in_french_where_the_policy_says_it_in_french() -> None:
    french = '[clauses.a]\ntitle = "Doors"\ntext = "Closed."\ntitle_fr = "Portes"\n'
    (doors,) = load(french, "policy.toml").clauses
    assert doors.said_in(Language.EN) == ("Doors", "Closed.")
    assert doors.said_in(Language.FR) == ("Portes", "Closed.")
    shipped = load("", "policy.toml").clauses
    assert all(each.title_fr and each.text_fr for each in shipped)


@pytest.mark.parametrize(
    ("line", "key", "said"),
    [
        ('rules = ["screen_lock"]', "clauses.a.rules", "there is no such rule; "),
        ('rules = "x"', "clauses.a.rules", "'x' is not a list of rules: "),
        ("rules = [3]", "clauses.a.rules", "there is no such rule; "),
        ("text = 3", "clauses.a.text", "3 is not a text"),
        (f'text = "{"x" * 601}"', "clauses.a.text", "the text has 601 characters; at most 600 go"),
        ('titel = "x"', "clauses.a.titel", "there is no such key; did you mean title?"),
    ],
)
def test_a_clause_that_cannot_be_is_refused_at_its_line(line: str, key: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        load(f'[clauses.a]\ntitle = "A"\n{line}\n', "policy.toml")
    (problem,) = refused.value.problems
    assert (problem.line, problem.key) == (3, key)
    assert problem.message.startswith(said)


def test_a_clause_needs_a_title_and_a_name_that_fits_an_address() -> None:
    with pytest.raises(PolicyError, match="the clause has no title"):
        load("[clauses.a]\n", "policy.toml")
    with pytest.raises(PolicyError, match="name a clause with up to 40 of"):
        load('[clauses."a b"]\ntitle = "A"\n', "policy.toml")
    with pytest.raises(PolicyError, match="3 is not a table"):
        load("[clauses]\na = 3\n", "policy.toml")
