"""A policy is checked whole, tried without a trace, and applied with a name on it."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from collector.model import Compliance, FormFactor
from collector.policy import RULES, default_text, load
from collector.store import devices, policies
from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, GOOD, RULE, Desk, pending

ONLY_FIREWALL = """
name = "only the firewall"
{others}
[rules.firewall_blocks_inbound]
severity = "{severity}"
grace_days = {grace}
"""


@dataclass
class File:
    path: Path

    def holds(self, text: str) -> str:
        self.path.write_text(text)
        return str(self.path)


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "policy.toml")


def only_firewall(grace: int = 0, severity: str = "high") -> str:
    others = "\n".join(f"[rules.{r.id}]\nenabled = false" for r in RULES if r.id != RULE)
    return ONLY_FIREWALL.format(others=others, grace=grace, severity=severity)


def test_the_policy_in_force_is_printed_to_be_changed(console: Console) -> None:
    assert console.run("policy", "show").stdout == default_text()
    assert "version 1, applied on 2026-11-22" in console.run("policy", "show").stderr


def test_the_policy_of_the_collector_needs_no_collector(nowhere: Console) -> None:
    assert nowhere.run("policy", "show", "--default").stdout == default_text()
    assert not nowhere.folder.exists()


def test_a_sound_policy_is_said_to_be_sound(nowhere: Console, file: File) -> None:
    path = file.holds(only_firewall())
    result = nowhere.run("policy", "check", path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{path} is sound: 1 rule of {len(RULES)} are asked.\n"


@pytest.mark.parametrize("command", ["check", "try", "apply"])
def test_every_problem_is_a_line_with_its_place(
    command: str, desk: Desk, console: Console, file: File
) -> None:
    text = f'stale_after_days = 0\n\n[rules.{RULE}]\nseverity = "hihg"\nspeed = 1\n'
    path = file.holds(text)
    result = console.run("policy", command, path)
    assert (result.exit_code, result.stdout) == (2, "")
    first, second, third = result.stderr.splitlines()
    assert first.startswith(f"{path}:1: stale_after_days: ")
    assert second.startswith(f"{path}:4: rules.{RULE}.severity: 'hihg' is not one of low")
    assert third.startswith(f"{path}:5: rules.{RULE}.speed: ")
    assert desk.store.read(policies.current_version) == 1


def test_what_is_no_policy_file_is_one_line(nowhere: Console, file: File, tmp_path: Path) -> None:
    missing = nowhere.refuses("policy", "check", str(tmp_path / "none.toml"))
    assert missing == f"cannot read {tmp_path}/none.toml: No such file or directory"
    assert nowhere.refuses("policy", "check", str(tmp_path)).endswith("Is a directory")
    file.path.write_bytes(b"\xff\xfe\x00")
    assert "is no text in UTF-8" in nowhere.refuses("policy", "check", str(file.path))
    file.holds("[rules")
    assert f"{file.path}:1: this is not TOML" in nowhere.refuses("policy", "check", str(file.path))


def test_trying_says_who_would_change_and_writes_nothing(
    desk: Desk, console: Console, file: File
) -> None:
    desk.report(1, BAD)
    before = desk.everything()
    path = file.holds(only_firewall(grace=5))
    said = console.says("policy", "try", path)
    assert said.splitlines()[0] == "alpha: Non-compliant → Compliant"
    assert "fail (high) → fail (high, grace until Friday 27 November)" in " ".join(said.split())
    assert "unknown → not asked" in said
    findings = f"{len(RULES)} findings"
    words = f"Of 1 device, 1 would change state; {findings} would change. Nothing was written."
    assert " ".join(said.split()).endswith(words)
    assert desk.everything() == before
    assert desk.store.read(policies.current_version) == 1
    (change,) = console.reads("policy", "try", path)["changes"]
    assert (change["compliance_before"], change["compliance_after"]) == (
        "non_compliant",
        "compliant",
    )


def test_trying_the_policy_in_force_changes_nothing(
    desk: Desk, console: Console, file: File
) -> None:
    desk.report(1, pending(desk, "openssl"))
    tried = console.reads("policy", "try", file.holds(default_text()))
    assert (tried["devices"], tried["changes"]) == (1, [])


def states(console: Console) -> dict[str, tuple[str, dict[str, tuple[str, str, bool]]]]:
    """By device, its state and its findings, as `device show` says them."""
    found = {}
    for each in console.reads("devices")["devices"]:
        shown = console.reads("device", "show", each["device_id"])
        findings = {
            f["rule_id"]: (f["status"], f["severity"], f["counts"]) for f in shown["findings"]
        }
        found[each["device_id"]] = (each["compliance"], findings)
    return found


@pytest.mark.parametrize(
    "text",
    [
        only_firewall(),
        only_firewall(grace=2, severity="low"),
        "[rules.os_security_updates_applied]\nmax_delay_days = 1\n",
        "stale_after_days = 1\n",
    ],
)
def test_what_is_applied_is_what_was_tried(
    text: str, desk: Desk, console: Console, file: File
) -> None:
    desk.report(1, pending(desk, "openssl"))
    for device_id, sent in (("d2", BAD), ("d3", GOOD), ("d4", None)):
        row = devices.InventoryRow(device_id, None, FormFactor.LAPTOP)
        at = desk.clock()
        desk.store.write(partial(devices.add, device_id=device_id, inventory=row, enrolled_at=at))
        desk.device_id = device_id
        if sent is not None:
            desk.report(1, sent)
    desk.clock.advance(days=3)
    desk.device_id = "d1"
    desk.report(2, pending(desk, "openssl", "curl"))
    path = file.holds(text)
    before = states(console)
    tried = {each["device_id"]: each for each in console.reads("policy", "try", path)["changes"]}
    assert before == states(console)
    console.says("policy", "apply", path)
    after = states(console)
    for device_id in before:
        (was, had), (is_now, has) = before[device_id], after[device_id]
        change = tried.get(device_id, {"findings": []})
        assert change.get("compliance_after", was) == is_now
        foreseen = {
            each["rule_id"]: (s := each["after"]) and (s["status"], s["severity"], s["counts"])
            for each in change["findings"]
        }
        rules = had.keys() | has.keys()
        assert foreseen == {r: has.get(r) for r in rules if had.get(r) != has.get(r)}


def test_applying_says_who_when_and_why_and_judges_everyone(
    desk: Desk, console: Console, file: File
) -> None:
    desk.report(1, BAD)
    path = file.holds(only_firewall(grace=5))
    said = console.says("policy", "apply", path, "--reason", "five days to mend it")
    assert said == "Version 2 is in force.\n1 device judged; the answer changes for 1.\n"
    device = desk.store.read(lambda c: devices.get(c, "d1"))
    assert device is not None
    assert device.compliance is Compliance.COMPLIANT
    newest, first = console.reads("policy", "history")["versions"]
    assert (newest["version"], newest["applied_by"], newest["note"], newest["applied_at"]) == (
        2,
        "alice",
        "five days to mend it",
        "2026-11-22T13:00:00Z",
    )
    assert (first["version"], first["note"]) == (1, "")
    assert "five days to mend it" in console.says("policy", "history")
    assert desk.events() == ["policy applied"]


def test_applying_the_same_again_adds_no_version(desk: Desk, console: Console, file: File) -> None:
    path = file.holds(default_text())
    assert "says exactly this" in console.says("policy", "apply", path)
    assert desk.store.read(policies.current_version) == 1


@pytest.mark.parametrize("option", ["--reason", "--note"])
def test_a_reason_that_would_not_fit_a_line_is_refused(
    option: str, desk: Desk, console: Console, file: File
) -> None:
    said = console.refuses("policy", "apply", file.holds(only_firewall()), option, "a\nb")
    assert said.startswith("--reason: up to 500 printable")
    assert "--note" not in console.says("policy", "apply", "--help")
    assert desk.store.read(policies.current_version) == 1


def test_the_difference_is_by_key_and_a_pipeline_can_ask_for_it(
    console: Console, file: File
) -> None:
    path = file.holds(default_text().replace("stale_after_days = 7", "stale_after_days = 9"))
    assert console.says("policy", "diff", path) == "stale_after_days: 7 → 9\n"
    assert console.run("policy", "diff", path, "--exit-code").exit_code == 3
    found = console.reads("policy", "diff", path)
    assert found["differences"] == [{"key": "stale_after_days", "before": "7", "after": "9"}]
    same = file.holds("# only words\n" + default_text())
    assert console.says("policy", "diff", same, "--exit-code") == (
        "It asks the same as version 1.\n"
    )
    assert console.says("policy", "diff", same, "--version", "1").startswith("It asks the same")
    assert console.refuses("policy", "diff", same, "--version", "7").startswith("there is no ver")


def test_a_pipeline_does_not_overwrite_what_it_has_not_seen(
    desk: Desk, console: Console, file: File
) -> None:
    path = file.holds(only_firewall())
    said = console.refuses("policy", "apply", path, "--expect-version", "4", status=3)
    assert said.startswith("version 1 is in force, applied by first start, and not version 4")
    assert desk.store.read(policies.current_version) == 1
    console.says("policy", "apply", path, "--expect-version", "1")
    assert desk.store.read(policies.current_version) == 2


def test_a_pipeline_stops_where_too_many_would_fall_short(
    desk: Desk, console: Console, file: File
) -> None:
    console.says("policy", "apply", file.holds(only_firewall(grace=9)))
    desk.policy = load(only_firewall(grace=9), "policy.toml", 2)
    desk.report(1, BAD)
    path = file.holds(only_firewall(grace=0))
    assert console.run("policy", "try", path, "--at-most", "1").exit_code == 0
    result = console.run("policy", "try", path, "--at-most", "0")
    assert result.exit_code == 3
    assert "1 device would become non-compliant; at most 0 may" in result.stderr
    assert console.run("policy", "try", path, "--at-most", "0", "--json").exit_code == 3
