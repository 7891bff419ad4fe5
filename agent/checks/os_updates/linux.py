"""os_updates on Linux: the package manager of this distribution, never the first one found.

Several package managers may be installed as programs; os-release says whose system it is. Where
there is no os-release, the first that answers is believed.
"""

from collections.abc import Callable

from agent.checks.os_updates import apt, bootc, dnf, dnf5, nixos, pacman, rpm_ostree, zypper
from agent.checks.os_updates.answer import Answer
from agent.checks.os_updates.kernel import restart_required
from agent.checks.os_updates.release import os_release, support_ends
from agent.host import (
    CannotTell,
    FileMissing,
    Host,
    NoData,
    NotRecorded,
    ToolMissing,
)
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import OsUpdates

Ask = Callable[[Host], Answer]

FAMILIES = {
    "apt": ("debian", "ubuntu"),
    "dnf": ("fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn"),
    "zypper": ("suse", "opensuse", "sles", "sled", "opensuse-leap", "opensuse-tumbleweed"),
    "pacman": ("arch", "archlinux"),
    "nix": ("nixos",),
}
IMAGES: tuple[Ask, ...] = (rpm_ostree.ask, bootc.ask)
OSTREE = "/run/ostree-booted"


def observe(host: Host) -> Seen:
    fields = os_release(host)
    family = family_of(fields)
    answer, trouble = _answer(host, family, known=bool(fields))
    seen = Seen(OsUpdates())
    if answer is not None:
        _fill(seen, answer)
    elif trouble is not None:
        seen.missing("pending", trouble)
        seen.missing("pending_security", trouble)
    _add_support(host, seen)
    _add_restart(host, seen, answer, family)
    if trouble is not None and not seen.value.ListFields():
        raise trouble
    return seen


def family_of(fields: dict[str, str]) -> str:
    """The package manager of the distribution that os-release describes; "" when not known.

    >>> family_of({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"})
    'apt'
    """
    names = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
    for name in names:
        for family, members in FAMILIES.items():
            if name in members:
                return family
    return ""


def _answer(host: Host, family: str, known: bool) -> tuple[Answer | None, CannotTell | None]:
    """The answer, or why there is none."""
    trouble: CannotTell = NoData("this distribution's package manager is not known")
    if known and not family:
        return None, trouble
    for ask in _in_question(host, family):
        try:
            return ask(host), None
        except (ToolMissing, NotRecorded) as missing:
            trouble = missing
        except CannotTell as failed:
            return None, failed
    return None, trouble


def _in_question(host: Host, family: str) -> tuple[Ask, ...]:
    managers: dict[str, tuple[Ask, ...]] = {
        "apt": (apt.ask,),
        "dnf": (dnf5.ask, dnf.ask, _yum),
        "zypper": (zypper.ask,),
        "pacman": (pacman.ask,),
        "nix": (nixos.ask,),
    }
    wanted = [family] if family else list(managers)
    asks = tuple(ask for name in wanted for ask in managers[name])
    return asks if _not_an_image(host) else IMAGES + asks


def _yum(host: Host) -> Answer:
    return dnf.ask(host, "yum")


def _not_an_image(host: Host) -> bool:
    """Only a system that was booted from an ostree image has this file."""
    try:
        host.head(OSTREE, 1)
    except FileMissing:
        return True
    except NotRecorded:
        return False
    return False


def _fill(seen: Seen, answer: Answer) -> None:
    value = seen.value
    assert isinstance(value, OsUpdates)
    value.source = answer.source
    value.updates.extend(answer.updates)
    if answer.pending is not None:
        value.pending = answer.pending
    if answer.pending_security is not None:
        value.pending_security = answer.pending_security
    if answer.index_at is not None:
        value.index_at.FromDatetime(answer.index_at)
    for source, said in answer.evidence:
        seen.because(source, said)
    for name, trouble in answer.gaps:
        seen.missing(name, trouble)
    if answer.index_at is None and "index_at" not in dict(answer.gaps):
        seen.missing("index_at", NoData("there is no index of packages that could be dated"))


def _add_support(host: Host, seen: Seen) -> None:
    assert isinstance(seen.value, OsUpdates)
    try:
        end, extended = support_ends(host)
    except CannotTell as trouble:
        seen.missing("support_ends_on", trouble)
        return
    seen.value.support_ends_on = end
    if extended is not None:
        seen.value.extended_support_ends_on = extended
    seen.because("os-release, distro-info", f"support ends on {end}")


def _add_restart(host: Host, seen: Seen, answer: Answer | None, family: str) -> None:
    assert isinstance(seen.value, OsUpdates)
    if answer is not None and answer.restart_required is not None:
        seen.value.restart_required = answer.restart_required
        return
    if answer is not None and "restart_required" in dict(answer.gaps):
        return
    try:
        needed, said = restart_required(host, family or (answer.source if answer else ""))
    except CannotTell as trouble:
        seen.missing("restart_required", trouble)
        return
    seen.value.restart_required = needed
    seen.because("running and installed kernels", said)
