r"""Whether Windows waits for a restart: two keys that are there until it, and Windows Update.

A key's existence is the sign; both vanish with the restart. PendingFileRenameOperations alone is
none: antivirus, browsers and printer drivers fill it all the time.
"""

from agent.host import CannotTell, FileMissing, Host, NoData
from agent.observation import Seen
from agent.windows.rows import flag

VERSION = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
SIGNS = (
    (rf"{VERSION}\Component Based Servicing", "RebootPending"),
    (rf"{VERSION}\WindowsUpdate\Auto Update", "RebootRequired"),
)
"""The key above, and the key that is there until the restart."""
QUESTION = "Microsoft.Update.AutoUpdate"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"


def restart_required(host: Host, seen: Seen) -> bool:
    """Yes by any sign; no only when the servicing key was read. Adds evidence; raises CannotTell.

    The key of Windows Update may be missing as a whole where nothing was ever installed by it.
    """
    answers: list[bool] = []
    trouble: CannotTell | None = None
    for ask in (_servicing, _windows_update, _own_word):
        try:
            answers.append(ask(host))
        except CannotTell as why:
            trouble = trouble or why
    if _files_wait(host):
        seen.because("PendingFileRenameOperations", "files wait to be renamed, which is no sign")
    if True not in answers and trouble is not None:
        raise trouble
    seen.because("RebootPending, RebootRequired", "there" if True in answers else "not there")
    return True in answers


def _servicing(host: Host) -> bool:
    above, name = SIGNS[0]
    try:
        return _has(host, above, name)
    except FileMissing as missing:
        raise NoData(f"{above} is not there") from missing


def _windows_update(host: Host) -> bool:
    try:
        return _has(host, *SIGNS[1])
    except FileMissing:
        return False


def _has(host: Host, above: str, name: str) -> bool:
    return name.lower() in (key.lower() for key in host.subkeys(above))


def _own_word(host: Host) -> bool:
    """Not needed for a no: a policy may keep COM from answering."""
    try:
        return any(flag(row, "RebootRequired") for row in host.cim(QUESTION))
    except CannotTell:
        return False


def _files_wait(host: Host) -> bool:
    try:
        return bool(host.registry(SESSION_MANAGER, "PendingFileRenameOperations"))
    except CannotTell:
        return False
