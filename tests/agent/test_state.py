from pathlib import Path

import pytest

from agent.config import Config, NotEnrolled, load, split_address, state_folder
from agent.state import SWAP, State, StateBusy, StateError

CONFIG = Config("Example", "d-1", "collector.example:7844", "collector.example:7843")


def test_a_new_state_folder_is_closed_to_others(tmp_path: Path) -> None:
    state = State.open(tmp_path / "a" / "state", create=True)
    state.write("key.pem", b"secret")
    assert state.folder.stat().st_mode & 0o777 == 0o700
    assert state.path("key.pem").stat().st_mode & 0o777 == 0o600


def test_a_folder_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(StateError, match="can be written by others"):
        State.open(tmp_path)


def test_a_folder_others_can_only_read_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    State.open(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_another_account_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(StateError, match="belongs to another account"):
        State.open(tmp_path)


def test_files_replaced_together_are_all_new(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    state.write("answer.pb", b"old")
    state.replace_together({"key.pem": b"k", "certificate.pem": b"c"}, gone=("answer.pb",))
    assert [state.read(n) for n in ("key.pem", "certificate.pem", "answer.pb")] == [
        b"k",
        b"c",
        None,
    ]
    assert not list(tmp_path.glob("*.new"))


def test_a_replacement_cut_off_before_its_list_never_happened(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"old")
    (tmp_path / "key.pem.new").write_bytes(b"new")
    assert State.open(tmp_path).read("key.pem") == b"old"
    assert not (tmp_path / "key.pem.new").exists()


def test_a_replacement_cut_off_after_its_list_is_finished(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"new, already in place")
    (tmp_path / "certificate.pem").write_bytes(b"old")
    (tmp_path / "certificate.pem.new").write_bytes(b"new")
    (tmp_path / SWAP).write_text('{"new": ["key.pem", "certificate.pem"], "gone": []}')
    state = State.open(tmp_path)
    assert state.read("key.pem") == b"new, already in place"
    assert state.read("certificate.pem") == b"new"
    assert not (tmp_path / SWAP).exists()


def test_two_agents_do_not_share_a_folder_at_once(tmp_path: Path) -> None:
    first, second = State.open(tmp_path), State.open(tmp_path)
    with first.exclusive(), pytest.raises(StateBusy), second.exclusive():
        pass
    with second.exclusive():
        assert second.path("lock").exists()


def test_the_configuration_survives_strange_names(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    strange = Config('Ex"am\\ple é', "d-1", "[::1]:7844", "collector.example:7843")
    state.write("agent.toml", strange.to_toml())
    assert load(state) == strange


@pytest.mark.parametrize("content", [b"", b"\xff", b"collector_name = ", b"x = 1"])
def test_a_damaged_configuration_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    state = State.open(tmp_path)
    state.write("agent.toml", content)
    with pytest.raises(StateError, match="is damaged"):
        load(state)


def test_without_a_configuration_the_device_is_not_enrolled(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled, match="not enrolled"):
        load(State.open(tmp_path / "nothing"))


@pytest.mark.parametrize(
    "wrong", ["", "host", "host:", ":1", "h:0", "h:65536", "h:x", "::1:5", "a b:1"]
)
def test_an_address_is_host_and_port(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"is not host:port|no valid port"):
        split_address(wrong)


def test_the_state_folder_follows_option_then_environment_then_account() -> None:
    environ = {"MUSTER_AGENT_STATE": "/b", "XDG_STATE_HOME": "/c"}
    assert state_folder("/a", environ, root=True) == Path("/a")
    assert state_folder(None, environ, root=True) == Path("/b")
    del environ["MUSTER_AGENT_STATE"]
    assert state_folder(None, environ, root=True) == Path("/var/lib/muster-agent")
    assert state_folder(None, environ, root=False) == Path("/c/muster-agent")


def test_whoever_only_reads_leaves_a_replacement_under_way_alone(tmp_path: Path) -> None:
    """A look at the status while the certificate is renewed must not part key and certificate."""
    at_work = State.open(tmp_path)
    with at_work.exclusive():
        (tmp_path / "key.pem.new").write_bytes(b"half of a replacement")
        State.open(tmp_path)
        assert (tmp_path / "key.pem.new").exists()


def test_what_was_left_half_written_is_removed_by_the_next_at_work(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    (tmp_path / "receipts").mkdir()
    halves = [tmp_path / ".key.pem.4711", tmp_path / "receipts" / ".1.receipt.4711"]
    for half in halves:
        half.write_bytes(b"half")
    with state.exclusive():
        assert not any(half.exists() for half in halves)


@pytest.mark.parametrize("swap", ["{", "[]", '{"new": 1, "gone": []}', '{"new": ["../x"]}'])
def test_a_damaged_list_of_a_replacement_is_one_clear_error(tmp_path: Path, swap: str) -> None:
    (tmp_path / SWAP).write_text(swap)
    with pytest.raises(StateError, match="is damaged"):
        State.open(tmp_path)


def test_an_address_of_another_type_is_one_clear_error(tmp_path: Path) -> None:
    state = State.open(tmp_path)
    state.write("agent.toml", CONFIG.to_toml().replace(b'"collector.example:7844"', b"5"))
    with pytest.raises(StateError, match="is damaged"):
        load(state)
