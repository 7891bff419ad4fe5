"""A password is long and hard to guess; nobody is told which characters to use."""

import pytest

from collector.accounts.password_rules import (
    FEWEST_BITS,
    LONGEST,
    NotGoodEnough,
    estimate,
    require_good,
)
from collector.accounts.passwords import generate


@pytest.mark.parametrize(
    "password",
    [
        "Kq7mV2xPz9RtLw",  # fourteen letters and digits at random: 83 bits
        "bramble quartz lantern osprey thimble gusset ferret",
        "naïve Überraschung für сложный пароль",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    require_good(password, "alice")


def test_what_the_collector_makes_is_good_enough() -> None:
    assert all(estimate(generate()).bits >= FEWEST_BITS for _ in range(20))


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabcabcabc",
        "qwertyuiopasdfghjkl",
        "12345678901234567890",
        "Summer2026Summer2026",
        "alice-alice-alice-alice",
        "P@ssw0rdP@ssw0rd!!",
        "mustermustermuster",
        "1985-12-24 1985-12-24",
        "correct horse battery staple",
        "Correct-Horse_Battery.Staple!2026",
        "the of and to in is it that was for",
        "quilted ferrets quilted ferrets quilted ferrets",
    ],
)
def test_what_people_choose_is_refused_whatever_its_length(password: str) -> None:
    with pytest.raises(NotGoodEnough, match="too easy to guess"):
        require_good(password, "alice")


def test_a_short_one_is_refused_with_what_to_do() -> None:
    with pytest.raises(NotGoodEnough, match="at least 14 characters"):
        require_good("Kq7mV2xPz9RtL", "alice")


def test_the_longest_is_taken_and_one_more_is_not() -> None:
    long = "Kq7mV2xPz9RtLw3B" * 8
    require_good(long[:LONGEST], "alice")
    with pytest.raises(NotGoodEnough, match="at most 128"):
        require_good(long + "x", "alice")


def test_a_long_repetition_behind_the_examined_part_adds_nothing() -> None:
    assert estimate("a" * 128).bits < 20


def test_the_refusal_never_holds_the_password() -> None:
    for password in ("secretsecretsecret", "x" * 200, "short", "tab\there and there and"):
        with pytest.raises(NotGoodEnough) as refused:
            require_good(password, "alice")
        assert password not in str(refused.value)


def test_the_companys_own_words_count_for_little() -> None:
    plain = estimate("Zyxomma Brandt 2031").bits
    known = estimate("Zyxomma Brandt 2031", words=["Zyxomma Brandt", "zyxomma"]).bits
    assert known < plain
