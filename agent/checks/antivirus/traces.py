"""Is a product installed, and does it run? Files, processes and systemd units are the witnesses.

A name alone is no proof that a process runs: anybody may call a program "clamd". It counts when
its executable lies in the product's own folder and, where the account can be seen, it is one the
product runs as; or, where the executable cannot be seen (another user's process, for an agent that
is not root), when it runs as such an account, which an ordinary user cannot do.
"""

import json
from dataclasses import dataclass

from agent.checks.antivirus.product import Product, Signs
from agent.host import (
    CannotTell,
    Denied,
    FileMissing,
    Host,
    NotRecorded,
    Process,
    ToolFailed,
    ToolMissing,
    Unparsable,
    read_text,
)

UNIT_FILES = ("systemctl", "list-unit-files", "--output=json")
UNITS = ("systemctl", "list-units", "--all", "--type=service", "--output=json")
HIDDEN = ("hidepid=1", "hidepid=2", "hidepid=4", "hidepid=noaccess", "hidepid=invisible")


@dataclass(frozen=True, slots=True)
class Traces:
    """One look at the whole machine. None where it could not be taken, with `trouble`.

    `silent` is why the list of unit files is missing on a machine that does have one.
    """

    processes: tuple[Process, ...] | None
    unit_files: frozenset[str] | None
    running_units: frozenset[str] | None
    trouble: CannotTell | None
    silent: CannotTell | None = None


def look(host: Host) -> Traces:
    trouble: CannotTell | None = None
    processes: tuple[Process, ...] | None = None
    try:
        processes = all_processes(host)
    except CannotTell as failed:
        trouble = failed
    unit_files: frozenset[str] | None = None
    silent: CannotTell | None = None
    try:
        unit_files = _unit_files(host)
    except CannotTell as failed:
        silent = failed
    return Traces(processes, unit_files, _running_units(host), trouble, silent)


def all_processes(host: Host) -> tuple[Process, ...]:
    """The processes, unless /proc is mounted so that other users' are hidden (proc(5))."""
    processes = host.processes()
    if any(process.pid == 1 or process.user == "root" for process in processes):
        return processes
    try:
        mounts = read_text(host, "/proc/self/mountinfo")
    except CannotTell:
        return processes
    if any(option in mounts for option in HIDDEN):
        raise Denied("other users' processes are hidden from this account")
    return processes


def _unit_files(host: Host) -> frozenset[str] | None:
    try:
        return parse_unit_files(host.run(*UNIT_FILES).text)
    except (ToolMissing, ToolFailed, NotRecorded, Unparsable):
        return None


def _running_units(host: Host) -> frozenset[str] | None:
    try:
        return parse_running_units(host.run(*UNITS).text)
    except CannotTell:
        return None


def parse_unit_files(text: str) -> frozenset[str]:
    """The names in ``systemctl list-unit-files --output=json``."""
    return frozenset(str(row["unit_file"]) for row in _rows(text, "unit_file"))


def parse_running_units(text: str) -> frozenset[str]:
    """The services whose main process runs, in ``systemctl list-units --output=json``."""
    rows = _rows(text, "unit")
    return frozenset(
        str(row["unit"])
        for row in rows
        if row.get("active") == "active" and row.get("sub") == "running"
    )


def _rows(text: str, key: str) -> list[dict[str, object]]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise Unparsable(f"systemctl printed no JSON: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise Unparsable("systemctl printed no list of units")
    if not all(isinstance(row, dict) and key in row for row in rows):
        raise Unparsable(f"systemctl printed a unit without {key}")
    return rows


def signs_of(host: Host, product: Product, traces: Traces) -> Signs:
    """What the witnesses say of one product, put together."""
    running, processes, trouble = _running(product, traces)
    installed, unseen = _installed(host, product, traces)
    if running:
        installed = True
    return Signs(installed, running, trouble or unseen, processes)


def _installed(
    host: Host, product: Product, traces: Traces
) -> tuple[bool | None, CannotTell | None]:
    unseen: CannotTell | None = None
    for path in product.programs:
        try:
            host.head(path, 1)
        except FileMissing:
            continue
        except CannotTell as trouble:
            unseen = trouble
            continue
        return True, None
    if traces.unit_files is not None:
        return any(unit in traces.unit_files for unit in product.units), None
    unseen = unseen or traces.silent
    return (False, None) if unseen is None else (None, unseen)


def _running(
    product: Product, traces: Traces
) -> tuple[bool | None, tuple[Process, ...], CannotTell | None]:
    by_unit = traces.running_units
    if by_unit is not None and any(unit in by_unit for unit in product.units):
        return True, _believed(product, traces.processes or ()), None
    if traces.processes is None:
        return (None if by_unit is None else False), (), traces.trouble
    believed = _believed(product, traces.processes)
    if believed:
        return True, believed, None
    named = [p for p in traces.processes if p.name in product.processes]
    if any(p.executable is None and p.user is None for p in named):
        return None, (), Denied(f"whose process {named[0].name} is cannot be seen")
    return False, (), None


def _believed(product: Product, processes: tuple[Process, ...]) -> tuple[Process, ...]:
    wanted = [process for process in processes if process.name in product.processes]
    return tuple(p for p in wanted if belongs(p, product.folders, product.accounts))


def belongs(process: Process, folders: tuple[str, ...], accounts: tuple[str, ...]) -> bool:
    """Whether a process of the right name is the product's and not a namesake."""
    if process.user is not None and process.user not in accounts:
        return False
    if process.executable is None:
        return process.user is not None
    return any(process.executable.startswith(f"{folder}/") for folder in folders)
