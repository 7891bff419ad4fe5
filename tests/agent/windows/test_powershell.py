"""One PowerShell process answers every question, and silence is never an answer."""

import json
import re
import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest

from agent.host import (
    CannotTell,
    Denied,
    Output,
    Sandboxed,
    TimedOut,
    ToolFailed,
    ToolMissing,
    Unparsable,
)
from agent.windows import failures, powershell, programs
from agent.windows.questions import QUESTIONS

PROGRAM = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
VOLUME = "Win32_Volume"
LAST = "Microsoft.Update.Searcher"


def line(question: str, **said: Any) -> str:
    return json.dumps({"question": question, **said}, ensure_ascii=False) + "\n"


def met(answers: powershell.Answers, question: str) -> CannotTell:
    with pytest.raises(CannotTell) as trouble:
        answers.rows(question)
    return trouble.value


def of_run(outcome: Output | CannotTell) -> powershell.Answers:
    def run(argv: tuple[str, ...], time_limit: float) -> Output:
        if isinstance(outcome, CannotTell):
            raise outcome
        return outcome

    return powershell.ask(run, PROGRAM)


def test_the_script_fits_the_command_line_of_windows() -> None:
    assert len(subprocess.list2cmdline(powershell.command(PROGRAM))) < 32_000


def test_the_script_is_plain_ascii_so_that_no_code_page_can_change_it() -> None:
    assert files("agent.windows").joinpath("questions.ps1").read_bytes().isascii()


def test_the_script_is_started_without_profile_or_prompt() -> None:
    command = powershell.command(PROGRAM)
    assert command[0] == PROGRAM
    for switch in ("-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand"):
        assert switch in command


def test_the_script_asks_every_question_for_every_property_and_for_no_other_class() -> None:
    script = powershell.script()
    for question, properties in QUESTIONS.items():
        part = script if question.startswith("Microsoft.") else about(script, question)
        assert question in script
        assert [p for p in properties if not re.search(rf"\b{p}\b", part)] == [], question
    asked = set(re.findall(r"'((?:Win32|MSFT)_\w+|\w+Product)'", script))
    assert asked == {q for q in QUESTIONS if not q.startswith("Microsoft.")}


def about(script: str, question: str) -> str:
    if question == "Win32_EncryptableVolume":
        return script
    lines = script.splitlines()
    at = next(number for number, text in enumerate(lines) if f"'{question}'" in text)
    return "\n".join(lines[at : at + 4])


def test_the_script_changes_nothing() -> None:
    assert not re.findall(
        r"\b(?:Set|Remove|Start|Stop|Enable|Disable|Add|Install|Restart)-\w+", powershell.script()
    )


def test_an_answer_that_came_before_the_time_was_up_stays() -> None:
    printed = line(VOLUME, rows=[{"DriveLetter": "C:"}]) + '{"question":"Win32_BIOS","ro'
    answers = of_run(TimedOut("slow", so_far=printed))
    assert answers.rows(VOLUME) == ({"DriveLetter": "C:"},)
    assert isinstance(met(answers, LAST), TimedOut)


def test_a_question_after_the_last_line_is_not_answered_by_silence() -> None:
    answers = of_run(Output(line(VOLUME, rows=[]), "", 0))
    assert answers.rows(VOLUME) == ()
    assert "before it answered" in str(met(answers, LAST))


def test_no_output_with_exit_status_0_is_no_answer_to_any_question() -> None:
    answers = of_run(Output("", "", 0))
    assert all(isinstance(met(answers, question), ToolFailed) for question in QUESTIONS)


def test_a_refused_start_is_the_trouble_of_every_question() -> None:
    answers = of_run(Denied("powershell may not be run by this account"))
    assert all(isinstance(met(answers, question), Denied) for question in QUESTIONS)


def test_an_array_of_one_that_lost_its_brackets_is_one_row() -> None:
    assert powershell.answers(line(VOLUME, rows={"DriveLetter": "C:"}), ToolFailed()).rows(
        VOLUME
    ) == ({"DriveLetter": "C:"},)


def test_an_array_in_the_wrapper_of_powershell_5_is_an_array() -> None:
    wrapped = {"value": [{"ChassisTypes": {"value": [10], "Count": 1}}], "Count": 1}
    printed = line("Win32_SystemEnclosure", rows=wrapped)
    rows = powershell.answers(printed, ToolFailed()).rows("Win32_SystemEnclosure")
    assert rows == ({"ChassisTypes": [10]},)


def test_null_is_no_row() -> None:
    assert powershell.answers(line(VOLUME, rows=None), ToolFailed()).rows(VOLUME) == ()


def test_output_in_another_code_page_is_unparsable_and_not_another_name() -> None:
    printed = line("AntiVirusProduct", rows=[{"displayName": "Sécurité"}]).encode("cp850")
    answers = powershell.answers(powershell.decoded(printed), ToolFailed())
    assert isinstance(met(answers, "AntiVirusProduct"), Unparsable)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_utf_16_with_their_marks_are_read(coding: str) -> None:
    printed = line("AntiVirusProduct", rows=[{"displayName": "火绒安全软件"}]).encode(coding)
    answers = powershell.answers(powershell.decoded(printed), ToolFailed())
    assert answers.rows("AntiVirusProduct")[0]["displayName"] == "火绒安全软件"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0x8004100e", ToolMissing),
        ("0x80041010", ToolMissing),
        ("0x80041003", Denied),
        ("0x80070005", Denied),
        ("0x80041032", TimedOut),
        ("0x80041069", TimedOut),
        ("0x8024401C", ToolFailed),
        ("0x80244022", ToolFailed),
        ("0x800106BA", ToolFailed),
    ],
)
def test_a_code_of_windows_is_the_trouble_it_stands_for(code: str, kind: type[CannotTell]) -> None:
    error = {"id": f"HRESULT {code},Microsoft.GetCimInstance", "hresult": "0x80131500"}
    trouble = met(powershell.answers(line(VOLUME, error=error), ToolFailed()), VOLUME)
    assert type(trouble) is kind
    assert code[2:].upper() in str(trouble)


def test_constrained_language_mode_is_a_confinement_and_says_so() -> None:
    error = {"id": "ConstrainedLanguage", "hresult": "", "message": "no COM objects"}
    trouble = met(powershell.answers(line(LAST, error=error), ToolFailed()), LAST)
    assert isinstance(trouble, Sandboxed)
    assert "constrained language mode" in str(trouble)


def test_a_missing_cmdlet_is_a_missing_tool() -> None:
    trouble = failures.of_error("MSFT_NetFirewallProfile", "CommandNotFoundException", "")
    assert isinstance(trouble, ToolMissing)


def test_a_localized_message_is_not_what_decides() -> None:
    error = {"id": "Anderes", "hresult": "0x80070005", "message": "Zugriff verweigert"}
    assert isinstance(failures.of_error(VOLUME, error["id"], error["hresult"]), Denied)


def test_a_line_that_names_no_question_of_ours_answers_nothing() -> None:
    answers = powershell.answers('{"question": "Win32_Account", "rows": []}\nnoise\n', Denied("x"))
    assert set(answers.by_question) == set(QUESTIONS)


@pytest.mark.parametrize("said", ['{"rows": 5}', '{"rows": ["C:"]}', "{}", '{"error": 7}'])
def test_rows_of_no_known_form_are_not_read_as_none(said: str) -> None:
    printed = json.dumps({"question": VOLUME, **json.loads(said)})
    met(powershell.answers(printed, ToolFailed()), VOLUME)


def test_tools_are_looked_for_in_the_systems_folders_only() -> None:
    folders = programs.folders(r"C:\Windows", wow64=False)
    assert programs.paths("manage-bde", folders)[0] == r"C:\Windows\System32\manage-bde.exe"
    assert PROGRAM in programs.paths("powershell", folders)
    assert all(path.startswith("C:\\Windows\\") for path in programs.paths("x", folders))


def test_a_32_bit_agent_sees_the_64_bit_tools() -> None:
    folders = programs.folders(r"C:\Windows", wow64=True)
    assert r"C:\Windows\Sysnative\manage-bde.exe" in programs.paths("manage-bde.exe", folders)


def test_a_tools_environment_names_no_folder_of_a_person() -> None:
    environment = programs.environment(r"D:\Windows")
    assert environment["SystemDrive"] == "D:"
    assert not {"USERPROFILE", "APPDATA", "HOME"} & environment.keys()
    assert all(path.startswith("D:\\Windows") for path in environment["PATH"].split(";"))


def test_a_console_tool_is_read_in_the_consoles_code_page() -> None:
    assert programs.printed("Datenträger".encode("cp850"), "cp850") == "Datenträger"
    assert programs.printed("Größe".encode("utf-16"), "cp850") == "Größe"
    assert programs.printed("Größe".encode(), "cp850") == "Größe"


@pytest.mark.skipif(sys.platform != "win32", reason="asks this machine's PowerShell")
def test_powershell_answers_the_whole_script() -> None:
    from agent.machine import Machine

    machine = Machine()
    assert machine.cim("Win32_OperatingSystem")[0]["BuildNumber"]
    assert machine._cim is not None
    silent = [
        question
        for question, answer in machine._cim.by_question.items()
        if isinstance(answer, CannotTell) and "before it answered" in str(answer)
    ]
    assert silent == []
