"""What the loose files of a Windows machine answer: rows, registry values, output of text tools.

A file that holds only a complaint answers with that trouble. A cmdlet that is missing says nothing
of the class behind it: that class was not asked.
"""

import re
from collections.abc import Callable

from agent.host import CannotTell, Denied, NotRecorded, Output, Row, Unparsable
from agent.recordings import windows_machine, windows_registry, windows_rows
from agent.recordings.loose import Answer, Answers, Loose
from agent.recordings.windows_classes import (
    SECTIONS,
    class_in,
    in_numbers,
    of_bitlocker,
    of_osquery,
    of_service,
)
from agent.windows import failures
from agent.windows.questions import QUESTIONS

ENCRYPTABLE = "Win32_EncryptableVolume"
FIREWALL = "MSFT_NetFirewallProfile"
FROM_CMDLET: dict[str, tuple[str, Callable[[Row], Row]]] = {
    "Get-BitLockerVolume": (ENCRYPTABLE, of_bitlocker),
    "bitlocker_info": (ENCRYPTABLE, of_osquery),
    "Get-Service": ("Win32_Service", of_service),
}
DENIED = re.compile(
    r"access(?: is)? denied|PermissionDenied|Zugriff verweigert|Accès refusé", re.IGNORECASE
)
NO_COMMAND = re.compile(
    r"is not recognized as|CommandNotFound|ObjectNotFound: \(Get-", re.IGNORECASE
)

UNASKED = re.compile(r"(?:Get|Test|Confirm)-|.*(?:Win32|MSFT)_|wmic|reg_|osquery_", re.IGNORECASE)

TOOLS = (
    (r"manage-bde_status(?:_all)?", "manage-bde -status"),
    (r"manage-bde_status_([a-z])", "manage-bde -status {0}:"),
    (r"manage-bde_protectors_get_([a-z])", "manage-bde -protectors -get {0}:"),
    (r"netsh_advfirewall_show_(\w+)", "netsh advfirewall show {0}"),
    (r"net_accounts", "net accounts"),
    (r"net_localgroup_(\w+)", "net localgroup {0}"),
    (r"systeminfo", "systeminfo"),
    (r"tasklist_svc", "tasklist /svc"),
    (r"sc_query_(\w+)", "sc query {0}"),
    (r"sc_query", "sc query"),
    (r"dsregcmd_status", "dsregcmd /status"),
    (r"powercfg_q", "powercfg /q"),
    (r"qwinsta", "qwinsta"),
    (r"query_user", "query user"),
    (r"ver", "ver"),
)
"""Text tools by file name, dashes and slashes before options left out."""


def registry(loose: Loose, answers: Answers) -> bool:
    """Exports, queries and security policies."""
    readers = (
        windows_registry.export,
        windows_registry.query,
        windows_registry.security_policy,
    )
    return any(reader(loose, answers.registry) for reader in readers)


def tool(loose: Loose, answers: Answers) -> bool:
    """The output of a text tool, and the services that some of them tell of in numbers."""
    name = re.sub(r"\.exe|(?<=_)[-/]", "", loose.name.lower())
    for pattern, line in TOOLS:
        if (found := re.fullmatch(pattern, name)) is not None:
            command = line.format(
                *(part.upper() if len(part) == 1 else part for part in found.groups())
            )
            answers.commands[command] = _printed(loose, command)
            windows_machine.from_tool(loose, answers)
            return True
    return False


def _printed(loose: Loose, command: str) -> Answer:
    if loose.content is None and DENIED.search(loose.errors):
        return Denied(f"{command}: recorded as denied")
    return Output(loose.text, loose.errors, loose.status or 0)


def classes(loose: Loose, answers: Answers) -> bool:
    """Rows of one class, by the name of the class or of the cmdlet that shows it."""
    held = class_in(loose.name)
    if held is None:
        return False
    active = "activestore" in loose.name.lower() or held != "Get-NetFirewallProfile"
    question = FROM_CMDLET[held][0] if held in FROM_CMDLET else held
    question = FIREWALL if held == "Get-NetFirewallProfile" else question
    trouble = complaint(question, loose)
    if trouble is not None:
        if question in QUESTIONS:
            answers.rows.setdefault(question, trouble)
        return True
    try:
        rows = rows_of(loose)
    except Unparsable as error:
        if question in QUESTIONS:
            answers.rows.setdefault(question, error)
        return True
    if held == "Get-ComputerInfo":
        windows_machine.computer_info(rows, answers)
    elif not active:
        windows_machine.local_firewall(rows, answers)
    else:
        convert = FROM_CMDLET[held][1] if held in FROM_CMDLET else None
        put(answers, question, [convert(row) if convert else row for row in rows])
    return True


def rows_of(loose: Loose) -> list[Row]:
    """An empty list of JSON is an answer, a file without a word is none. Raises Unparsable."""
    text = loose.text
    if loose.kind == "json" or windows_rows.looks_like_json(text):
        return windows_rows.objects(windows_rows.from_json(text))
    found = windows_rows.blocks(text)
    if not found:
        raise Unparsable(f"{loose.name} shows no property in a form that is known")
    return found


def put(answers: Answers, question: str, rows: list[Row]) -> None:
    """Of two files about one class the one that shows more of it counts."""
    held = answers.rows.get(question)
    new = [in_numbers(question, row) for row in rows]
    if not isinstance(held, list) or _shown(new) > _shown(held):
        answers.rows[question] = new


def _shown(rows: list[Row]) -> int:
    return sum(len(row) for row in rows)


def complaint(question: str, loose: Loose) -> CannotTell | None:
    """The trouble a file states in place of rows; None when it has rows."""
    words = loose.errors if loose.content is None else f"{loose.errors}\n{loose.text}"
    stated = loose.content is None or "FullyQualifiedErrorId" in words or "HRESULT" in words
    if not stated or (loose.content is not None and windows_rows.looks_like_json(loose.text)):
        return None
    if NO_COMMAND.search(words):
        return NotRecorded(f"{question}: {loose.name} is no command there, and that is all we know")
    if DENIED.search(words):
        return Denied(f"{question}: recorded as denied")
    told = failures.of_words(question, words)
    return told or NotRecorded(f"{question}: {loose.name} holds a complaint and no answer")


def sections(loose: Loose, answers: Answers) -> bool:
    """One JSON object with a class in each of its parts."""
    if not windows_rows.looks_like_json(loose.text):
        return False
    try:
        value = windows_rows.from_json(loose.text)
    except Unparsable:
        return False
    if not isinstance(value, dict):
        return False
    known = False
    for name, part in value.items():
        question = SECTIONS.get(name.lower()) or class_in(name)
        if question in QUESTIONS and isinstance(part, dict | list):
            rows = windows_rows.objects(part)
            answers.rows.setdefault(question, [in_numbers(question, row) for row in rows])
            known = True
    return windows_machine.probes(value, answers) or known


def version(loose: Loose, answers: Answers) -> bool:
    """``ver``: the build and its revision, in every language."""
    found = re.search(r"\[[^\]]*?(\d+\.\d+)\.(\d+)(?:\.(\d+))?\]", loose.text)
    if loose.name.lower() != "ver" or found is None:
        return False
    key = windows_machine.CURRENT_VERSION
    answers.registry.put(key, "CurrentBuildNumber", found[2])
    if found[3]:
        answers.registry.put(key, "UBR", int(found[3]))
    return True


def unasked(loose: Loose, answers: Answers) -> bool:
    """What we can tell the source of and have no question for."""
    del answers
    return loose.kind in ("wmi", "reg") or UNASKED.match(loose.name) is not None


READERS: tuple[Callable[[Loose, Answers], bool], ...] = (
    registry,
    version,
    tool,
    classes,
    sections,
    unasked,
)
