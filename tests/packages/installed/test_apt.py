"""From a signed apt repository, on more than one release: install, upgrade, downgrade, purge."""

import shutil
from pathlib import Path

import pytest

from tests.packages.installed.built import package
from tests.packages.installed.publishing import NEWER, Published, publish
from tests.packages.installed.roots import RELEASES, System, system

EVERY_INSTALLATION = (
    "var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "etc/apt", "etc/resolv.conf",
    "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "etc/ld.so.cache",
)  # fmt: skip


def trusting(machine: System, published: Published) -> None:
    keyrings = machine.root / "etc/apt/keyrings"
    keyrings.mkdir(exist_ok=True)
    shutil.copy(published.folder / "muster.asc", keyrings)
    shutil.copy(published.folder / "muster.sources", machine.root / "etc/apt/sources.list.d")


def version(machine: System) -> str:
    return machine.must("dpkg-query", "-W", "-f", "${Version}", "muster-agent")


@pytest.mark.parametrize("release", RELEASES)
def test_it_is_installed_upgraded_downgraded_and_leaves_nothing(
    release: str, published: Published, tmp_path: Path
) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(published.folder, folder)
    tmp_path.chmod(0o755)
    with system(release, folder) as machine:
        trusting(machine, published)
        assert machine.apt("update").status == 0
        before = machine.files()
        installed = machine.apt("install", "muster-agent")
        assert installed.status == 0, installed.errors
        _works(machine)
        before_upgrade = version(machine)
        publish(folder, published.key, *published.newer)
        assert machine.apt("update").status == 0
        assert machine.apt("dist-upgrade").status == 0
        assert version(machine) == f"{NEWER}-1"
        assert [path.name for path in _programs(machine)] == [_named_by_start(machine)]
        _works(machine)
        downgraded = machine.apt("install", "muster-agent/previous")
        assert downgraded.status == 0, downgraded.errors
        assert version(machine) == before_upgrade
        _works(machine)
        _leave_state(machine)
        assert machine.apt("purge", "muster-agent").status == 0
        left = {path for path in set(machine.files()) - set(before) if not _expected(path)}
        assert left == set()


def _works(machine: System) -> None:
    assert machine.must("muster-agent", "--version").startswith("muster-agent ")
    seen = machine.run("muster-agent", "check")
    assert (seen.status, seen.errors) == (0, "")
    enabled = machine.root / "etc/systemd/system/timers.target.wants/muster-agent.timer"
    if (machine.root / "usr/bin/systemctl").exists():
        assert enabled.is_symlink()


def _programs(machine: System) -> list[Path]:
    return [p for p in (machine.root / "usr/lib/muster-agent").iterdir() if p.is_dir()]


def _named_by_start(machine: System) -> str:
    return (machine.root / "usr/lib/muster-agent/start").read_text().split("/")[-2]


def _leave_state(machine: System) -> None:
    for folder in ("var/lib/muster-agent/spool", "var/cache/muster-agent"):
        (machine.root / folder).mkdir(parents=True, exist_ok=True)
        (machine.root / folder / "kept").write_text("kept")


def _expected(path: str) -> bool:
    return path.startswith(EVERY_INSTALLATION) and "muster" not in path.removeprefix("var/lib/apt/")


@pytest.mark.parametrize("release", RELEASES)
def test_a_repository_of_another_key_or_a_changed_one_is_refused(
    release: str, published: Published, tmp_path: Path
) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(published.folder, folder)
    tmp_path.chmod(0o755)
    with system(release, folder) as machine:
        unsigned = machine.root / "etc/apt/sources.list.d/muster.list"
        unsigned.write_text("deb file:/mnt/repository/apt stable main\n")
        assert "NO_PUBKEY" in _refused(machine) or "not signed" in _refused(machine)
        unsigned.unlink()
        trusting(machine, published)
        listed = folder / "apt/dists/stable/main/binary-amd64/Packages"
        for file in (listed, listed.with_name("Packages.gz")):
            file.write_bytes(file.read_bytes() + b"\n")
        assert "Hash Sum mismatch" in _refused(machine)
        shutil.rmtree(folder)
        shutil.copytree(published.folder, folder)
        (archive,) = folder.glob("apt/pool/main/m/muster-agent/*.deb")
        archive.write_bytes(archive.read_bytes()[:-1] + b"x")
        assert machine.apt("update").status == 0
        tampered = machine.apt("install", "muster-agent")
        assert tampered.status != 0
        assert not (machine.root / "usr/bin/muster-agent").exists()


def _refused(machine: System) -> str:
    """What apt says; its own lists must not hold the package afterwards."""
    said = machine.apt("update")
    found = machine.run("apt-cache", "show", "muster-agent")
    assert found.status != 0 or "Package:" not in found.out
    return said.errors + said.out


@pytest.mark.parametrize("release", RELEASES)
def test_a_collector_is_installed_kept_through_removal_and_purged_with_its_account(
    release: str, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    shutil.copy(package("collector", "deb"), tmp_path)
    with system(release, tmp_path) as machine:
        machine.must("apt-get", "-q", "update")
        name = package("collector", "deb").name
        installed = machine.apt("install", "--no-install-recommends", f"/mnt/repository/{name}")
        assert installed.status == 0, installed.errors
        account = machine.must("getent", "passwd", "muster-collector")
        assert "/var/lib/muster-collector" in account
        data = machine.root / "var/lib/muster-collector"
        assert data.stat().st_mode & 0o777 == 0o700
        listed = machine.run("muster-collector", "account", "list")
        assert listed.status in (0, 1)
        assert "Traceback" not in listed.errors
        machine.must("muster-collector", "policy", "check", _policy(machine))
        assert machine.apt("remove", "muster-collector").status == 0
        assert data.exists()
        assert machine.apt("purge", "muster-collector").status == 0
        assert not data.exists()
        assert machine.run("getent", "passwd", "muster-collector").status == 2
        assert not list((machine.root / "etc").rglob("*muster*"))


def _policy(machine: System) -> str:
    (default,) = (machine.root / "usr/lib/muster-collector").rglob("policy.toml")
    return f"/{default.relative_to(machine.root)}"
