"""logind that asks for a lock makes nobody lock, and takes away the certainty that nobody does."""

import pytest

from agent.checks.screen_lock.logind import idle_action
from tests.agent.checks.screen_lock.desk import USER_DB, alice, gnome_schemas, live, words
from tests.agent.checks.screen_lock.gvdb_writer import database
from tests.fakes import FakeHost

ETC = "/etc/systemd/logind.conf"
ASKS = "[Login]\n#NAutoVTs=6\nIdleAction=lock\nIdleActionSec=10min\n"
NEVER = database({"/org/gnome/desktop/screensaver/lock-enabled": False})
ALWAYS = database({"/org/gnome/desktop/session/idle-delay": 60})


def test_a_lock_that_logind_may_bring_is_neither_there_nor_missing() -> None:
    files = {**gnome_schemas(), USER_DB: NEVER}
    assert words(alice(live("gnome-shell", files=files))) == "no"
    assert words(alice(live("gnome-shell", files={**files, ETC: ASKS}))) == "unknown"


def test_a_lock_of_the_desktop_stays_what_it_is() -> None:
    files = {**gnome_schemas(), USER_DB: ALWAYS, ETC: ASKS}
    assert words(alice(live("gnome-shell", files=files))) == "yes 60+0"


@pytest.mark.parametrize(
    ("files", "action"),
    [
        ({}, ""),
        ({ETC: "[Login]\n#IdleAction=lock\n"}, ""),
        ({ETC: ASKS}, "lock"),
        ({ETC: ASKS, f"{ETC}.d/50-site.conf": "[Login]\nIdleAction=ignore\n"}, "ignore"),
        ({ETC: "[Login]\n", "/usr/lib/systemd/logind.conf": ASKS}, ""),
        ({"/usr/lib/systemd/logind.conf.d/a.conf": ASKS}, "lock"),
        ({"/usr/lib/systemd/logind.conf.d/a.conf": ASKS, f"{ETC}.d/a.conf": ""}, ""),
        ({f"{ETC}.d/a.conf": ASKS, "/run/systemd/logind.conf.d/b.conf": "IdleAction=\n"}, ""),
    ],
)
def test_the_file_of_most_weight_counts(files: dict[str, str], action: str) -> None:
    assert idle_action(FakeHost(files=files)) == action
