"""The closed list of what an update may start, and when an agent updates itself at all."""

import io
from pathlib import Path

import pytest

from agent.cli import main
from agent.host import Denied, Output
from agent.state import State
from agent.surroundings import Surroundings
from agent.update.installer import InstallFailed, SystemInstaller, run_with_proxies
from agent.update.settings import BadSettings, load

PACKAGE = Path("/var/lib/muster-agent/update/targets/muster-agent-1.1.0-macos.pkg")


class Door:
    """Starts nothing; answers with one status."""

    def __init__(self, status: int = 0, text: str = "") -> None:
        self.status, self.text = status, text
        self.lines: list[tuple[str, ...]] = []

    def __call__(self, line: tuple[str, ...], seconds: float) -> Output:
        self.lines.append(line)
        return Output(self.text, "", self.status)


@pytest.mark.parametrize(
    ("system", "lines"),
    [
        (
            "macos",
            [
                ("/usr/sbin/installer", "-pkg", str(PACKAGE), "-target", "/"),
                ("/bin/launchctl", "kickstart", "system/org.muster.update"),
                ("/Library/Muster/agent/muster-agent", "--version"),
                ("/Library/Muster/agent/muster-agent", "run", "--once"),
            ],
        ),
        (
            "windows",
            [
                (
                    r"C:\Windows\System32\msiexec.exe",
                    *("/i", str(PACKAGE), "/qn", "/norestart"),
                ),
                (r"C:\Windows\System32\schtasks.exe", "/Run", "/TN", r"\Muster\Update"),
                (r"C:\Program Files\Muster\muster-agent.exe", "--version"),
                (r"C:\Program Files\Muster\muster-agent.exe", "run", "--once"),
            ],
        ),
    ],
)
def test_an_update_starts_these_programs_by_their_whole_paths_and_no_other(
    system: str, lines: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ProgramFiles", raising=False)
    door = Door()
    installer = SystemInstaller(system, door)

    installer.install(PACKAGE)
    installer.start_runner()
    installer.version()
    installer.checks_in()

    assert door.lines == lines


@pytest.mark.parametrize(
    ("system", "status", "works"),
    [("windows", 3010, True), ("windows", 1603, False), ("macos", 0, True), ("macos", 3010, False)],
)
def test_the_systems_installer_says_whether_it_worked(
    system: str, status: int, works: bool
) -> None:
    installer = SystemInstaller(system, Door(status))

    if works:
        installer.install(PACKAGE)
    else:
        with pytest.raises(InstallFailed, match=str(status)):
            installer.install(PACKAGE)


def test_a_program_that_does_not_start_has_no_version_and_does_not_check_in() -> None:
    def denied(line: tuple[str, ...], seconds: float) -> Output:
        raise Denied("not to be run")

    installer = SystemInstaller("macos", denied)

    assert installer.version() == ""
    assert not installer.checks_in()


def test_the_version_is_what_the_program_says() -> None:
    assert SystemInstaller("macos", Door(text="muster-agent 1.1.0\n")).version() == "1.1.0"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "update").mkdir(mode=0o755)
    (tmp_path / "update" / "root.json").write_text("{}")
    write(tmp_path, "https://releases.example.org/m", "https://releases.example.org/t")
    return tmp_path


def write(program: Path, metadata: str, targets: str) -> None:
    content = f'metadata_url = "{metadata}"\ntargets_url = "{targets}"\n'
    (program / "update" / "update.toml").write_text(content)


def test_an_agent_whose_package_says_nothing_never_updates_itself(tmp_path: Path) -> None:
    assert load(None) is None
    assert load(tmp_path) is None


def test_where_releases_lie_comes_with_the_package(program: Path) -> None:
    settings = load(program)

    assert settings is not None
    assert settings.targets_url == "https://releases.example.org/t"
    assert settings.root == b"{}"


@pytest.mark.parametrize("address", ["http://releases.example.org/", "file:///etc", "", "ftp://a"])
def test_an_address_that_is_not_https_is_refused(program: Path, address: str) -> None:
    write(program, "https://releases.example.org/m", address)

    with pytest.raises(BadSettings):
        load(program)


@pytest.mark.parametrize("name", ["", "update.toml", "root.json"])
def test_settings_that_others_could_write_are_refused(program: Path, name: str) -> None:
    (program / "update" / name).chmod(0o777)

    with pytest.raises(BadSettings, match="others can write it"):
        load(program)


def test_on_this_system_the_package_manager_does_it(tmp_path: Path) -> None:
    State.open(tmp_path / "state", create=True)
    out = io.StringIO()

    assert main(["update", "--state", str(tmp_path / "state")], Surroundings(out=out)) == 0

    assert "off: the package manager of this system does it" in out.getvalue()
    assert main(["update", "--finish", "--state", str(tmp_path / "state")]) == 0


def test_the_new_version_checks_in_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a healthy version would be taken back wherever the environment names the proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://p.example:3128")
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.setenv("LD_AUDIT", "/planted.so")

    said = run_with_proxies(("/usr/bin/env",), 10.0).text.splitlines()

    assert {"HTTPS_PROXY=http://p.example:3128", "no_proxy=localhost"} <= set(said)
    assert not any("planted" in line for line in said)
