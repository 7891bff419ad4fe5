"""What the loose files of a Mac answer: output by command line, property lists by their names.

A file is named after its command with ``_`` for every space (``csrutil_status.txt``). Where one
command's output holds the answer to another question of ours, it answers that as well.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from agent.host import CannotTell, Output
from agent.macos import plists
from agent.recordings import macos_defaults, macos_lines
from agent.recordings.loose import Answers, Loose
from agent.recordings.macos_paths import by_host, path_of

PROFILES = ("SPHardwareDataType", "SPSoftwareDataType", "SPFirewallDataType")
"""What a listing of everything holds of what we ask for."""

LAUNCH_DAEMONS = "/Library/LaunchDaemons"
XPROTECT_IN_USE = re.compile(r"Using meta-plist from: (/\S+/XProtect\.meta\.plist)")
RESPONSE = re.compile(r"^\| \((?P<extra>[a-z])\) +\| (?P<version>[\d.]+) +\|", re.MULTILINE)
PRODUCTS = (
    (re.compile(r"defender-[\d.]+"), "mdatp health --output json"),
    (re.compile(r"sentinelone-[\w-]*[\d.]+-(status|version)"), "sentinelctl {0}"),
    (re.compile(r"cortex-[\w-]*[\d.]+-(info|info-query|runtime-query)"), "cytool {0}"),
    (re.compile(r"crowdstrike-[\w-]*[\d.]+(?:-stats)?"), "falconctl stats agent_info"),
)
"""Sets of files that are named after a product and its version."""

XML = b'<?xml version="1.0" encoding="UTF-8"?>'
PLIST_FLAG = {"diskutil": "-plist", "ioreg": "-a"}
"""What makes the tool print a property list."""


def property_list(loose: Loose, answers: Answers) -> bool:
    """A file of preferences or a bundle, known by its name."""
    if not _is_plist(loose):
        return False
    loose = replace(loose, content=_plain(loose))
    if (domain := by_host(loose.name)) is not None:
        macos_defaults.of_this_host(domain, loose, answers)
        return True
    if (path := path_of(loose.name)) is not None:
        answers.files.setdefault(path, loose.content or b"")
        return True
    return False


def _plain(loose: Loose) -> bytes:
    """Binary as it is; XML in UTF-8, which it then says of itself."""
    if (loose.content or b"").startswith(b"bplist00"):
        return loose.content or b""
    return XML + re.sub(r"^\s*<\?xml[^>]*\?>", "", loose.text).encode()


def _is_plist(loose: Loose) -> bool:
    if (loose.content or b"").startswith(b"bplist00"):
        return True
    return loose.text.lstrip().startswith(("<?xml", "<!DOCTYPE plist", "<plist"))


def transcript(loose: Loose, answers: Answers) -> bool:
    """Several commands in one file, each behind a "$ "."""
    if not loose.text.startswith("$ "):
        return False
    for block in re.split(r"^\$ ", loose.text, flags=re.MULTILINE)[1:]:
        line, _, printed = block.partition("\n")
        answers.commands.setdefault(_line(line), Output(printed, "", 0))
    return True


def product(loose: Loose, answers: Answers) -> bool:
    """One of a product's own set of files."""
    for pattern, line in PRODUCTS:
        if (found := pattern.fullmatch(loose.name)) is not None:
            words = (group.replace("-", " ") for group in found.groups())
            answers.commands[line.format(*words)] = loose.output
            return True
    return False


def system_profiler(loose: Loose, answers: Answers) -> bool:
    """Of one kind, of several, or of everything; as JSON or as text."""
    if (kind := macos_lines.kind_of(loose.name)) is not None:
        form, output = _profile_form(loose)
        answers.commands[f"system_profiler {form}{kind}"] = output
        return True
    words = loose.name.split("_")
    if words[:2] != ["system", "profiler"]:
        return False
    kinds = [word for word in words if re.fullmatch(r"SP\w+DataType", word)]
    if "managed" in words and "preferences" in words:
        kinds = ["SPManagedClientDataType"]
    if not kinds and len(words) > 2 and "-detailLevel" not in words:
        return False
    form = "-json " if loose.text.lstrip().startswith("{") else ""
    for kind in kinds or PROFILES:
        line = f"system_profiler {form}{kind}"
        if len(kinds) == 1:
            answers.commands[line] = loose.output
        else:
            answers.commands.setdefault(line, loose.output)
    return True


def _profile_form(loose: Loose) -> tuple[str, Output]:
    """``-xml`` holds the items that ``-json`` holds, in a list of kinds."""
    if loose.text.lstrip().startswith("{"):
        return "-json ", loose.output
    if not _is_plist(loose):
        return "", loose.output
    try:
        told = plists.parse(_plain(loose), loose.name)
        items = {each["_dataType"]: each["_items"] for each in told}  # type: ignore[attr-defined]
        printed = json.dumps(items, default=str)
    except (CannotTell, TypeError, LookupError, AttributeError):
        return "-json ", loose.output
    return "-json ", replace(loose.output, text=printed)


def listing(loose: Loose, answers: Answers) -> bool:
    """What lies in the folder of launch daemons, and which rules XProtect has in use."""
    if re.fullmatch(r"ls(?:_-\w+)?_Library_LaunchDaemons", loose.name):
        for name in loose.text.split():
            answers.files.setdefault(f"{LAUNCH_DAEMONS}/{PurePosixPath(name).name}", b"")
        return True
    if loose.name.startswith("log_") and (found := XPROTECT_IN_USE.search(loose.text)):
        path = found[1] if found[1].startswith("/private/") else f"/private{found[1]}"
        answers.files.setdefault(path, b"")
        return True
    if loose.name.startswith("osquery") and (found := RESPONSE.search(loose.text)):
        said = f"ProductVersion: {found['version']}\nProductVersionExtra: ({found['extra']})\n"
        answers.commands.setdefault("sw_vers", Output(said, "", 0))
        return True
    return False


def command(loose: Loose, answers: Answers) -> bool:
    """A tool's output under its command line, and under those that it answers as well."""
    name = loose.name.replace("sw_vers", "sw-vers")
    line = _line(name.replace("_", " ")).replace("sw-vers", "sw_vers")
    line = macos_lines.line_of(line) or line
    program = line.split(" ")[0]
    if _is_plist(loose) and (option := PLIST_FLAG.get(program)) and option not in line.split(" "):
        line = f"{line} {option}"
    answers.commands[line] = loose.output
    for also in _also(line, loose):
        answers.commands.setdefault(also, loose.output)
    return True


def _line(words: str) -> str:
    """The program by its name, without the sudo before it."""
    line = words.strip().removeprefix("sudo ")
    program, _, rest = line.partition(" ")
    return f"{PurePosixPath(program).name} {rest}".strip()


def _also(line: str, loose: Loose) -> list[str]:
    words = line.split(" ")
    if words[0] == "socketfilterfw":
        return [f"socketfilterfw {word}" for word in words[1:]]
    if words[0] == "softwareupdate" and {"-l", "--list"} & set(words):
        return ["softwareupdate -l --no-scan"]
    if words[:2] == ["pmset", "-g"]:
        return ["pmset -g custom" if "AC Power:" in loose.text else "pmset -g"]
    if words[0] == "ioreg" and "IOPlatformExpertDevice" in words:
        ours = "ioreg -rd1 -c IOPlatformExpertDevice"
        return [f"{ours} -a" if _is_plist(loose) else ours]
    if words[:2] == ["mdatp", "health"] and loose.text.lstrip().startswith("{"):
        return ["mdatp health --output json"]
    if words[:2] == ["falconctl", "stats"]:
        return ["falconctl stats agent_info"]
    return []


def of_folder(name: str, answers: Answers) -> None:
    """A file of the firewall's state counts on some releases only; where no file tells which one
    it was, the folder's name does: macos-10.11-alf-on.
    """
    asked = any("com.apple.alf" in source for source in (*answers.files, *answers.commands))
    told = any(line.startswith("sw_vers") for line in answers.commands)
    found = re.match(r"macos-(\d+(?:\.\d+)*)", name)
    if asked and not told and found is not None:
        answers.commands["sw_vers"] = Output(f"ProductVersion: {found[1]}\n", "", 0)


READERS: tuple[Callable[[Loose, Answers], bool], ...] = (
    property_list,
    transcript,
    product,
    system_profiler,
    macos_defaults.read,
    listing,
    command,
)
