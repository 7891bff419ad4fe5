"""What the default policy makes of a Mac: its own antivirus, and a restart that nobody can see."""

from datetime import UTC, datetime, timedelta

from collector.model import Circumstances, Platform, Status
from collector.policy import default_text, load
from collector.policy.causes import Cause
from collector.policy.rules import (
    antivirus_active,
    antivirus_definitions_fresh,
    os_restart_done,
)
from protos.posture.v1.signals_pb2 import Antivirus

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = {"max_age_days": 7, "max_xprotect_age_days": 45}


def aged(name: str, days: int) -> Antivirus:
    seen = Antivirus()
    product = seen.products.add(name=name, running=True, real_time=True)
    product.definitions_at.FromDatetime(NOW - timedelta(days=days))
    return seen


def judged(seen: Antivirus) -> tuple[Status, str]:
    circumstances = Circumstances(now=NOW, platform=Platform.MACOS, first_seen={})
    verdict = antivirus_definitions_fresh.judge(seen, LIMITS, circumstances)
    return verdict.status, verdict.cause


def test_xprotect_may_be_older_than_others_and_its_age_alone_never_fails() -> None:
    assert judged(aged("XProtect", 30)) == (Status.PASS, "")
    assert judged(aged("XProtect", 60)) == (Status.UNKNOWN, Cause.LISTS_OLD)
    assert judged(aged("Microsoft Defender", 30))[0] is Status.FAIL


def test_updates_of_xprotect_that_are_switched_off_are_said_before_it_is_old() -> None:
    seen = aged("XProtect", 3)
    seen.products[0].remarks.append("its updates are switched off")
    circumstances = Circumstances(now=NOW, platform=Platform.MACOS, first_seen={})
    verdict = antivirus_definitions_fresh.judge(seen, LIMITS, circumstances)
    assert verdict.status is Status.PASS
    assert "(its updates are switched off)" in verdict.because


def beside(name: str, **facts: bool) -> Antivirus:
    seen = aged("XProtect", 3)
    seen.products.add(name=name, remarks=["passive mode"] if facts else [], **facts)
    return seen


def test_xprotect_alone_passes_and_names_an_edr_that_is_off_beside_it() -> None:
    circumstances = Circumstances(now=NOW, platform=Platform.MACOS, first_seen={})
    off = beside("Microsoft Defender", running=True, real_time=False)
    verdict = antivirus_active.judge(off, {}, circumstances)
    assert verdict.status is Status.PASS
    said = "XProtect examines files as they are used; not so Microsoft Defender (passive mode)."
    assert verdict.because == said
    verdict = antivirus_active.judge(beside("Sophos"), {}, circumstances)
    said = "XProtect examines files as they are used; of Sophos it could not be told."
    assert (verdict.status, verdict.because) == (Status.PASS, said)


def test_definitions_of_xprotect_that_are_fresh_do_not_hide_old_ones_beside_them() -> None:
    both = aged("XProtect", 3)
    both.products.extend(aged("Microsoft Defender", 30).products)
    circumstances = Circumstances(now=NOW, platform=Platform.MACOS, first_seen={})
    verdict = antivirus_definitions_fresh.judge(both, LIMITS, circumstances)
    assert verdict.status is Status.PASS
    said = "The definitions of XProtect are of 2026-11-19; out of date: Microsoft Defender."
    assert verdict.because == said


def test_a_mac_is_not_asked_for_a_restart_that_it_cannot_show() -> None:
    assert Platform.MACOS not in os_restart_done.RULE.platforms
    for text in (default_text(), ""):
        asked = load(text, "policy.toml").rules["os_restart_done"].platforms
        assert asked == {Platform.LINUX, Platform.WINDOWS}
