"""A restart is needed, not needed, or it cannot be told: never guessed."""

import pytest

from agent.checks.os_updates.kernel import DPKG, RPM, newer_is_installed, restart_required
from agent.host import Conflicting, NoData, Output
from tests.fakes import FakeHost

VERSION = "Linux version 6.1.0-40-amd64 (x) (gcc) #1 SMP Debian 6.1.150-1 (2026-08-29)"
INSTALLED = "linux-image-6.1.0-40-amd64|6.1.150-1|ii \nlinux-image-amd64|6.1.150-1|ii \n"


def debian(installed: str, **files: str) -> FakeHost:
    return FakeHost(commands={" ".join(DPKG): installed}, files={"/proc/version": VERSION, **files})


def test_the_newest_installed_kernel_runs() -> None:
    assert restart_required(debian(INSTALLED), "apt")[0] is False


def test_a_newer_kernel_is_installed() -> None:
    newer = INSTALLED + "linux-image-6.1.0-50-amd64|6.1.180-1|ii \n"
    assert restart_required(debian(newer), "apt")[0] is True


def test_a_newer_kernel_that_was_removed_does_not_count() -> None:
    removed = INSTALLED + "linux-image-6.1.0-50-amd64|6.1.180-1|rc \n"
    assert restart_required(debian(removed), "apt")[0] is False


def test_the_same_kernel_was_rebuilt() -> None:
    assert restart_required(debian(INSTALLED.replace("6.1.150-1", "6.1.153-1")), "apt")[0] is True


def test_a_kernel_of_no_package_is_no_answer() -> None:
    with pytest.raises(NoData):
        restart_required(debian("linux-image-6.1.0-50-amd64|6.1.180-1|ii \n"), "apt")


def test_the_mark_of_the_system_is_enough() -> None:
    host = FakeHost(files={"/run/reboot-required": ""})
    assert restart_required(host, "apt") == (True, "/run/reboot-required exists")


def test_rpm_compares_with_its_own_kernels() -> None:
    files = {"/proc/version": "Linux version 6.8.5-301.fc40.x86_64 (x)"}
    both = "6.8.5-301.fc40.x86_64\n6.11.4-300.fc40.x86_64\n"
    host = FakeHost(commands={" ".join(RPM): both}, files=files)
    assert restart_required(host, "dnf")[0] is True
    only = FakeHost(commands={" ".join(RPM): both.splitlines()[0]}, files=files)
    assert restart_required(only, "dnf")[0] is False
    other = FakeHost(commands={" ".join(RPM): ""}, files=files)
    with pytest.raises(NoData):
        restart_required(other, "dnf")


@pytest.mark.parametrize(("status", "needed"), [(0, False), (102, True)])
def test_suse_asks_zypper(status: int, needed: bool) -> None:
    host = FakeHost(commands={"zypper needs-rebooting": Output("", "", status)})
    assert restart_required(host, "zypper")[0] is needed


def test_arch_looks_for_the_modules_of_the_running_kernel() -> None:
    running = {"/proc/version": "Linux version 6.11.9-arch1-1 (x)"}
    modules = "/usr/lib/modules/6.11.9-arch1-1"
    assert restart_required(FakeHost(files=running), "pacman")[0] is True
    owned = FakeHost(files={**running, f"{modules}/pkgbase": "linux"})
    assert restart_required(owned, "pacman")[0] is False
    with pytest.raises(NoData):
        restart_required(FakeHost(files={**running, f"{modules}/modules.dep": ""}), "pacman")


def test_an_unknown_family_is_no_answer() -> None:
    with pytest.raises(NoData):
        restart_required(FakeHost(), "")


def test_a_newer_kernel_of_another_kind_is_no_answer() -> None:
    kernels = {"6.8.0-40-generic": "1", "6.11.0-8-oem": "1"}
    with pytest.raises(Conflicting):
        newer_is_installed("6.8.0-40-generic", kernels)


def test_an_update_within_a_release_of_rhel_is_newer() -> None:
    kernels = {"5.14.0-503.el9.x86_64": "", "5.14.0-503.1.1.el9_5.x86_64": ""}
    assert newer_is_installed("5.14.0-503.el9.x86_64", kernels)[0] is True
    assert newer_is_installed("5.14.0-503.1.1.el9_5.x86_64", kernels)[0] is False
