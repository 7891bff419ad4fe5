"""Is a restart needed? Told by the running kernel against the installed ones, never guessed.

A running kernel that no package owns is unknown. The files that say "restart me" only ever prove
that a restart is needed: on plain Debian nothing writes them.
"""

import re

from agent.host import (
    Conflicting,
    FileMissing,
    Host,
    NoData,
    NotRecorded,
    Unparsable,
    read_text,
)

MARKS = ("/run/reboot-required", "/run/reboot-needed")
DPKG = ("dpkg-query", "-W", "-f", "${Package}|${Version}|${db:Status-Abbrev}\\n", "linux-image*")
RPM_NAMES = ("kernel", "kernel-core", "kernel-uek", "kernel-uek-core", "kernel-longterm-core")
RPM = ("rpm", "-qa", "--qf", "%{VERSION}-%{RELEASE}.%{ARCH}\\n", *RPM_NAMES)
IMAGE = re.compile(r"linux-image-(?:unsigned-)?([0-9].*?)(?:-unsigned)?")
FLAVOUR = re.compile(r"(.*[0-9])[-+.]([a-z][a-z0-9_-]*)")
DISTRIBUTION = re.compile(r"\.(?:el|fc|amzn)[0-9]")
"""Where the tag of an RPM distribution begins: "503.el9" is older than "503.11.1.el9_5"."""
RESTART_NEEDED = 102


def restart_required(host: Host, family: str) -> tuple[bool, str]:
    """Whether a restart is needed, and what said so. `family` is "apt", "dnf", "zypper", "pacman".

    Raises NoData when nothing that was seen decides it, or what the sources raise.
    """
    for mark in MARKS:
        if _is_there(host, mark):
            return True, f"{mark} exists"
    match family:
        case "apt":
            return _debian(host)
        case "dnf":
            return _rpm(host)
        case "zypper":
            return _suse(host)
        case "pacman":
            return _arch(host)
    raise NoData("which packages hold the kernels of this system is not known")


def _is_there(host: Host, path: str) -> bool:
    try:
        host.head(path, 1)
    except (FileMissing, NotRecorded):
        return False
    return True


def running_kernel(host: Host) -> tuple[str, str]:
    """Its release, and the whole of /proc/version, which names Debian's package version."""
    text = read_text(host, "/proc/version")
    found = re.match(r"Linux version (\S+) ", text)
    if found is None:
        raise Unparsable("/proc/version does not begin with a kernel release")
    return found[1], text


def _debian(host: Host) -> tuple[bool, str]:
    release, version = running_kernel(host)
    images = parse_images(host.run(*DPKG, ok=(0, 1)).text)
    if release not in images:
        raise NoData(f"the running kernel {release} belongs to no installed package")
    built = re.search(r" Debian (\S+) \(", version)
    if built and built[1] != images[release]:
        return True, f"the package of {release} was rebuilt after it was started"
    return newer_is_installed(release, images)


def parse_images(text: str) -> dict[str, str]:
    """Installed kernels by release, with the version of their package, from dpkg-query."""
    images: dict[str, str] = {}
    for line in text.splitlines():
        parts = line.split("|")
        if len(parts) != 3:
            raise Unparsable(f"dpkg-query printed {line!r}")
        image = IMAGE.fullmatch(parts[0])
        if image and parts[2].strip() == "ii":
            images[image[1]] = parts[1]
    return images


def _rpm(host: Host) -> tuple[bool, str]:
    release, _ = running_kernel(host)
    installed = {line.strip() for line in host.run(*RPM).text.splitlines() if line.strip()}
    if release not in installed:
        raise NoData(f"the running kernel {release} belongs to no installed package")
    return newer_is_installed(release, dict.fromkeys(installed, ""))


def _suse(host: Host) -> tuple[bool, str]:
    """SUSE's kernel releases lack the package's rebuild number, so zypper is asked."""
    status = host.run("zypper", "needs-rebooting", ok=(0, RESTART_NEEDED)).exit_status
    needed = status == RESTART_NEEDED
    return needed, f"zypper needs-rebooting says {'yes' if needed else 'no'}"


def _arch(host: Host) -> tuple[bool, str]:
    """An upgrade of Arch's kernel removes the modules of the one that runs."""
    release, _ = running_kernel(host)
    try:
        names = host.list(f"/usr/lib/modules/{release}")
    except FileMissing:
        return True, f"the modules of the running kernel {release} are no longer installed"
    if "pkgbase" not in names:
        raise NoData(f"the running kernel {release} belongs to no installed package")
    return False, f"the running kernel {release} is the installed one"


def newer_is_installed(release: str, installed: dict[str, str]) -> tuple[bool, str]:
    """Compare with the kernels of the same flavour; a newer one of another flavour is no answer."""
    number, flavour = split_release(release)
    for other in sorted(installed):
        other_number, other_flavour = split_release(other)
        if other == release or other_number < number:
            continue
        if other_flavour != flavour:
            raise Conflicting(f"{release} runs, and {other} of another kind is installed")
        if other_number == number:
            raise Conflicting(f"whether {other} is newer than {release} cannot be told")
        return True, f"{other} is installed and {release} runs"
    return False, f"the running kernel {release} is the newest installed"


def split_release(release: str) -> tuple[tuple[int, ...], str]:
    """The numbers of a kernel release, and its flavour or architecture.

    >>> split_release("6.12.107+deb13-amd64")
    ((6, 12, 107, 13), 'amd64')
    >>> split_release("6.8.5-301.fc40.x86_64")
    ((6, 8, 5, 301), 'x86_64')
    """
    found = FLAVOUR.fullmatch(release)
    number, flavour = (found[1], found[2]) if found else (release, "")
    number = DISTRIBUTION.split(number)[0]
    return tuple(int(digits) for digits in re.findall(r"[0-9]+", number)), flavour
