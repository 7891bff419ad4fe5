"""What the operator signed is taken, and nothing else: attacks on a real signed repository."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.update.releases import NotNow, NotSigned, Releases
from agent.update.versions import file_of
from tests.agent.update.published import Published, publishing, script
from tests.connect_proxy import connect_proxy

OLD, NEW = file_of("1.0.0", "macos"), file_of("1.1.0", "macos")


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    with publishing(tmp_path) as found:
        found.init()
        found.add("1.0.0")
        found.add("1.1.0")
        yield found


@pytest.fixture
def releases(published: Published, tmp_path: Path) -> Releases:
    folder = tmp_path / "update"
    folder.mkdir(mode=0o700)
    return Releases(published.settings(), folder)


def test_what_is_signed_comes_whole(releases: Releases) -> None:
    old, new = releases.fetch(OLD, NEW)

    assert old.read_bytes() == b"installer of 1.0.0"
    assert new.read_bytes() == b"installer of 1.1.0"
    with releases.verified(NEW) as package:
        assert package == new


def test_a_file_that_differs_by_a_byte_is_refused(published: Published, releases: Releases) -> None:
    published.file("1.1.0").write_bytes(b"installer of 1.1.1")

    with pytest.raises(NotSigned):
        releases.fetch(NEW)
    assert not list((releases.folder / "targets").iterdir())


def test_a_file_that_is_longer_than_was_signed_is_refused(
    published: Published, releases: Releases
) -> None:
    published.file("1.1.0").write_bytes(b"installer of 1.1.0" + b" and more" * 1000)

    with pytest.raises(NotSigned):
        releases.fetch(NEW)


def test_a_file_changed_on_the_disk_after_it_was_fetched_is_refused(releases: Releases) -> None:
    (new,) = releases.fetch(NEW)
    new.write_bytes(b"installer of 6.6.6")

    with pytest.raises(NotSigned), releases.verified(NEW):
        pytest.fail("the block must not be reached")


def test_an_older_list_put_in_place_of_the_newer_is_refused(
    published: Published, releases: Releases
) -> None:
    before = published.snapshot()
    published.add("1.2.0")
    releases.fetch(file_of("1.2.0", "macos"))

    published.serve_again(before)

    with pytest.raises(NotSigned):
        releases.fetch(NEW)


def test_lists_that_do_not_belong_together_are_refused(
    published: Published, releases: Releases
) -> None:
    """A mix: the newest timestamp and snapshot over the targets of before."""
    before = (published.metadata / "3.targets.json").read_bytes()
    published.add("1.2.0")

    (published.metadata / "4.targets.json").write_bytes(before)

    with pytest.raises(NotSigned):
        releases.fetch(NEW)


def test_a_list_that_is_never_renewed_runs_out_and_comes_back(tmp_path: Path) -> None:
    """A freeze: whoever holds the newer list back gains two weeks, and the agent goes on."""
    long_ago = datetime.now(UTC) - timedelta(days=15)
    with publishing(tmp_path) as published:
        published.init(long_ago)
        published.add("1.1.0", now=long_ago)
        releases = Releases(published.settings(), tmp_path / "update")

        with pytest.raises(NotNow, match="run out"):
            releases.fetch(NEW)
        published.renew()

        assert len(releases.fetch(NEW)) == 1


@pytest.mark.parametrize("months", [7, 20, 26, 60])
def test_a_list_that_is_renewed_holds_for_years_without_a_new_release(
    tmp_path: Path, months: int
) -> None:
    """Whoever only renews, as the timetable says: neither the list nor the root runs out."""
    now = datetime.now(UTC)
    long_ago = now - timedelta(days=30 * months)
    with publishing(tmp_path) as published:
        published.init(long_ago)
        published.add("1.1.0", now=long_ago)
        for month in range(1, months + 1):
            published.renew(long_ago + timedelta(days=30 * month))
        releases = Releases(published.settings(), tmp_path / "update")

        assert len(releases.fetch(NEW)) == 1


def test_a_list_signed_by_another_key_is_refused(
    published: Published, releases: Releases, tmp_path: Path
) -> None:
    other = Published(tmp_path / "other", published.url)
    other.folder.mkdir()
    other.init()
    other.add("1.1.0", b"installer of somebody else")

    published.serve_again(other.served)

    with pytest.raises(NotSigned):
        releases.fetch(NEW)


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_a_word_changed_in_a_signed_list_is_refused(
    published: Published, releases: Releases, role: str
) -> None:
    path = max(published.metadata.glob(f"*{role}.json"), key=lambda p: p.stat().st_mtime_ns)
    content = json.loads(path.read_text())
    content["signed"]["expires"] = "2099-01-01T00:00:00Z"
    path.write_text(json.dumps(content))

    with pytest.raises(NotSigned):
        releases.fetch(NEW)


def test_a_release_that_is_not_listed_is_none(releases: Releases) -> None:
    with pytest.raises(NotNow, match="hold no"):
        releases.fetch(file_of("9.9.9", "macos"))


def test_a_server_that_does_not_answer_is_no_attack(published: Published, tmp_path: Path) -> None:
    settings = published.settings()
    nowhere = type(settings)("http://127.0.0.1:9/m/", "http://127.0.0.1:9/t/", settings.root)

    with pytest.raises(NotNow, match="cannot be fetched"):
        Releases(nowhere, tmp_path / "update").fetch(NEW)


def test_it_works_where_cryptography_cannot_be_loaded(published: Published) -> None:
    """The signatures are Ed25519, which the client can weigh without it."""
    settings = published.settings()
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from pathlib import Path\n"
        "from agent.update.releases import Releases\n"
        "from agent.update.settings import Settings\n"
        "root = Path(sys.argv[1]).read_bytes()\n"
        "kept = Releases(Settings(sys.argv[2], sys.argv[3], root), Path(sys.argv[4]))\n"
        "print(kept.fetch(sys.argv[5])[0].read_text())\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-c", program),
            str(published.metadata / "1.root.json"),
            *(settings.metadata_url, settings.targets_url),
            *(str(published.folder / "bare"), NEW),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "installer of 1.1.0\n", done.stderr


def test_the_agent_loads_the_client_only_when_there_is_a_release_to_take() -> None:
    program = (
        "import agent.cli, agent.update.offer, agent.update.finishing, sys;"
        "print('tuf' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


def test_the_operators_keys_are_for_one_person_and_never_made_twice(
    published: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    modes = {path.stat().st_mode & 0o777 for path in published.keys.iterdir()}

    assert modes == {0o600}
    assert published.keys.stat().st_mode & 0o777 == 0o700
    assert script().main(["init", str(published.keys), str(published.served)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_one_version_is_never_signed_with_two_contents(
    published: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    package = published.folder / "other"
    package.write_bytes(b"another")
    words = ["add", str(published.keys), str(published.served), str(package), "1.1.0", "macos"]

    assert script().main(words) == 1
    assert "take a new version" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 302 Log in here\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 ",
    ],
)
def test_what_is_cut_off_or_answered_by_something_else_may_come_later(
    published: Published, tmp_path: Path, answer: bytes
) -> None:
    """By the way that enrollment was told, and whatever goes wrong there."""
    with connect_proxy(answer=answer) as proxy:
        told = f"http://alice:secret@127.0.0.1:{proxy.port}"
        releases = Releases(published.settings(), tmp_path / "cut", told)
        with pytest.raises(NotNow) as raised:
            releases.fetch(NEW)

    assert proxy.asked[0] == f"{published.url}/metadata/2.root.json"
    assert "secret" not in str(raised.value)
