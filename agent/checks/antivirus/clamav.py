"""ClamAV: guarding means clamonacc holds fanotify marks and clamd runs; clamscan alone does not.

A clamonacc without marks watches nothing. Marks are lines "fanotify ino:", "fanotify mnt_id:" or
"fanotify sdev:" in /proc/PID/fdinfo/N (proc(5)).
"""

import re

from agent.checks.antivirus.clamav_database import newest_daily
from agent.checks.antivirus.clamav_scope import watched
from agent.checks.antivirus.product import Health, Signs
from agent.checks.antivirus.traces import all_processes, belongs
from agent.host import CannotTell, Denied, FileMissing, Host, NoData, Unparsable, read_text

FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/nix/store")
MARK = re.compile(r"^fanotify (?:ino|mnt_id|sdev):", re.MULTILINE)
TIME_LIMIT = 10.0


def ask(host: Host, signs: Signs) -> Health:
    """Raises what clamscan or clamd raises when neither is there and nothing else was seen."""
    health = Health()
    try:
        health.version = version(host)
    except CannotTell:
        if not signs.installed:
            raise
    _definitions(host, health)
    try:
        _on_access(host, signs, health)
    except CannotTell as trouble:
        health.missing("real_time", trouble)
    if health.real_time is False:
        health.remarks.append("on-demand only")
    return health


def version(host: Host) -> str:
    """What clamscan or clamd says of itself; the engine only, the signatures are read apart."""
    try:
        return parse_version(host.run("clamscan", "--version", time_limit=TIME_LIMIT).text)
    except CannotTell:
        return parse_version(host.run("clamd", "--version", time_limit=TIME_LIMIT).text)


def parse_version(text: str) -> str:
    """The engine in "ClamAV 1.4.3/27000/Sun Nov 22 14:19:05 2026" or "ClamAV 1.4.3"."""
    found = re.match(r"ClamAV ([0-9][^/\s]*)", text)
    if found is None:
        raise Unparsable("clamscan --version did not print a version")
    return found[1]


def _definitions(host: Host, health: Health) -> None:
    try:
        database = newest_daily(host)
    except CannotTell as trouble:
        health.missing("definitions_at", trouble)
        return
    health.definitions_at = database.built_at
    health.definitions_version = database.version
    health.because("header of the daily database", f"version {database.version}")


def _on_access(host: Host, signs: Signs, health: Health) -> None:
    processes = all_processes(host)
    watchers = [p for p in processes if p.name == "clamonacc" and belongs(p, FOLDERS, ("root",))]
    if not watchers:
        if any(p.name == "clamonacc" and p.user is None for p in processes):
            raise Denied("whose process clamonacc is cannot be seen")
        health.real_time = False
        health.because("processes", "clamonacc does not run")
        return
    marked = any(_has_marks(host, watcher.pid) for watcher in watchers)
    health.because("/proc/PID/fdinfo of clamonacc", "watches files" if marked else "no marks")
    if marked and not signs.running:
        raise NoData("clamonacc runs, and no clamd was seen that answers it")
    if marked and (remark := watched(host)):
        health.remarks.append(remark)
    health.real_time = marked


def _has_marks(host: Host, pid: int) -> bool:
    folder = f"/proc/{pid}/fdinfo"
    for name in host.list(folder):
        try:
            if MARK.search(read_text(host, f"{folder}/{name}")):
                return True
        except FileMissing:
            continue  # it was closed meanwhile
    return False
