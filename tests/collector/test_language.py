"""The agent is answered in the policy's language, and what the words hang on is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from collector.compliance import in_language
from collector.ingest import Outcome, rejudge
from collector.model import Language, OpenFinding
from collector.policy import default_text, load, title
from collector.service import wire
from collector.store import findings
from collector.store.schema import finding
from protos.posture.v1 import posture_service_pb2 as messages
from protos.posture.v1.signals_pb2 import (
    UNKNOWN_REASON_NO_USER_SESSION,
    UNKNOWN_REASON_PERMISSION_DENIED,
    Observation,
    Unknown,
)
from tests.collector.desk import BAD, RULE, Desk, one_device, posture

FRENCH = load(default_text().replace('language = "en"', 'language = "fr"'), "policy.toml", 2)
LOCK = "screen_locks_automatically"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from one_device(tmp_path)


def answered(desk: Desk, outcome: Outcome) -> dict[str, messages.Finding]:
    sent = wire.response(outcome, None, desk.clock())
    return {one.rule_id: one for one in sent.answer.findings}


def test_the_agent_reads_the_policys_language(desk: Desk) -> None:
    english = answered(desk, desk.report(1, BAD))
    assert english[RULE].title == title(RULE)
    assert english[RULE].remediation.startswith("Turn on the firewall")
    desk.policy = FRENCH
    french = answered(desk, desk.report(2, BAD))
    assert french[RULE].title == title(RULE, Language.FR) != english[RULE].title
    assert french[RULE].remediation.startswith("Activez le pare-feu")
    assert english[RULE].because == "New inbound traffic is let in on ipv4, ipv6."
    assert french[RULE].because == "Le nouveau trafic entrant est accepté sur ipv4, ipv6."
    assert all(one.remediation for one in french.values())


def test_another_language_is_another_answer(desk: Desk) -> None:
    first = desk.report(1, BAD)
    desk.store.write(lambda c: rejudge(c, FRENCH, "d1", desk.clock()))
    desk.policy = FRENCH
    again = desk.unchanged(2, BAD, held=first.answer_version)
    assert again.answer_version > first.answer_version
    assert answered(desk, again)[RULE].remediation.startswith("Activez le pare-feu")


def test_what_an_older_collector_judged_is_told_anew_with_the_next_judgement(desk: Desk) -> None:
    desk.report(1, BAD)
    untold = update(finding).values(told="")
    desk.store.write(lambda c: c.execute(untold))
    desk.store.write(lambda c: rejudge(c, FRENCH, "d1", desk.clock()))
    held = {one.rule_id: one for one in desk.store.read(lambda c: findings.open_of(c, "d1"))}
    assert in_language(held[RULE], Language.FR).because.startswith("Le nouveau trafic entrant")
    assert held[RULE].because.startswith("New inbound traffic")


def not_seen(reason: int) -> bytes:
    unknown = Unknown(reason=reason, detail="so it is")  # type: ignore[arg-type]
    return posture(Observation(signal="screen_lock", unknown=unknown))


def shown(outcome: Outcome, rule_id: str) -> OpenFinding:
    return next(each for each in outcome.findings if each.finding.rule_id == rule_id)


def test_the_cause_is_stored_with_the_finding_and_follows_the_latest_report(desk: Desk) -> None:
    def stored() -> str:
        held = desk.store.read(lambda c: findings.open_of(c, "d1"))
        return next(each.cause for each in held if each.rule_id == LOCK)

    away = desk.report(1, not_seen(UNKNOWN_REASON_NO_USER_SESSION))
    assert (stored(), "log in" in shown(away, LOCK).remediation) == ("no_user_session", True)
    denied = desk.report(2, not_seen(UNKNOWN_REASON_PERMISSION_DENIED))
    assert (stored(), "rights" in shown(denied, LOCK).remediation) == ("permission_denied", True)
    same = desk.unchanged(3, not_seen(UNKNOWN_REASON_PERMISSION_DENIED))
    assert shown(same, LOCK).remediation == shown(denied, LOCK).remediation


def test_the_words_are_those_of_the_distribution_that_the_device_named(desk: Desk) -> None:
    said = messages.Posture.FromString(BAD)
    said.inventory.os_id = "linuxmint"
    mint = said.SerializeToString(deterministic=True)
    words = shown(desk.report(1, mint), RULE).remediation
    assert "sudo ufw enable" in words
    assert shown(desk.unchanged(2, mint), RULE).remediation == words
