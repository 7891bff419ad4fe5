"""NixOS: it keeps no list of what is pending; the system that was booted tells of a restart.

/run/booted-system and /run/current-system lead to the system that was started and to the one
switched to since; a change of kernel, modules or initrd takes effect at the next start (NixOS
manual, "Changing the configuration"; system.autoUpgrade.allowReboot compares the same three).
"""

from agent.checks.os_updates.answer import Answer
from agent.host import CannotTell, Host, NoData, ToolMissing

BOOTED, CURRENT = "/run/booted-system", "/run/current-system"
PARTS = ("initrd", "kernel", "kernel-modules")


def ask(host: Host) -> Answer:
    """Raises ToolMissing where this is no NixOS."""
    try:
        host.link(CURRENT)
    except CannotTell as trouble:
        raise ToolMissing(f"{CURRENT} does not exist") from trouble
    answer = Answer("nixos")
    answer.nothing_about_updates(NoData("NixOS keeps no list of pending updates"))
    try:
        changed = [part for part in PARTS if _of(host, BOOTED, part) != _of(host, CURRENT, part)]
    except CannotTell as trouble:
        answer.missing("restart_required", trouble)
        return answer
    answer.restart_required = bool(changed)
    answer.because(
        f"{BOOTED}, {CURRENT}", f"differ in {', '.join(changed)}" if changed else "equal"
    )
    return answer


def _of(host: Host, system: str, part: str) -> str:
    return host.link(f"{system}/{part}")
