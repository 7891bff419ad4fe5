"""A policy is read as a whole or refused to the line."""

import time

import pytest

from collector.model import FormFactor, Language, Platform, Severity
from collector.policy import RULES, PolicyError, Problem, default_text, load
from collector.policy.keeping_in_touch import ContactMode

EVERYTHING = """\
name = "Ours"
language = "fr"
stale_after_days = 14
check_in_minutes = 30

[rules.screen_locks_automatically]
enabled = false
severity = "low"
grace_days = 3
platforms = ["linux", "macos"]
form_factors = ["laptop"]
max_idle_seconds = 600
"""


def problems_of(text: str) -> list[Problem]:
    with pytest.raises(PolicyError) as refused:
        load(text, "policy.toml")
    return refused.value.problems


def test_the_default_policy_names_every_rule_with_all_its_limits_and_default_numbers() -> None:
    text = default_text()
    policy = load(text, "policy.toml")
    bare = load("", "policy.toml")
    assert (policy.name, policy.stale_after_days, policy.check_in_minutes) == (
        "Muster default",
        7,
        60,
    )
    assert policy.rules == bare.rules
    assert list(policy.rules) == [rule.id for rule in RULES]
    for rule in RULES:
        table = text.split(f"[rules.{rule.id}]\n")[1].split("\n[")[0]
        for key in ("enabled", "severity", "grace_days", *(each.name for each in rule.limits)):
            assert f"\n{key} = " in f"\n{table}"


def test_a_policy_says_everything_and_what_it_leaves_out_keeps_its_default() -> None:
    policy = load(EVERYTHING, "policy.toml", version=3)
    assert (policy.version, policy.name, policy.language) == (3, "Ours", Language.FR)
    assert (policy.stale_after_days, policy.check_in_minutes) == (14, 30)
    lock = policy.rules["screen_locks_automatically"]
    assert (lock.enabled, lock.severity, lock.grace_days) == (False, Severity.LOW, 3)
    assert lock.platforms == {Platform.LINUX, Platform.MACOS}
    assert lock.form_factors == {FormFactor.LAPTOP}
    assert lock.limits == {"max_idle_seconds": 600, "max_lock_delay_seconds": 60}
    disk = policy.rules["disk_encrypted"]
    assert (disk.enabled, disk.severity) == (True, Severity.CRITICAL)
    assert disk.platforms == frozenset(Platform)


def test_a_group_may_keep_in_touch_another_way() -> None:
    text = '[contact]\nmode = "scheduled"\n[contact.groups]\n"loans, old" = "connected"\n'
    contact = load(text, "policy.toml").contact
    assert contact.mode_of(["others"]) is ContactMode.SCHEDULED
    assert contact.mode_of(["others", "loans, old"]) is ContactMode.CONNECTED
    assert problems_of(text.replace('"connected"', '"always"'))[0] == Problem(
        4, "contact.groups.loans, old", "'always' is not one of scheduled, connected"
    )
    assert problems_of("contact = 3\n")[0].key == "contact"


def rule_with(line: str) -> str:
    return f"name = 'x'\n\n[rules.antivirus_definitions_fresh]\n# a comment\n{line}\n"


SEVERITIES = "low, medium, high, critical"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("severity = 'hihg'", f"severity: 'hihg' is not one of {SEVERITIES}"),
        ("severity = 3", f"severity: 3 is not one of {SEVERITIES}"),
        ("enabled = 1", "enabled: 1 is not one of true, false"),
        ("grace_days = 366", "grace_days: 366 is not a whole number from 0 to 365"),
        ("grace_days = -1", "grace_days: -1 is not a whole number from 0 to 365"),
        ("grace_days = true", "grace_days: true is not a whole number from 0 to 365"),
        ("grace_days = 1.0", "grace_days: 1.0 is not a whole number from 0 to 365"),
        ("max_age_days = 0", "max_age_days: 0 is not a whole number from 1 to 90"),
        ("max_age_days = 91", "max_age_days: 91 is not a whole number from 1 to 90"),
        ("max_age_days = '7'", "max_age_days: '7' is not a whole number from 1 to 90"),
        ("platforms = ['bsd']", "platforms: 'bsd' is not one of linux, macos, windows"),
        (
            "platforms = 'linux'",
            "platforms: 'linux' is not a list with some of linux, macos, windows",
        ),
        ("platforms = []", "platforms: [] is not a list with some of linux, macos, windows"),
        ("max_age_dys = 7", "max_age_dys: there is no such key; did you mean max_age_days?"),
        ("'a=b' = 7", "a=b: there is no such key; known are "),
    ],
)
def test_a_wrong_value_is_refused_with_its_line_its_key_and_what_is_allowed(
    line: str, message: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        load(rule_with(line), "policy.toml")
    said = str(refused.value)
    assert said.startswith(f"policy.toml:5: rules.antivirus_definitions_fresh.{message}")
    assert "\n" not in said


def test_the_limits_of_a_limit_are_allowed() -> None:
    for days in (1, 90):
        policy = load(rule_with(f"max_age_days = {days}"), "policy.toml")
        assert policy.rules["antivirus_definitions_fresh"].limits["max_age_days"] == days


def test_unknown_rules_and_keys_are_refused_with_the_nearest_name() -> None:
    text = "nmae = 'x'\n\n[rules.disk_encryptd]\nenabled = true\n\n[rules.zzz]\n"
    said = [(each.line, each.key, each.message) for each in problems_of(text)]
    assert said[0] == (1, "nmae", "there is no such key; did you mean name?")
    assert said[1][:2] == (3, "rules.disk_encryptd")
    assert said[1][2] == "there is no such rule; did you mean disk_encrypted?"
    assert said[2][:2] == (6, "rules.zzz")
    assert said[2][2].startswith("there is no such rule; known are disk_encrypted, ")


def test_every_problem_is_told_at_once_in_the_order_of_lines() -> None:
    text = (
        "stale_after_days = 0\n"
        'name = """\n[rules.disk_encrypted]\nseverity = 1"""\n'
        "rules.os_restart_done.max_delay_days = 0\n"
        "rules.disk_encrypted.platforms = [  # a [ in a comment\n"
        '  "linux",\n  "be]os",\n]\n'
        "rules.disk_encrypted.enabled = 'no'\n"
        "[rules.os_supported]\r\nseverity = 'x'\r\n"
    )
    found = [(each.line, each.key) for each in problems_of(text)]
    assert found == [
        (1, "stale_after_days"),
        (2, "name"),
        (5, "rules.os_restart_done.max_delay_days"),
        (6, "rules.disk_encrypted.platforms"),
        (10, "rules.disk_encrypted.enabled"),
        (12, "rules.os_supported.severity"),
    ]


@pytest.mark.parametrize("value", ['"de"', "3", '["fr"]', '""', '"FR"'])
def test_a_language_without_words_is_refused_at_its_line(value: str) -> None:
    (problem,) = problems_of(f'name = "x"\nlanguage = {value}')
    assert (problem.line, problem.key) == (2, "language")
    assert problem.message.endswith("is not one of en, fr")
    assert load("", "policy.toml").language is Language.EN


def test_a_rule_or_all_rules_that_are_no_table_are_refused() -> None:
    assert problems_of("\nrules = 3") == [Problem(2, "rules", "3 is not a table")]
    wanted = Problem(1, "rules.disk_encrypted", "3 is not a table")
    assert problems_of("rules.disk_encrypted = 3") == [wanted]
    assert problems_of("[[rules]]\nname = 3")[0].message == "[{'name': 3}] is not a table"
    inline = problems_of("\nrules = { disk_encrypted = { grace_days = -1 } }")
    assert (inline[0].line, inline[0].key) == (2, "rules.disk_encrypted.grace_days")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name = 'x'\nrules disk\n", 2),
        ("name = 'x'\nname = 'y'\n", 2),
        ("name = 'x'\nplatforms = [1,\n", 2),
        ("a = 1\nb = " + "9" * 900 + "x", 2),
        ("\x00", 1),
    ],
)
def test_what_is_not_toml_is_refused_at_the_line_where_it_stops_being_it(
    text: str, line: int
) -> None:
    (problem,) = problems_of(text)
    assert problem.line == line
    assert problem.message.startswith("this is not TOML: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("".join(f"[rules.r{i}]\n" for i in range(100_000)), "the policy has 1488890 characters"),
        ("# " + "x" * 10_000_000, "the policy has 10000002 characters"),
        (
            "".join(f"[rules.r{i}]\n" for i in range(3000)),
            f"3000 rules are named; there are {len(RULES)}",
        ),
        ("".join(f"k{i} = 1\n" for i in range(5000)), "there is no such key"),
        ("a." * 20_000 + "b = 1", "the line has 40005 characters; at most 1000 are read"),
        ("a = " + "[\n" * 30_000, "lists or tables are nested too deep"),
        ('name = "' + '\\"' * 400 + '"', "the text has 400 characters; at most 100 are read"),
        ('x = """' + '"\n' * 20_000 + '"""', "there is no such key"),
    ],
    ids=["rules", "size", "many rules", "many keys", "long key", "deep", "name", "quotes"],
)
def test_a_policy_that_is_too_much_is_refused_at_once(text: str, message: str) -> None:
    started = time.process_time()
    found = problems_of(text)
    assert time.process_time() - started < 2
    assert found[0].message.startswith(message)
