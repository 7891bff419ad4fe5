"""Reads the rows of a class in every form that tools print them in.

JSON as PowerShell writes it, ``Name=Value`` blocks of wmic (which writes ``&`` as ``&amp;``),
``Name : Value`` blocks of Format-List, and tables drawn with ``|``. Pure.
"""

import html
import json
import re
from collections.abc import Mapping

from agent.host import Row, Unparsable
from agent.windows.powershell import plain

WMIC = re.compile(r"(\w+)=(.*)")
FORMATTED = re.compile(r"(\w[\w ]*?)\s*:(?: (.*)|\s*)")
LISTED = re.compile(r"\{(?![0-9A-Fa-f]{8}-)(.*)\}")
"""A list in braces; a GUID has them too."""
RULE = re.compile(r" *-+(?: +-+)+")
"""Under the heads of Format-Table's columns."""
CUT = ("...", "…")
NOISE = re.compile(r"__\w+|Cim(Class|InstanceProperties|SystemProperties)|PS(ComputerName|\w+)")
"""What PowerShell and WMI say about the object itself."""


def from_json(text: str) -> object:
    """Any JSON, without 5.1's wrappers. Raises Unparsable."""
    try:
        return plain(json.loads(text))
    except ValueError as error:
        raise Unparsable("no JSON") from error


def looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def objects(value: object) -> list[Row]:
    """The objects of a JSON value; one inside ``volume`` beside its methods is joined with them."""
    listed = value if isinstance(value, list) else [value]
    return [_joined(row) for row in listed if isinstance(row, dict)]


def _joined(row: Mapping[str, object]) -> Row:
    volume = row.get("volume")
    found = {k: v for k, v in row.items() if not NOISE.fullmatch(k)}
    if not isinstance(volume, dict):
        return found
    found = {k: v for k, v in volume.items() if not NOISE.fullmatch(k)}
    for method, result in row.items():
        if method != "volume" and isinstance(result, dict):
            found |= _of_method(method, result)
    return found


METHODS = {
    "protectionstatus": {"ProtectionStatus": "GetProtectionStatus"},
    "conversionstatus": {
        "ConversionStatus": "GetConversionStatus",
        "EncryptionPercentage": "EncryptionPercentage",
        "EncryptionFlags": "EncryptionFlags",
    },
    "lockstatus": {"LockStatus": "GetLockStatus"},
    "encryptionmethod": {"EncryptionMethod": "GetEncryptionMethod"},
    "suspendcount": {"SuspendCount": "GetSuspendCount"},
}


def _of_method(method: str, result: Mapping[str, object]) -> dict[str, object]:
    """What a method of Win32_EncryptableVolume answered, named as our own question names it."""
    name = method.lower().removeprefix("get")
    known = METHODS.get(name, {})
    refused = result.get("ReturnValue")
    if refused not in (None, 0, "0"):
        return {f"Get{name}.ReturnValue": refused}
    return {ours: result[theirs] for theirs, ours in known.items() if theirs in result}


def blocks(text: str) -> list[Row]:
    """Blocks of ``Name=Value`` or ``Name : Value`` lines, blank lines between; else a table."""
    lines = [line.rstrip("\r") for line in re.split(r"\r*\n", text)]
    if any(line.startswith("|") for line in lines):
        return _table(lines)
    ruled = next((at for at, line in enumerate(lines) if RULE.fullmatch(line.rstrip())), 0)
    if ruled:
        return _columns(lines, ruled)
    by_wmic = next((bool(WMIC.fullmatch(line)) for line in lines if line.strip()), False)
    found: list[dict[str, object]] = [{}]
    last = ""
    for line in lines:
        match = (WMIC if by_wmic else FORMATTED).fullmatch(line.rstrip())
        if not line.strip():
            found.append({})
            last = ""
        elif line[0].isspace() and last:  # a long value goes on
            found[-1][last] = f"{found[-1][last] or ''}{line.strip()}"
        elif match is not None:
            last = match[1].strip()
            if last in found[-1]:
                found.append({})
            found[-1][last] = html.unescape(match[2]) if by_wmic else (match[2] or "").strip()
    return [_valued(block) for block in found if block]


def _valued(block: Mapping[str, object]) -> Row:
    return {name: _value(str(value)) for name, value in block.items() if not NOISE.fullmatch(name)}


def _value(said: str) -> object:
    """Lists lose their braces; an empty value was not set."""
    if (found := LISTED.fullmatch(said.strip())) is not None:
        return [part.strip().strip('"') for part in found[1].split(",") if part.strip()]
    return said if said.strip() else None


def _table(lines: list[str]) -> list[Row]:
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if "|" in line]
    head, *body = rows
    return [dict(zip(head, row, strict=False)) for row in body if len(row) == len(head)]


def _columns(lines: list[str], ruled: int) -> list[Row]:
    """Format-Table: heads may take two lines; a cell that was cut off is not known."""
    starts = [found.start() for found in re.finditer(r"-+", lines[ruled])]
    heads = [_cells(line, starts) for line in lines[:ruled] if line.strip()]
    names = ["".join(parts) for parts in zip(*heads, strict=True)]
    rows = []
    for line in lines[ruled + 1 :]:
        cells = dict(zip(names, _cells(line, starts), strict=False))
        whole = {k: v for k, v in cells.items() if not v.rstrip("}").endswith(CUT)}
        if line.strip():
            rows.append(_valued(whole))
    return rows


def _cells(line: str, starts: list[int]) -> list[str]:
    """Cut where a column begins; a number that is set to the right may begin before."""
    cuts = [0]
    for start in starts[1:]:
        cut = min(start, len(line))
        while 0 < cut < len(line) and not line[cut - 1].isspace() and cut > cuts[-1]:
            cut -= 1
        cuts.append(cut)
    ends = [*cuts[1:], len(line)]
    return [line[begin:end].strip() for begin, end in zip(cuts, ends, strict=True)]
