"""A container is believed when the kernel agrees; a mark alone excuses no laptop."""

import pytest

from agent.virtualization import FIRST_PROCESSES, container, machine
from tests.fakes import FakeHost

DISK = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
OVERLAY = "600 500 0:55 / / rw,relatime - overlay overlay rw,lowerdir=/x\n"
TOLD = {"systemd-detect-virt": "docker\n", "systemd-detect-virt -v": "kvm\n"}


def box(pid: str, mounts: str) -> FakeHost:
    files = {"/.dockerenv": "", "/proc/self/mountinfo": mounts}
    return FakeHost(TOLD, files, {"/proc/self/ns/pid": pid})


def test_a_mark_on_a_machine_of_its_own_makes_no_container() -> None:
    host = box(FIRST_PROCESSES, DISK)
    assert container(host) is None
    assert machine(host) == "kvm"


@pytest.mark.parametrize(
    "host", [box("pid:[4026532262]", DISK), box(FIRST_PROCESSES, OVERLAY), box("?", "")]
)
def test_a_mark_with_the_kernels_word_is_a_container(host: FakeHost) -> None:
    assert container(host) == "docker"


def test_where_the_kernel_cannot_be_asked_the_mark_stands() -> None:
    assert container(FakeHost(files={"/.dockerenv": ""})) == "docker"


def test_wsl_is_told_by_its_kernel_and_needs_no_namespace() -> None:
    files = {"/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n"}
    links = {"/proc/self/ns/pid": FIRST_PROCESSES}
    assert container(FakeHost(files={**files, "/proc/self/mountinfo": DISK}, links=links)) == "wsl"


def test_a_machine_without_marks_is_no_container() -> None:
    assert container(FakeHost({"systemd-detect-virt": "none\n"})) is None
