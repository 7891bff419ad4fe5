"""A place that does not answer costs its limit once, and keeps nothing else from being read."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import files
from agent.budget import Budget
from agent.files import Places, mount_points, place_of
from agent.host import Denied, FileMissing, TimedOut

SERVED_HOME = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 21 0:40 / /home rw - nfs4 server:/home rw\n"

HOME_OF_ROOT = "/root"


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    """A question that waits for this hangs until the test is over."""
    over = threading.Event()
    yield over
    over.set()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SECONDS", 0.05)


def places(tmp_path: Path, mountinfo: str) -> Places:
    (tmp_path / "mountinfo").write_text(mountinfo)
    return Places(str(tmp_path / "mountinfo"))


def test_a_home_that_does_not_answer_is_timed_out_and_the_mount_is_not_asked_again(
    tmp_path: Path, hung: threading.Event, quick: None
) -> None:
    asked = places(tmp_path, SERVED_HOME)
    with pytest.raises(TimedOut, match=r"/home/alice/x gave no answer in 0\.05 s"):
        asked.ask("/home/alice/x", hung.wait, Budget())
    questions: list[str] = []
    with pytest.raises(TimedOut, match="/home does not answer"):
        asked.ask("/home/bob/x", lambda: questions.append("bob"), Budget())
    assert not questions
    assert asked.ask("/etc/passwd", lambda: "read", Budget()) == "read"
    assert asked.ask("/srv/x", lambda: "read", Budget()) == "read"


def test_one_persons_link_to_a_place_that_hangs_costs_that_person_only(
    tmp_path: Path, hung: threading.Event, quick: None
) -> None:
    asked = places(tmp_path, "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    with pytest.raises(TimedOut):
        asked.ask("/home/alice/.xscreensaver", hung.wait, Budget())
    with pytest.raises(TimedOut):
        asked.ask("/home/alice/.config", lambda: "not asked", Budget())
    assert asked.ask("/home/bob/.config", lambda: "read", Budget()) == "read"


def test_a_place_that_comes_back_is_asked_again(
    tmp_path: Path, hung: threading.Event, quick: None
) -> None:
    asked = places(tmp_path, SERVED_HOME)
    with pytest.raises(TimedOut):
        asked.ask("/home/alice/x", hung.wait, Budget())
    hanging = [thread for thread in threading.enumerate() if thread.daemon]
    hung.set()
    for thread in hanging:
        thread.join(5)
    assert asked.ask("/home/alice/x", lambda: "read", Budget()) == "read"


def test_trouble_with_a_home_is_the_same_as_elsewhere(tmp_path: Path) -> None:
    def refused() -> str:
        raise Denied("no")

    with pytest.raises(Denied):
        Places().ask("/home/alice/x", refused, Budget())
    with pytest.raises(FileMissing):
        Places().ask("/home/alice/x", lambda: files.read("/home/alice/\0", 1), Budget())


def test_a_file_gets_no_more_time_than_is_left_of_the_look(
    tmp_path: Path, hung: threading.Event
) -> None:
    with pytest.raises(TimedOut, match=r"gave no answer in 0\.01 s"):
        places(tmp_path, SERVED_HOME).ask("/home/alice/x", hung.wait, Budget(0.01, lambda: 0.0))


@pytest.mark.parametrize(
    "path", ["/proc/1/mountinfo", "/sys/class/block", "/etc/passwd", "/var/lib/x", "/run/x", "/usr"]
)
def test_the_systems_own_places_cost_no_thread(path: str) -> None:
    assert Places().ask(path, threading.current_thread, Budget()) is threading.current_thread()


@pytest.mark.parametrize(
    "path",
    ["/home/a/x", f"{HOME_OF_ROOT}/.x", "/proc/7/environ", "/run/user/1000/x", "/srv/x", "/usr2/x"],
)
def test_what_somebody_else_may_serve_is_asked_aside(path: str) -> None:
    assert Places().ask(path, threading.current_thread, Budget()) is not threading.current_thread()


def test_mount_points_are_read_with_their_types_whatever_else_is_listed() -> None:
    listed = SERVED_HOME + "no mount\n23 21 0:41 / /home/my\\040disk rw shared:1 - fuse.x y rw\n"
    assert mount_points(listed)[1:] == [("/home", "nfs4"), ("/home/my disk", "fuse.x")]
    assert place_of("/home/my disk/x", mount_points(listed)) == "/home/my disk"
