"""What is loaded in the kernel, from every place that could hold a part of it; nothing is changed.

Order of belief: nft's JSON for native tables, the plain form for flags and devices, iptables-save
for the tables iptables made. Legacy tables are invisible to nft; they are asked for only when the
kernel says that they exist, because asking creates them.
"""

import contextlib
from dataclasses import dataclass, field, replace
from typing import Literal

from agent.checks.firewall.addresses import Version
from agent.checks.firewall.iptables import parse_iptables_save
from agent.checks.firewall.nft import parse_nft
from agent.checks.firewall.nft_text import Plain, completed, parse_nft_text
from agent.checks.firewall.ruleset import Ruleset, Table
from agent.host import (
    CannotTell,
    Denied,
    FileMissing,
    Host,
    NotRecorded,
    Output,
    ToolFailed,
    ToolMissing,
    read_text,
)

TIME_LIMIT = 5.0
"""Seconds; a ruleset with country lists takes some."""

ANY_STATUS = range(256)
REFUSALS = ("operation not permitted", "permission denied", "must be root")
NET_ADMIN = 1 << 12
"""The bit of CAP_NET_ADMIN in the masks of /proc/self/status (capabilities(7))."""


@dataclass(slots=True)
class Loaded:
    """The tables that were seen, and why others may exist that were not."""

    ruleset: Ruleset
    unseen: list[CannotTell] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)


def read_loaded(host: Host) -> Loaded:
    """Ask every source. Raises Denied when this account may not see the rules."""
    found = Loaded(Ruleset())
    variant = _variant(host)
    tables = list(_native(host, variant, found))
    for version in (4, 6):
        tables += _legacy(host, version, variant, found)
    found.ruleset = Ruleset(tuple(tables))
    return found


def _variant(host: Host) -> Literal["nf_tables", "legacy", "none"]:
    """Which kernel interface `iptables` uses; before 1.8 it did not say, and was legacy."""
    try:
        text = host.run("iptables", "-V").text
    except NotRecorded:
        return "nf_tables"
    except CannotTell:
        return "none"
    return "nf_tables" if "nf_tables" in text else "legacy"


def _native(host: Host, variant: str, found: Loaded) -> tuple[Table, ...]:
    try:
        tables = completed(_nft(host), _plain(host))
    except Denied:
        raise
    except CannotTell as trouble:
        return _without_nft(host, variant, trouble, found)
    found.said.append(("nft -j list ruleset", describe(tables)))
    saved = {table.name: table for table in _saved(host, variant, tables, found)}
    return tuple(_best(table, saved.get(table.name)) for table in tables)


def _nft(host: Host) -> tuple[Table, ...]:
    answer = host.run("nft", "-j", "list", "ruleset", ok=ANY_STATUS, time_limit=TIME_LIMIT)
    _refuse(answer, "nft -j list ruleset")
    tables = parse_nft(answer.text)
    if not tables and not _privileged(host):
        raise Denied("nft shows rules only to an account with CAP_NET_ADMIN")
    return tables


def _refuse(answer: Output, command: str) -> None:
    """Raise what the answer complains of; a refusal can come with any status and no output."""
    complaint = answer.errors.strip()
    if any(words in complaint.lower() for words in REFUSALS):
        raise Denied(f"{command}: {complaint.splitlines()[0]}")
    if answer.exit_status != 0:
        because = complaint.splitlines()[0] if complaint else f"status {answer.exit_status}"
        raise ToolFailed(f"{command}: {because}")


def _privileged(host: Host) -> bool:
    """Whether an empty ruleset can be believed; where nobody says, it is."""
    try:
        status = read_text(host, "/proc/self/status")
    except CannotTell:
        return True
    masks = [line.split()[-1] for line in status.splitlines() if line.startswith("CapEff:")]
    try:
        return not masks or bool(int(masks[0], 16) & NET_ADMIN)
    except ValueError:
        return True


def _plain(host: Host) -> Plain | None:
    try:
        return parse_nft_text(host.run("nft", "list", "ruleset", time_limit=TIME_LIMIT).text)
    except CannotTell:
        return None


def _best(table: Table, saved: Table | None) -> Table:
    """iptables-save's form of a table that iptables made, where nft's leaves something out; whether
    it is asleep only nft knows. What somebody added with nft, iptables-save may show halved.
    """
    if saved is None or table.origin != "iptables" or table.grown or not table.lossy:
        return table
    return replace(saved, dormant=table.dormant)


def _saved(host: Host, variant: str, tables: tuple[Table, ...], found: Loaded) -> tuple[Table, ...]:
    listed: tuple[Table, ...] = ()
    for version, family, prefix in ((4, "ip", "ip"), (6, "ip6", "ip6")):
        if not any(table.family == family and table.origin == "iptables" for table in tables):
            continue
        first = f"{prefix}tables-nft-save" if variant == "legacy" else f"{prefix}tables-save"
        for program in (first, f"{prefix}tables-nft-save"):
            with contextlib.suppress(CannotTell):
                part = parse_iptables_save(host.run(program).text, version)  # type: ignore[arg-type]
                found.said.append((program, describe(part)))
                listed += part
                break
    return listed


def _without_nft(host: Host, variant: str, trouble: CannotTell, found: Loaded) -> tuple[Table, ...]:
    """What iptables shows of the new kernel interface; native tables would stay unseen."""
    if isinstance(trouble, ToolMissing) and variant != "nf_tables" and not _has_nf_tables(host):
        found.said.append(("/proc/modules", "nf_tables is not loaded"))
        return ()
    found.unseen.append(trouble)
    if variant != "nf_tables":
        return ()
    tables: tuple[Table, ...] = ()
    for version, program in ((4, "iptables-save"), (6, "ip6tables-save")):
        with contextlib.suppress(CannotTell):
            part = parse_iptables_save(host.run(program).text, version)  # type: ignore[arg-type]
            found.said.append((program, describe(part)))
            tables += part
    return tables


def _has_nf_tables(host: Host) -> bool:
    try:
        modules = read_text(host, "/proc/modules")
    except CannotTell:
        return True
    return any(line.startswith("nf_tables ") for line in modules.splitlines())


def _legacy(host: Host, version: Version, variant: str, found: Loaded) -> tuple[Table, ...]:
    prefix = "ip" if version == 4 else "ip6"
    names = f"/proc/net/{prefix}_tables_names"
    try:
        if "filter" not in read_text(host, names).split():
            return ()
    except (FileMissing, NotRecorded):
        return ()
    except CannotTell as trouble:
        found.unseen.append(trouble)
        return ()
    programs = [f"{prefix}tables-legacy-save"]
    programs += [f"{prefix}tables-save"] if variant == "legacy" else []
    for program in programs:
        with contextlib.suppress(CannotTell):
            tables = parse_iptables_save(host.run(program).text, version, "legacy")
            found.said.append((program, describe(tables)))
            return tables
    found.unseen.append(ToolMissing(f"{names} lists filter, and no program can show its rules"))
    return ()


def describe(tables: tuple[Table, ...]) -> str:
    """Which chains inbound packets enter, and what becomes of a packet no rule of them takes."""
    entries = [
        f"{base.key[0]} {base.key[1]} policy {base.policy}"
        + (" (dormant)" if table.dormant else "")
        for base, table in Ruleset(tables).bases
    ]
    return ", ".join(entries) or "no chain that filters inbound"
