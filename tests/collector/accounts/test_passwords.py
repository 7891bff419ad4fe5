from collector.accounts.passwords import ALPHABET, GROUP_LENGTH, GROUPS, Cost, Passwords, generate

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)


def test_a_generated_password_is_worth_a_hundred_bits() -> None:
    assert len(set(ALPHABET)) ** (GROUPS * GROUP_LENGTH) > 2**100
    assert len({generate() for _ in range(200)}) == 200


def test_a_hash_is_argon2id_with_the_cost_we_promise() -> None:
    made = Passwords().hash("correct horse battery staple")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert Passwords().verify(made, "correct horse battery staple")
    assert not Passwords().is_outdated(made)


def test_only_the_right_password_is_right() -> None:
    passwords = Passwords(CHEAP)
    made = passwords.hash("a")
    assert passwords.verify(made, "a")
    assert not passwords.verify(made, "b")
    assert not passwords.verify(made, "")
    assert not passwords.verify("not a hash", "a")


def test_an_account_that_is_not_there_takes_no_password_and_the_same_work() -> None:
    passwords = Passwords(CHEAP)
    nobodys = passwords._nobodys_hash()
    assert not passwords.verify(None, "anything")
    assert not passwords.is_outdated(nobodys)
    assert len(nobodys) == len(passwords.hash("x"))


def test_a_password_without_end_is_not_hashed() -> None:
    long = "x" * 129
    passwords = Passwords(CHEAP)
    assert not passwords.verify(passwords.hash(long), long)


def test_a_hash_made_with_less_is_outdated() -> None:
    assert Passwords().is_outdated(Passwords(CHEAP).hash("a"))
