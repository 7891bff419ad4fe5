"""Makes the Windows Installer package of a bundle that was built on Windows.

    python build/agent/windows/make_msi.py BUNDLE VERSION OUT.msi

wixl (Debian: `apt-get install wixl msitools`) writes what it has words for; the tables that it has
none for (access list of the data folder, the enrollment string's file, custom actions) are added
by msibuild. Inside the installer nothing runs but `sc.exe`, `schtasks.exe` and, at removal,
`muster-agent.exe erase`. The enrollment string is only put into the private data folder: the first
run enrolls with it, and tries again while the collector is out of reach.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent
NAMES = uuid.UUID("1f2c8b0e-6f0d-4a44-a53e-0c3d6c8a7e55")
PROGRAM = "muster-agent.exe"
VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,5})")
PRIVATE = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
"""The system and the administrators; nothing from above. The owner is left as found: a folder that
somebody else made before the installation keeps its owner, and the agent refuses it for that."""

IN_SCRIPT, AS_SYSTEM, GO_ON = 0x400, 0x800, 0x40
OWN_EXE, SYSTEM_EXE, SET_PROPERTY = 18, 34, 51
A_VALUE, OF_64_BIT = 2, 16
SECURE = "ENROLLMENT;ENROLLMENTFILE;MODE;OTHERVERSION"
NEW = "NOT REMOVE"
GONE = 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE'
CONNECTED = 'NOT REMOVE AND MODE="connected"'
SCHEDULED = 'NOT REMOVE AND MODE<>"connected"'
SERVICE_PROGRAM, TASKS_PROGRAM = '"[System64Folder]sc.exe"', '"[System64Folder]schtasks.exe"'


class Failed(Exception):
    """One line for people."""


@dataclass(frozen=True)
class Act:
    """A custom action, when it comes in InstallExecuteSequence, and under which condition."""

    name: str
    kind: int
    source: str
    target: str
    at: int
    when: str


def _of_system(name: str, line: str, at: int, when: str, *, may_fail: bool = False) -> Act:
    kind = SYSTEM_EXE | IN_SCRIPT | AS_SYSTEM | (GO_ON if may_fail else 0)
    return Act(name, kind, "INSTALLDIR", line, at, when)


ACTS = (
    Act(
        "RememberMode", SET_PROPERTY, "MODE", "[REMEMBEREDMODE]", 60, "NOT MODE AND REMEMBEREDMODE"
    ),
    Act("UsualMode", SET_PROPERTY, "MODE", "scheduled", 61, 'MODE<>"connected"'),
    _of_system(
        "EndTask", f'{TASKS_PROGRAM} /End /TN "Muster\\Agent"', 1810, "Installed", may_fail=True
    ),
    _of_system(
        "RemoveTask", f'{TASKS_PROGRAM} /Delete /F /TN "Muster\\Agent"', 1811, GONE, may_fail=True
    ),
    _of_system(
        "RemoveUpdateTask",
        f'{TASKS_PROGRAM} /Delete /F /TN "Muster\\Update"',
        1812,
        GONE,
        may_fail=True,
    ),
    _of_system(
        "RemoveNotifyTask",
        f'{TASKS_PROGRAM} /Delete /F /TN "Muster\\Notify"',
        1813,
        GONE,
        may_fail=True,
    ),
    Act("Erase", OWN_EXE | IN_SCRIPT | AS_SYSTEM | GO_ON, "Agent", "erase --yes", 3450, GONE),
    _of_system(
        "Recover",
        f"{SERVICE_PROGRAM} failure muster-agent reset= 86400 "
        "actions= restart/60000/restart/300000/restart/900000",
        5810,
        NEW,
    ),
    _of_system("RecoverAlways", f"{SERVICE_PROGRAM} failureflag muster-agent 1", 5811, NEW),
    _of_system("OwnIdentity", f"{SERVICE_PROGRAM} sidtype muster-agent unrestricted", 5812, NEW),
    _of_system(
        "StartLate", f"{SERVICE_PROGRAM} config muster-agent start= delayed-auto", 5813, CONNECTED
    ),
    _of_system(
        "AddTask",
        f'{TASKS_PROGRAM} /Create /F /TN "Muster\\Agent" /XML "[INSTALLDIR]agent-task.xml"',
        5830,
        SCHEDULED,
    ),
    _of_system(
        "DropTask",
        f'{TASKS_PROGRAM} /Delete /F /TN "Muster\\Agent"',
        5831,
        CONNECTED,
        may_fail=True,
    ),
    _of_system(
        "AddUpdateTask",
        f'{TASKS_PROGRAM} /Create /F /TN "Muster\\Update" /XML "[INSTALLDIR]update-task.xml"',
        5832,
        NEW,
    ),
    _of_system(
        "AddNotifyTask",
        f'{TASKS_PROGRAM} /Create /F /TN "Muster\\Notify" /XML "[INSTALLDIR]notify-task.xml"',
        5833,
        NEW,
    ),
    _of_system(
        "StartService", f"{SERVICE_PROGRAM} start muster-agent", 5910, CONNECTED, may_fail=True
    ),
    _of_system(
        "StartTask", f'{TASKS_PROGRAM} /Run /TN "Muster\\Agent"', 5911, SCHEDULED, may_fail=True
    ),
)


def main(words: Sequence[str]) -> int:
    if len(words) != 3:
        print("make_msi: give BUNDLE VERSION OUT.msi", file=sys.stderr)
        return 2
    try:
        make(Path(words[0]), words[1], Path(words[2]))
    except Failed as error:
        print(f"make_msi: {error}", file=sys.stderr)
        return 1
    return 0


def make(bundle: Path, version: str, out: Path) -> None:
    """Raises Failed; `out` is then not touched."""
    if not VERSION.fullmatch(version):
        raise Failed(f"{version!r} is no version that Windows Installer compares: write 1.2.3")
    if not (bundle / PROGRAM).is_file():
        raise Failed(f"{bundle} holds no {PROGRAM}: build the bundle on Windows")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for each in ("muster-agent.wxs", "agent-task.xml", "notify-task.xml", "update-task.xml"):
            content = (HERE / each).read_text(encoding="utf-8")
            # The Task Scheduler believes the declaration: its files are UTF-16 on Windows.
            coding = "utf-16" if each.endswith("-task.xml") else "utf-8"
            (work / each).write_bytes(content.encode(coding))
        shutil.copytree(bundle, work / "bundle")
        (work / "bundle.wxs").write_text(fragment(work / "bundle"), encoding="utf-8")
        sources = ("muster-agent.wxs", "bundle.wxs")
        _run(work, "wixl", "-a", "x64", "-D", f"Version={version}", "-o", "agent.msi", *sources)
        for table in (access_list(), string_in_a_property(), string_in_a_file()):
            _add(work, table)
        for question in changes():
            _run(work, "msibuild", "agent.msi", "-q", question)
        shutil.move(work / "agent.msi", out)


def fragment(bundle: Path) -> str:
    """Every file a component of its own, with an identity that lasts from version to version."""
    folders, components = _folder(bundle, bundle), []
    references = "".join(
        f'<ComponentRef Id="{_id("C", file.relative_to(bundle))}"/>' for file in _files(bundle)
    )
    components.append(f'<ComponentGroup Id="Bundle">{references}</ComponentGroup>')
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">\n'
        f'<Fragment><DirectoryRef Id="INSTALLDIR">{folders}</DirectoryRef></Fragment>\n'
        f"<Fragment>{''.join(components)}</Fragment>\n</Wix>\n"
    )


def _files(bundle: Path) -> list[Path]:
    return sorted(each for each in bundle.rglob("*") if each.is_file())


def _folder(bundle: Path, folder: Path) -> str:
    parts = []
    for each in sorted(folder.iterdir()):
        if each.is_dir():
            name = _id("D", each.relative_to(bundle))
            inside = _folder(bundle, each)
            parts.append(
                f"<Directory Id={quoteattr(name)} Name={quoteattr(each.name)}>{inside}</Directory>"
            )
        else:
            parts.append(_component(bundle, each))
    return "".join(parts)


def _component(bundle: Path, file: Path) -> str:
    place = file.relative_to(bundle)
    is_program = place == Path(PROGRAM)
    names = {
        "Id": "Agent" if is_program else _id("F", place),
        "Name": file.name,
        "Source": f"bundle/{place.as_posix()}",
        "KeyPath": "yes",
    }
    identity = {"Id": _id("C", place), "Guid": str(uuid.uuid5(NAMES, place.as_posix()))}
    inside = _element("File", names) + (_service() if is_program else "")
    return _element("Component", {**identity, "Win64": "yes"}, inside)


def _service() -> str:
    """Always there and asleep; started where the mode is "connected"."""
    service = {
        "Id": "Service",
        "Name": "muster-agent",
        "DisplayName": "Muster agent",
        "Description": "Observes this device's security posture and reports it.",
        "Type": "ownProcess",
        "Start": "demand",
        "ErrorControl": "normal",
        "Arguments": "service",
        "Vital": "yes",
    }
    control = {"Id": "ServiceControl", "Name": "muster-agent"}
    control |= {"Stop": "both", "Remove": "uninstall", "Wait": "yes"}
    return _element("ServiceInstall", service) + _element("ServiceControl", control)


def _element(name: str, attributes: Mapping[str, str], inside: str = "") -> str:
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{said}>{inside}</{name}>"


def _id(kind: str, place: Path) -> str:
    return f"{kind}{uuid.uuid5(NAMES, place.as_posix()).hex}"


Table = tuple[str, tuple[str, ...], tuple[str, ...], Sequence[Sequence[str]]]


def access_list() -> Table:
    """The data folder's, set while it is made: before anything is in it."""
    columns = ("MsiLockPermissionsEx", "LockObject", "Table", "SDDLText", "Condition")
    forms = ("s72", "s72", "s32", "s0", "S255")
    return (columns[0], columns, forms, [("DataFolder", "DATADIR", "CreateFolder", PRIVATE, "")])


def string_in_a_property() -> Table:
    """Into a file of the private folder, by the installer itself: no command line shows it."""
    columns = (
        "IniFile",
        "FileName",
        "DirProperty",
        "Section",
        "Key",
        "Value",
        "Action",
        "Component_",
    )
    forms = ("s72", "l255", "S72", "l96", "l128", "l255", "i2", "s72")
    said = ("Enrollment", "String", "[ENROLLMENT]")
    row = ("Enrollment", "enrollment.ini", "DATADIR", *said, "0", "Enrollment")
    return (columns[0], columns, forms, [row])


def string_in_a_file() -> Table:
    """A copy of the file into the same folder. A source folder without a name is the whole path."""
    columns = (
        "FileKey",
        "Component_",
        "SourceName",
        "DestName",
        "SourceFolder",
        "DestFolder",
        "Options",
    )
    forms = ("s72", "s72", "L255", "L255", "S72", "s72", "i2")
    row = (
        "EnrollmentFile",
        "EnrollmentFile",
        "",
        "enrollment.txt",
        "ENROLLMENTFILE",
        "DATADIR",
        "0",
    )
    return ("MoveFile", columns, forms, [row])


def changes() -> Iterator[str]:
    """What an administrator hands to msiexec reaches the part that runs as the system: `SECURE`."""
    yield f"UPDATE `Property` SET `Value` = '{SECURE}' WHERE `Property` = 'SecureCustomProperties'"
    for component, when in (("Enrollment", "ENROLLMENT"), ("EnrollmentFile", "ENROLLMENTFILE")):
        yield f"UPDATE `Component` SET `Condition` = '{when}' WHERE `Component` = '{component}'"
    yield f"UPDATE `RegLocator` SET `Type` = {A_VALUE | OF_64_BIT}"
    for act in ACTS:
        yield (
            "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES "
            f"('{act.name}', {act.kind}, '{act.source}', '{act.target}')"
        )
        yield (
            "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
            f"('{act.name}', '{act.when}', {act.at})"
        )
    for name, at in (("RemoveIniValues", 3350), ("MoveFiles", 3800), ("WriteIniValues", 5100)):
        yield (
            "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
            f"('{name}', '', {at})"
        )


def _add(work: Path, table: Table) -> None:
    name, columns, forms, rows = table
    lines: Iterable[Sequence[str]] = (columns, forms, (name, columns[0]), *rows)
    text = "".join("\t".join(line) + "\r\n" for line in lines)
    (work / f"{name}.idt").write_bytes(text.encode("ascii"))
    _run(work, "msibuild", "agent.msi", "-i", f"{name}.idt")


def _run(folder: Path, *command: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]} is not here: apt-get install wixl msitools") from error
    if done.returncode:
        raise Failed(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
