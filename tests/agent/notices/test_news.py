"""What is told on the screen: new failures, once, by day, and nothing that nobody saw."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from agent.notices.news import Notice
from agent.notices.showing import OSASCRIPT, NotShown, by_osascript
from agent.notices.windows import fitted
from protos.posture.v1 import posture_service_pb2 as wire
from tests.agent.terminal import Terminal
from tests.fakes import FakeHost

FAIL, UNKNOWN = wire.FINDING_STATUS_FAIL, wire.FINDING_STATUS_UNKNOWN


class Desk(Terminal):
    """A person at an enrolled device whose collector has answered."""

    def __init__(self, folder: Path, status: wire.FindingStatus.ValueType = FAIL) -> None:
        super().__init__(folder)
        self.enroll()
        self.answer()
        answer = self.collector.response.answer
        answer.findings[0].status = status
        answer.notices.on_device = True
        answer.notices.quiet_from_hour, answer.notices.quiet_until_hour = 20, 7
        self.begins(self.clock())

    @property
    def finding(self) -> wire.Finding:
        return self.collector.response.answer.findings[0]

    def begins(self, at: datetime) -> None:
        self.finding.since.FromDatetime(at)
        self.collector.response.answer_version += 1

    def told(self) -> int:
        """After the next check-in: how many notices were shown in all."""
        self.type("run", "--once")
        assert self.type("notify") == 0
        return len(self.shown)


def test_a_failure_is_told_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    assert desk.told() == 1
    assert desk.shown[0].title == "1 thing to fix on this device"
    assert "A firewall is on" in desk.shown[0].body
    assert desk.told() == 1
    desk.clock.advance(days=7)
    assert desk.told() == 1


def test_what_could_not_be_seen_is_never_told(tmp_path: Path) -> None:
    assert Desk(tmp_path / "state", UNKNOWN).told() == 0


@pytest.mark.parametrize("status", [wire.FINDING_STATUS_PASS, wire.FINDING_STATUS_NOT_APPLICABLE])
def test_what_is_in_order_is_not_told(tmp_path: Path, status: wire.FindingStatus.ValueType) -> None:
    assert Desk(tmp_path / "state", status).told() == 0


def test_a_waived_failure_is_not_told_until_the_waiver_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    desk.finding.waived_until.FromDatetime(desk.clock())
    desk.finding.waived_until.seconds += 3600
    assert desk.told() == 0
    desk.clock.advance(hours=2)
    assert desk.told() == 1


def test_a_policy_that_wants_none_is_obeyed_and_so_is_a_collector_that_does_not_say(
    tmp_path: Path,
) -> None:
    for name in ("off", "unsaid"):
        desk = Desk(tmp_path / name)
        answer = desk.collector.response.answer
        answer.ClearField("notices") if name == "unsaid" else setattr(
            answer.notices, "on_device", False
        )
        assert desk.told() == 0


def test_at_night_nothing_is_told_and_in_the_morning_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    desk.clock.advance(hours=9)  # 21:00
    assert desk.told() == 0
    desk.clock.advance(hours=10)  # 07:00
    assert desk.told() == 1


def test_a_rule_that_flaps_is_told_once_a_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    assert desk.told() == 1
    desk.clock.advance(hours=1)
    desk.begins(desk.clock())
    assert desk.told() == 1
    desk.clock.advance(days=1)
    desk.begins(desk.clock())
    assert desk.told() == 2


def test_an_old_status_is_not_told_as_if_it_were_so_now(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    desk.type("run", "--once")
    desk.clock.advance(days=3)
    assert desk.type("notify") == 0
    assert desk.shown == []


def test_what_could_not_be_shown_does_not_count_as_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    desk.type("run", "--once")
    desk.no_desktop = True
    assert desk.type("notify") == 1
    assert "no notice was shown" in desk.said
    desk.no_desktop = False
    assert desk.told() == 1


def test_root_does_not_speak_to_a_persons_desktop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "state")
    desk.root = True
    assert desk.type("notify") == 2
    assert "without sudo" in capsys.readouterr().err


def test_a_memory_that_was_damaged_costs_one_notice(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    desk.told()
    (desk.folder / "told.json").write_text('{"firewall_on": 7}')
    assert desk.told() == 2


def test_a_notice_speaks_the_persons_language_and_says_by_when(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    desk.finding.words.add(language="fr", title="Un pare-feu est actif\x1b[2J\n")
    desk.finding.grace_ends_at.FromDatetime(desk.clock())
    desk.finding.grace_ends_at.seconds += 7 * 86_400
    desk.environ = {"MUSTER_AGENT_STATE": str(desk.folder), "LANG": "fr_FR.UTF-8"}
    assert desk.told() == 1
    (shown,) = desk.shown
    assert shown.title == "1 chose à corriger sur cet appareil"
    first = shown.body.splitlines()[0]
    assert re.search(r"Un pare-feu est actif.* \(à corriger avant le 2026-11-29\)$", first)
    assert first.isprintable()


def test_many_failures_are_one_notice(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    for number in range(6):
        desk.collector.response.answer.findings.add(rule_id=f"rule-{number}", status=FAIL)
    assert desk.told() == 1
    assert desk.shown[0].title == "7 things to fix on this device"
    assert "and 3 more" in desk.shown[0].body
    assert len(desk.shown[0].body.splitlines()) == 6


def test_the_mac_is_given_words_as_arguments_and_never_as_program() -> None:
    asked: list[tuple[str, ...]] = []

    class Mac(FakeHost):
        def run(self, *argv: str, **how: object) -> object:  # type: ignore[override]
            asked.append(argv)
            return super().run(*argv)

    program = [word for line in OSASCRIPT for word in ("-e", line)]
    evil = Notice("title", '" & (do shell script "id") & "')
    line = " ".join(["osascript", *program, evil.title, evil.body])
    by_osascript(evil, Mac(commands={line: ""}, os="macos"))
    assert asked == [("osascript", *program, evil.title, evil.body)]
    with pytest.raises(NotShown):
        by_osascript(evil, FakeHost(os="macos"))


def test_windows_gets_no_more_than_fits_its_fields() -> None:
    told = fitted(Notice("😀" * 99, "b" * 999))
    assert len(told.title.encode("utf-16-le")) == 2 * 62
    assert len(told.body) == 255


def test_a_test_notice_is_shown_at_any_hour(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    desk.clock.advance(hours=10)
    assert desk.type("notify", "--test") == 0
    assert desk.shown[0].title == "Muster can tell you here"
