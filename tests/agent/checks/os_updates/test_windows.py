"""os_updates on Windows: what waits, what of it is security, and when a restart is due."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from agent.checks.os_updates.windows import observe
from agent.checks.os_updates.windows_update import (
    CRITICAL,
    DEFINITIONS,
    DRIVERS,
    ROLLUPS,
    SECURITY,
    UPDATES,
    UPGRADES,
    line_of,
)
from agent.host import CannotTell, Denied, RegistryValue, Row, ToolFailed, Unparsable
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import OsUpdates
from tests.fakes import FakeHost

VERSION = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
SERVICING = VERSION + r"\Component Based Servicing"
AUTO_UPDATE = VERSION + r"\WindowsUpdate\Auto Update"
RENAMES = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\PendingFileRenameOperations"
CALM: Mapping[str, RegistryValue | CannotTell] = {
    SERVICING + r"\Version\x": "1",
    AUTO_UPDATE + r"\x": "1",
}
LOOKED: Row = {"LastSearchSuccessDate": "2026-11-21T07:30:00Z", "RebootRequired": False}
OCTOBER = "2025-10 Cumulative Update for Windows 11 Version 24H2 (KB5066835) (26100.6899)"


def update(title: str = OCTOBER, *categories: str, **other: object) -> Row:
    ids = list(categories)
    return {"Title": title, "CategoryIDs": ids, "BrowseOnly": False, "MsrcSeverity": None, **other}


def machine(
    *updates: Row,
    looked: Row | CannotTell = LOOKED,
    search: CannotTell | None = None,
    values: Mapping[str, RegistryValue | CannotTell] = CALM,
) -> FakeHost:
    return FakeHost(
        os="windows",
        values=values,
        rows={
            "Microsoft.Update.Searcher": search or updates,
            "Microsoft.Update.AutoUpdate": looked if isinstance(looked, CannotTell) else (looked,),
        },
    )


def value(seen: Seen) -> OsUpdates:
    assert isinstance(seen.value, OsUpdates)
    return seen.value


def restart(seen: Seen) -> bool | None:
    found = value(seen)
    return found.restart_required if found.HasField("restart_required") else None


def gaps(seen: Seen) -> dict[str, str]:
    return {gap.field: gap.detail for gap in seen.gaps}


def security(row: Row) -> bool | None:
    found = value(observe(machine(row)))
    (one,) = found.updates
    assert found.pending == 1
    assert found.pending_security == bool(one.security)
    return one.security if one.HasField("security") else None


def test_nothing_waits_where_a_search_with_a_date_found_nothing() -> None:
    seen = observe(machine())
    found = value(seen)
    assert (found.pending, found.pending_security, restart(seen)) == (0, 0, False)
    assert found.HasField("pending")
    assert found.HasField("pending_security")
    assert found.index_at.ToDatetime(UTC) == datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
    assert not seen.gaps


@pytest.mark.parametrize("category", [SECURITY, CRITICAL, SECURITY.upper(), f"{{{SECURITY}}}"])
def test_an_update_is_one_of_security_by_its_category(category: str) -> None:
    assert security(update("Update for .NET", category)) is True


def test_an_update_is_one_of_security_by_its_severity() -> None:
    row = update("Update for Something", UPDATES, MsrcSeverity="Important")
    assert security(row) is True
    assert value(observe(machine(row))).updates[0].severity == "important"


@pytest.mark.parametrize(
    "title",
    [
        OCTOBER,
        "2025-10 Mise à jour cumulative pour Windows 11 Version 24H2 (KB5066835)",
        "2025-10 Kumulatives Update für Windows 11 Version 24H2 (KB5066835)",
        "2025-10 适用于 Windows 11 Version 24H2 的累积更新 (KB5066835)",
        "Накопительное обновление 2025-10 для Windows 11 (KB5066835)",
    ],
)
def test_a_cumulative_update_is_one_of_security_although_it_has_no_severity(title: str) -> None:
    assert security(update(title, UPDATES)) is True


def test_a_cumulative_update_in_an_unknown_language_is_told_by_its_category() -> None:
    title = "2025-10 Kumulatiivinen päivitys (KB5066835)"
    assert security(update(title, SECURITY)) is True
    assert security(update(title, ROLLUPS)) is None
    assert security(update(title)) is None


def test_a_preview_that_is_offered_is_no_update_of_security() -> None:
    assert security(update("2025-10 Cumulative Update Preview for Windows 11", UPDATES)) is False


@pytest.mark.parametrize("category", [DEFINITIONS, DRIVERS, UPGRADES])
def test_what_something_else_answers_for_does_not_wait(category: str) -> None:
    assert value(observe(machine(update("X", category)))).pending == 0


def test_an_optional_preview_does_not_wait() -> None:
    assert value(observe(machine(update(BrowseOnly=True)))).pending == 0


def test_an_update_is_named_by_its_line_and_its_article() -> None:
    row = update(OCTOBER, SECURITY, KBArticleIDs="5066835")
    (one,) = value(observe(machine(row))).updates
    assert one.name == "Cumulative Update for Windows 11 Version 24H2"
    assert one.candidate == "KB5066835"


def test_the_next_month_of_a_line_has_the_name_of_the_one_that_was_not_installed() -> None:
    november = OCTOBER.replace("2025-10", "2025-11").replace("5066835", "5068861")
    assert line_of(november.replace("26100.6899", "26100.7171")) == line_of(OCTOBER)
    tool = "Windows Malicious Software Removal Tool x64 - v5.134 (KB890830)"
    assert line_of(tool) == line_of(tool.replace("5.134", "5.135"))


def test_a_search_that_failed_is_never_nothing() -> None:
    trouble = ToolFailed("the update server gave no answer in time (0x8024401C)")
    seen = observe(machine(search=trouble))
    assert not value(seen).HasField("pending")
    assert not value(seen).HasField("pending_security")
    assert "0x8024401C" in gaps(seen)["pending"]
    assert restart(seen) is False


def test_a_search_that_failed_where_nothing_else_is_told_is_the_whole_answer() -> None:
    with pytest.raises(ToolFailed, match="0x8024401C"):
        observe(machine(search=ToolFailed("0x8024401C"), values={}))


@pytest.mark.parametrize(
    "looked",
    [
        {"LastSearchSuccessDate": None},
        {"LastSearchSuccessDate": "1899-12-30T00:00:00Z"},
        {"LastSearchSuccessDate": "21/11/2026"},
        Denied("no rights"),
    ],
)
def test_no_update_without_a_date_of_the_last_look_has_no_date(looked: Row | CannotTell) -> None:
    seen = observe(machine(looked=looked))
    assert not value(seen).HasField("index_at")
    assert "index_at" in gaps(seen)


def test_the_day_of_the_last_installation_is_not_that_of_the_last_look() -> None:
    seen = observe(machine(looked={"LastInstallationSuccessDate": "2026-11-22T07:30:00Z"}))
    assert not value(seen).HasField("index_at")
    assert not value(seen).HasField("last_upgrade_at")


def test_an_update_without_a_title_is_not_counted_by_guess() -> None:
    with pytest.raises(Unparsable):
        observe(machine({"KBArticleIDs": ["1"]}, values={}))


@pytest.mark.parametrize(
    "sign", [SERVICING + r"\RebootPending\x", AUTO_UPDATE + r"\RebootRequired\{guid}"]
)
def test_a_key_of_a_pending_restart_is_one_by_being_there(sign: str) -> None:
    assert value(observe(machine(values={**CALM, sign: "1"}))).restart_required is True


def test_windows_updates_own_word_on_a_restart_counts() -> None:
    assert value(observe(machine(looked={**LOOKED, "RebootRequired": True}))).restart_required


def test_files_that_wait_to_be_renamed_are_no_pending_restart() -> None:
    seen = observe(machine(values={**CALM, RENAMES: (r"\??\C:\x.tmp", "")}))
    assert restart(seen) is False
    assert "PendingFileRenameOperations" in [line.source for line in seen.evidence]


def test_no_restart_is_pending_only_where_the_keys_could_be_read() -> None:
    seen = observe(machine(values={}))
    assert not value(seen).HasField("restart_required")
    assert "restart_required" in gaps(seen)


def test_a_machine_that_never_used_windows_update_has_no_restart_pending() -> None:
    assert restart(observe(machine(values={SERVICING + r"\x": "1"}))) is False
