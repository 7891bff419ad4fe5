"""The same question in another form: what recordings made by others answer, matched by meaning.

Only forms that cannot change the answer are matched: spelling of a flag, flags that only concern
locking or paging, a wider listing from which the asked part is taken. Where a folder has no
COMMANDS.tsv, `NAMED` says which command a file of that name answers.
"""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import Path

from agent.host import Output, Process
from agent.recordings.spelling import complaints_within, plain, words_of
from agent.recordings.tables import unix_text

NAMED: dict[str, tuple[str, ...]] = {
    "nft -j list ruleset": ("nft-ruleset.json",),
    "nft list ruleset": ("nft-ruleset.txt",),
    "iptables-save": ("iptables-save.txt",),
    "ip6tables-save": ("ip6tables-save.txt",),
    "ufw status": ("ufw-status.txt",),
    "ufw status verbose": ("ufw-status-verbose.txt",),
    "lsblk --json --bytes": ("lsblk.json",),
    "lsblk": ("lsblk.txt",),
    "dmidecode": ("dmidecode.txt",),
    "rpm-ostree status --json": ("rpm-ostree-status.json", "rpm-ostree-status-excerpt.txt"),
    "bootc status --json": ("bootc-status.json",),
    "mdatp health --output json": ("mdatp-health.json",),
    "mdatp health": ("mdatp-health*.txt",),
    "sentinelctl control status": ("sentinelctl-version-and-status.txt",),
    "bduitool get ps": ("bduitool-get-ps.txt",),
    "cytool runtime query": ("cytool-runtime-query.txt",),
    "cytool info": ("cytool-info.txt",),
    "cytool info query": ("cytool-info-query.txt",),
    "repcli status": ("repcli-status*.txt",),
    "apt-get -s dist-upgrade": ("apt-get-s-dist-upgrade.txt", "apt-upgrade-dry-run.txt"),
    "apt-check": ("apt-check.txt",),
    "dnf5 -C advisory list --updates --security --json": ("dnf5-advisory-list.json",),
    "dnf5 -C advisory list --updates --security": ("dnf5-advisory-list.txt",),
    "dnf -C updateinfo list --updates --security": ("dnf-updateinfo-list*.txt",),
    "mokutil --sb-state": ("mokutil-sb-state.txt",),
    "sestatus": ("sestatus.txt",),
    "cat /proc/net/ip_tables_names": ("proc-net-ip_tables_names.txt",),
}

Answerer = Callable[[str], Output]
Listed = list[tuple[Process, dict[str, str] | None]]


def answer_in_another_form(
    argv: tuple[str, ...], recorded: Iterable[str], answer: Answerer, folder: Path
) -> Output | None:
    """The recorded answer to the same question put differently; None when there is none."""
    wanted = plain(argv)
    lines = list(recorded)
    for line in lines:
        words = words_of(line)
        if words and plain(words) == wanted:
            return _complaining(answer(line)) if complaints_within(line) else answer(line)
    if argv[:2] == ("systemctl", "show"):
        return _from_wider_show(argv, lines, answer)
    if argv[:2] == ("dmsetup", "table") and "dmsetup table" in lines:
        return _only_target(answer("dmsetup table"), argv[-1])
    if lines:
        return None
    return _by_file_name(wanted, folder)


def _complaining(output: Output) -> Output:
    return Output(output.text, output.text + output.errors, output.exit_status)


def printed_file(path: str, recorded: Iterable[str]) -> str | None:
    """The recorded line that printed a file, if one did."""
    return next((line for line in recorded if words_of(line) == ("cat", path)), None)


def _by_file_name(wanted: tuple[str, ...], folder: Path) -> Output | None:
    for command, patterns in NAMED.items():
        if plain(command.split()) != wanted or not folder.is_dir():
            continue
        for file in sorted(folder.iterdir()):
            if any(fnmatch(file.name, pattern) for pattern in patterns):
                return Output(unix_text(file.read_bytes()), "", 0)
    return None


def _from_wider_show(argv: tuple[str, ...], lines: list[str], answer: Answerer) -> Output | None:
    """Take the asked units from a recorded ``systemctl show`` of more of them."""
    units = [word for word in argv[2:] if "." in word and not word.startswith("-")]
    for line in lines:
        words = line.split()
        if words[:2] != ["systemctl", "show"] or not set(units) <= set(words):
            continue
        blocks = answer(line).text.split("\n\n")
        named = {unit: b for b in blocks for unit in _names(b)}
        if all(unit in named for unit in units):
            return Output("\n\n".join(named[unit].strip() for unit in units) + "\n", "", 0)
    return None


def _names(block: str) -> list[str]:
    found = re.findall(r"^(?:Id|Names)=(.*)$", block, re.MULTILINE)
    return [name for names in found for name in names.split()]


def _only_target(output: Output, target: str) -> Output:
    """``dmsetup table --target X`` prints the lines of that target only."""
    lines = [line for line in output.text.splitlines() if f" {target} " in f"{line} "]
    return Output("".join(line + "\n" for line in lines), output.errors, output.exit_status)


def processes_from_listings(folder: Path) -> Listed | None:
    """Processes from ``ps`` listings and from proc-<name>-<pid>-*.txt files beside them.

    A listing that was filtered for one product (ps-clam.txt) counts too: it shows what runs of
    that product. Listings taken after an action (after-lock-ps.txt) do not.
    """
    known: dict[int, Process] = {}
    for file in _files(folder, "*ps.txt") + _files(folder, "ps-*.txt"):
        if not file.name.startswith("after-"):
            for process in _from_ps(unix_text(file.read_bytes())):
                known.setdefault(process.pid, process)
    environments = _detail(folder, known)
    if not known:
        return None
    return [(known[pid], environments.get(pid)) for pid in sorted(known)]


def fdinfo_from_listing(path: str, folder: Path) -> bytes | None:
    """/proc/<pid>/fdinfo/<n> as it stands in proc-<name>-fdinfo.txt, under a line with its path."""
    for file in _files(folder, "proc-*-fdinfo.txt"):
        parts = re.split(
            r"^(/proc/\d+/fdinfo/\d+)$", unix_text(file.read_bytes()), flags=re.MULTILINE
        )
        contents = dict(zip(parts[1::2], parts[2::2], strict=True))
        if path in contents:
            return contents[path].lstrip("\n").encode()
        if any(known.startswith(path + "/") for known in contents):
            return "/".join(known.rpartition("/")[2] for known in contents).encode()
    return None


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern)) if folder.is_dir() else []


FILTERED = ("PID", "USER", "COMMAND", "COMMAND")


def _from_ps(listing: str) -> list[Process]:
    """``ps -eo pid,...,user,...,comm,args``, with its header or filtered by grep without one."""
    lines = listing.splitlines()
    header: tuple[str, ...] = tuple(lines[0].split()) if lines else ()
    if "PID" in header and "USER" in header:
        lines = lines[1:]
    else:
        header = FILTERED
    found = []
    for line in lines:
        columns = line.split(None, len(header) - 1)
        if len(columns) == len(header) and columns[header.index("PID")].isdigit():
            found.append(_row(header, columns))
    return found


def _row(header: tuple[str, ...], columns: list[str]) -> Process:
    arguments = tuple(columns[-1].split())
    executable = arguments[0] if arguments and arguments[0].startswith("/") else None
    pid = int(columns[header.index("PID")])
    return Process(pid, columns[-2], columns[header.index("USER")], executable, arguments)


def _detail(folder: Path, known: dict[int, Process]) -> dict[int, dict[str, str]]:
    """Better arguments, and environments, from files named after the process."""
    environments: dict[int, dict[str, str]] = {}
    for file in _files(folder, "proc-*-*-*.txt"):
        found = re.fullmatch(r"proc-(.+)-(\d+)-(cmdline|environ)\.txt", file.name)
        if found is None:
            continue
        name, pid, kind = found[1], int(found[2]), found[3]
        lines = tuple(re.split(r"[\0\n]", unix_text(file.read_bytes()).strip("\0\n")))
        if kind == "environ":
            pairs = (line.partition("=") for line in lines if "=" in line)
            environments[pid] = {key: value for key, _, value in pairs}
        else:
            old = known.get(pid)
            known[pid] = Process(pid, name, old.user if old else None, None, lines)
    return environments
