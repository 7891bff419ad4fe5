"""People of a directory service or systemd-homed have no line in /etc/passwd, and count as well."""

import pytest

from agent.checks.screen_lock.person import people
from agent.host import NotRecorded, TimedOut, ToolMissing
from tests.agent.checks.screen_lock.desk import PASSWD, away, gnome_schemas, seen
from tests.agent.checks.screen_lock.gvdb_writer import database
from tests.fakes import Answer, FakeHost

BOB = "bob@corp.example:*:812600512:812600513:Bob:/home/bob@corp.example:/bin/bash\n"
ASKED = "getent passwd bob@corp.example carol old-user"
HOMES = ("/home/alice/x", "/home/bob@corp.example/x", "/home/carol.homedir/x", "/home/old-user/x")
CAROL = "carol:x:60312:60312:carol:/home/carol:/bin/bash\n"
DAEMON = "old-user:x:812600700:1::/home/old-user:/usr/sbin/nologin\n"


def machine(answer: Answer, *homes: str) -> FakeHost:
    files = {"/etc/passwd": PASSWD, **dict.fromkeys((*homes, "/home/.ecryptfs/x"), "")}
    return FakeHost({ASKED: answer}, files)


def test_homes_without_a_local_account_are_asked_for_at_once() -> None:
    found = people(machine(BOB + CAROL + DAEMON, *HOMES))
    assert [one.user for one in found] == ["alice", "bob@corp.example", "carol"]
    assert found[1].home == "/home/bob@corp.example"
    assert found[1].uid == 812600512


@pytest.mark.parametrize("answer", [ToolMissing("getent"), NotRecorded("getent"), ""])
def test_a_home_that_belongs_to_nobody_known_is_nobody(answer: Answer) -> None:
    assert [one.user for one in people(machine(answer, *HOMES))] == ["alice"]


def test_a_directory_that_does_not_answer_hides_people() -> None:
    with pytest.raises(TimedOut):
        people(machine(TimedOut("getent passwd gave no answer in 5 s"), *HOMES))


def test_without_other_homes_nobody_is_asked() -> None:
    assert [one.user for one in people(machine(TimedOut("getent"), HOMES[0]))] == ["alice"]


def test_their_stored_settings_are_judged() -> None:
    never = database({"/org/gnome/desktop/session/idle-delay": 0})
    path = "/home/bob@corp.example/.config/dconf/user"
    host = away({**gnome_schemas(), path: never}, session_files=["gnome"])
    host.commands = {**host.commands, "getent passwd bob@corp.example": BOB}
    locks = {user.user: user.locks for user in seen(host).screen_lock.users}
    assert locks == {"alice": True, "bob@corp.example": False}
