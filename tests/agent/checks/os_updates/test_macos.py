"""os_updates on macOS: what the system found, which is not always what is missing."""

import plistlib
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from agent.checks.os_updates import macos
from agent.checks.os_updates.softwareupdate import parse
from agent.host import CannotTell, Output, TimedOut, ToolFailed, Unparsable
from agent.observation import observe
from protos.posture.v1.signals_pb2 import Observation, UnknownReason
from tests.fakes import Answer, FakeHost

COMMAND = "softwareupdate -l --no-scan"
FILE = "/Library/Preferences/com.apple.SoftwareUpdate.plist"
HEAD = "Software Update Tool\n\nSoftware Update found the following new or updated software:\n"
NOTHING = "Software Update Tool\n\nNo new software available.\n"
LOOKED = datetime(2026, 11, 21, 7, 0)  # noqa: DTZ001 - a property list holds UTC without a zone


def entry(title: str, version: str, rest: str = "Recommended: YES, Action: restart, ") -> str:
    label = f"* Label: {title}-25F80\n"
    return f"{label}\tTitle: {title}, Version: {version}, Size: 3310848KiB, {rest}\n"


def mac(
    answer: Answer,
    version: str = "26.5",
    files: Mapping[str, bytes | str | CannotTell] | None = None,
) -> FakeHost:
    commands: dict[str, Answer] = {COMMAND: answer}
    if version:
        commands["sw_vers"] = f"ProductName:\t\tmacOS\nProductVersion:\t\t{version}\n"
    dated = {FILE: plistlib.dumps({"LastFullSuccessfulDate": LOOKED})}
    return FakeHost(os="macos", commands=commands, files=dated if files is None else files)


def look(host: FakeHost) -> Observation:
    return observe("os_updates", macos.observe, host)


def pending(seen: Observation) -> dict[str, bool | None]:
    assert seen.os_updates.pending == len(seen.os_updates.updates)
    return {
        update.name: update.security if update.HasField("security") else None
        for update in seen.os_updates.updates
    }


def test_nothing_to_install_is_zero_with_the_date_of_the_last_look() -> None:
    value = look(mac(NOTHING)).os_updates
    assert value.HasField("pending")
    assert (value.pending, value.pending_security) == (0, 0)
    assert value.index_at.ToDatetime(UTC) == LOOKED.replace(tzinfo=UTC)


def test_nothing_new_may_be_said_on_standard_error() -> None:
    value = look(mac(Output("Software Update Tool\n\n", "No new software available.\n", 0)))
    assert value.os_updates.HasField("pending")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Software Update Tool\n\n",
        "Logiciel de mise à jour\n\nAucun nouveau logiciel disponible.\n",
        Output("Software Update Tool\n", "No new software available.\n", 1),
        NOTHING + "Scan finished with error: The operation could not be completed.\n",
        HEAD + "* Label: macOS 26.5.1-25F80\n\tVersion: 26.5.1\n",
        HEAD + "   * iTunesX-12.8.2\n\tiTunes (12.8.2), 273564K [recommended]\n",
        TimedOut("no answer"),
    ],
)
def test_what_is_not_understood_is_never_up_to_date(answer: Answer) -> None:
    seen = look(mac(answer, files={}))
    assert not seen.os_updates.HasField("pending")
    assert {"pending", "pending_security"} <= {gap.field for gap in seen.gaps}
    assert look(mac(answer, "", {})).WhichOneof("outcome") == "unknown"


def test_a_failed_scan_is_not_an_empty_one() -> None:
    with pytest.raises(ToolFailed):
        parse(NOTHING + "Scan finished with error\n")


def test_a_list_that_also_says_nothing_is_new_is_not_believed() -> None:
    with pytest.raises(Unparsable):
        parse(HEAD + entry("Safari", "26.1") + NOTHING)


def test_a_release_of_the_installed_major_version_is_a_missing_security_update() -> None:
    seen = look(mac(HEAD + entry("macOS Tahoe 26.5.1", "26.5.1")))
    assert pending(seen) == {"macOS Tahoe 26.5.1": True}
    assert seen.os_updates.pending_security == 1
    assert seen.os_updates.updates[0].installed == "26.5"


@pytest.mark.parametrize(
    ("title", "version"),
    [
        ("macOS Security Response 26.5 (a)", "26.5 (a)"),
        ("Rapid Security Response", "26.5 (a)"),
        ("Background Security Improvement", "26.5 (b)"),
        ("Security Update 2026-001", "10.15.7"),
    ],
)
def test_security_responses_are_security_updates(title: str, version: str) -> None:
    assert list(pending(look(mac(HEAD + entry(title, version)))).values()) == [True]


def test_a_response_that_is_installed_is_not_missing() -> None:
    host = mac(HEAD + entry("macOS Security Response 26.5 (a)", "26.5 (a)"))
    host.commands = {
        **host.commands,
        "sw_vers": "ProductVersion:\t26.5\nProductVersionExtra:\t(a)\n",
    }
    assert pending(look(host)) == {}


def test_apple_does_not_say_whether_other_software_is_a_security_update() -> None:
    text = HEAD + entry("Command Line Tools for Xcode", "26.6", "Recommended: YES, ")
    assert pending(look(mac(text))) == {"Command Line Tools for Xcode 26.6": None}


def test_betas_are_not_missed_updates() -> None:
    seen = look(mac(HEAD + entry("macOS Ventura 13.3 Beta 3", "13.3"), "13.2"))
    assert pending(seen) == {}
    assert seen.os_updates.HasField("pending")


@pytest.mark.parametrize(("installed", "offered"), [("15.7.7", "26.0"), ("14.8.7", "15.7.7")])
def test_another_major_release_is_an_offer_also_from_15_to_26(installed: str, offered: str) -> None:
    assert pending(look(mac(HEAD + entry(f"macOS {offered}", offered), installed))) == {}


def test_what_is_installed_already_is_a_leftover_of_the_scan() -> None:
    text = HEAD + entry("macOS Tahoe 26.5", "26.5") + entry("macOS Tahoe 26.4.1", "26.4.1")
    assert pending(look(mac(text))) == {}
    assert pending(look(mac(text, "26.10"))) == {}
    assert len(pending(look(mac(text, "26.4")))) == 2


def test_what_apple_does_not_recommend_is_optional() -> None:
    assert (
        pending(look(mac(HEAD + entry("Brother Printer Drivers", "4.1", "Recommended: NO, "))))
        == {}
    )


def test_without_a_version_nothing_is_left_out_and_nothing_classified() -> None:
    seen = look(mac(HEAD + entry("macOS Tahoe 26.5.1", "26.5.1"), ""))
    assert pending(seen) == {"macOS Tahoe 26.5.1": None}
    assert not seen.os_updates.HasField("pending_security")


def test_the_file_of_the_system_stands_in_and_its_counter_does_not() -> None:
    fields = {
        "LastFullSuccessfulDate": LOOKED,
        "LastRecommendedUpdatesAvailable": 3,
        "RecommendedUpdates": [
            {
                "Display Name": "macOS Tahoe 26.5.1",
                "Display Version": "26.5.1",
                "Identifier": "MSU_UPDATE_25F80_patch_26.5.1_minor",
                "MobileSoftwareUpdate": True,
            }
        ],
    }
    seen = look(mac(TimedOut("no"), files={FILE: plistlib.dumps(fields)}))
    assert pending(seen) == {"macOS Tahoe 26.5.1": True}
    seen = look(mac(NOTHING, files={FILE: plistlib.dumps(fields)}))
    assert pending(seen) == {}


def test_a_file_without_a_list_is_not_an_empty_list() -> None:
    assert not look(mac(TimedOut("no"))).os_updates.HasField("pending")
    unknown = look(mac(TimedOut("no"), "")).unknown
    assert unknown.reason == UnknownReason.UNKNOWN_REASON_TIMED_OUT


@pytest.mark.parametrize(("counter", "known"), [(0, True), (2, False), (None, False)])
def test_an_empty_list_in_the_file_counts_when_its_counter_agrees(
    counter: int | None, known: bool
) -> None:
    fields: dict[str, object] = {"RecommendedUpdates": []}
    if counter is not None:
        fields["LastRecommendedUpdatesAvailable"] = counter
    seen = look(mac(TimedOut("no"), files={FILE: plistlib.dumps(fields)}))
    assert seen.os_updates.HasField("pending") is known


def test_a_mac_that_never_looked_has_no_date() -> None:
    seen = look(mac(NOTHING, files={FILE: plistlib.dumps({})}))
    assert not seen.os_updates.HasField("index_at")
    assert "index_at" in {gap.field for gap in seen.gaps}


def test_a_restart_that_is_due_cannot_be_seen() -> None:
    seen = look(mac(NOTHING))
    assert not seen.os_updates.HasField("restart_required")
    assert "restart_required" in {gap.field for gap in seen.gaps}
