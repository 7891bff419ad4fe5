"""What ``defaults read`` printed answers: one key, or a whole domain as an old-style list.

Of a whole domain its plain values and lists of dictionaries are taken. A key that a whole listing
lacks is not set; of an excerpt nothing is concluded.
"""

import plistlib
import re

from agent.host import CannotTell, Output
from agent.macos import plists
from agent.recordings.loose import Answers, Loose

NAME = re.compile(
    r"defaults(?P<host>_-currentHost)?_read_(?:\w*[Pp]references_)?"
    r"(?P<domain>com(?:[._]apple)?[._](?P<last>[A-Za-z]+(?:\.[A-Za-z]+)*?))(?:\.plist)?"
    r"(?:_(?P<key>[A-Za-z]\w*))?"
)
VALUE = re.compile(r'(?:^|[{;\n])\s*"?(?P<key>[A-Za-z]\w*)"?\s*=\s*"?(?P<value>[^"(){};]+)"?\s*;')
LIST = re.compile(
    r'^\s*"?(?P<key>[A-Za-z]\w*)"?\s*=\s*\((?P<items>.*?)\n\s*\);', re.MULTILINE | re.DOTALL
)
FIELD = re.compile(
    r'^\s*"?(?P<key>[A-Za-z][\w ]*?)"?\s*=\s*"?(?P<value>[^"(){};\n]*)"?;', re.MULTILINE
)
ASKED_FOR = {"com.apple.screensaver": ("idleTime",)}
"""Keys whose absence is an answer."""


def read(loose: Loose, answers: Answers) -> bool:
    """Answers under our own spelling of the command."""
    found = NAME.fullmatch(loose.name)
    if found is None:
        return False
    domain = f"com.apple.{found['last']}"
    command = "defaults -currentHost read" if found["host"] else "defaults read"
    place = domain if found["host"] else f"/Library/Preferences/{domain}"
    if found["key"]:
        answers.commands[f"{command} {place} {found['key']}"] = loose.output
        return True
    values = {each["key"]: each["value"].strip() for each in VALUE.finditer(loose.text)}
    for key, value in values.items():
        answers.commands.setdefault(f"{command} {place} {key}", Output(f"{value}\n", "", 0))
    if not loose.partial and loose.text.strip().startswith("{"):
        _unset(domain, f"{command} {place}", answers)
        if not found["host"]:
            answers.files.setdefault(f"{place}.plist", _as_file(loose.text))
    return True


def _as_file(text: str) -> bytes:
    """A whole listing as the file it was printed from: plain values, and lists of dictionaries."""
    fields: dict[str, object] = {}
    for each in LIST.finditer(text):
        items = re.findall(r"\{(.*?)\}", each["items"], re.DOTALL)
        fields[each["key"]] = [_fields(item) for item in items]
    return plistlib.dumps({**_fields(LIST.sub("", text)), **fields})


def _fields(text: str) -> dict[str, object]:
    found = ((each["key"], each["value"].strip()) for each in FIELD.finditer(text))
    return {key: int(value) if re.fullmatch(r"\d{1,9}", value) else value for key, value in found}


def of_this_host(domain: str, loose: Loose, answers: Answers) -> None:
    """The file behind ``defaults -currentHost``, whole. A damaged one answers nothing."""
    command = f"defaults -currentHost read {domain}"
    try:
        fields = plists.table(loose.content or b"", loose.name)
    except CannotTell:
        return
    for key, value in fields.items():
        if isinstance(value, str | int | float):
            answers.commands.setdefault(f"{command} {key}", Output(f"{value}\n", "", 0))
    _unset(domain, command, answers)


def _unset(domain: str, command: str, answers: Answers) -> None:
    for key in ASKED_FOR.get(domain, ()):
        said = f"The domain/default pair of ({domain}, {key}) does not exist\n"
        answers.commands.setdefault(f"{command} {key}", Output("", said, 1))
