"""What a rule says is said in the reader's language, a device's words stay as they are typed."""

import json
from pathlib import Path

import pytest

from agent.checks import observe_all
from agent.device import inventory
from agent.exchange.report import posture
from agent.recordings.replay import Recording
from collector.model import Language
from collector.policy import evaluate
from collector.policy.wording import Counted, Text, bare, listed, sentence
from collector.translation.sentences import again, told_again, written
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    NotApplicable,
    Observation,
    ScreenLock,
    UserScreenLock,
)
from tests.collector.policy.both_languages import holds_in_both_languages
from tests.collector.policy.postures import NOW, default_policy, observed, verdict_of

HOSTS = Path(__file__).parents[2] / "recordings" / "hosts"
TYPED = (
    "{0.__class__}",
    "%s",
    "%(name)s",
    "%",
    "{{7*7}}",
    "Log out",
    "<b>x</b>",
    '{"text":"pass"}',
)


def in_french(words: str) -> str:
    return told_again(written(words), "", Language.FR)


@pytest.mark.parametrize("folder", sorted(HOSTS.glob("*-*")), ids=lambda folder: folder.name)
def test_every_sentence_about_a_real_host_is_held_in_both_languages(folder: Path) -> None:
    host = Recording(folder)
    seen = Posture.FromString(posture(observe_all(host), inventory(host)))
    for judged in evaluate(default_policy(), seen, NOW, {}):
        holds_in_both_languages(judged.verdict, of_the_device=str(seen))


@pytest.mark.parametrize("typed", TYPED)
def test_a_devices_words_are_never_a_format_nor_looked_up(typed: str) -> None:
    products = [AntivirusProduct(name=typed, running=False, remarks=[typed])]
    because = verdict_of("antivirus_active", observed(Antivirus(products=products))).because
    assert (
        because
        == f"{typed} is installed but not running ({typed})."[:1].upper()
        + (f"{typed} is installed but not running ({typed})."[1:])
    )
    assert in_french(because) == f"{typed} est installé mais ne fonctionne pas ({typed})."
    user = UserScreenLock(user=typed, locks=False, desktop=typed)
    because = verdict_of("screen_locks_automatically", observed(ScreenLock(users=[user]))).because
    assert f"pour {typed} ({typed})" in in_french(because)


@pytest.mark.parametrize("typed", TYPED)
def test_a_reason_of_the_devices_own_is_said_as_it_is(typed: str) -> None:
    reason = NotApplicable(because=typed)
    seen = Observation(signal="screen_lock", not_applicable=reason)
    because = verdict_of("screen_locks_automatically", seen).because
    assert in_french(because) == because == sentence(typed)


def test_counts_lists_and_sentences_within_are_said_anew() -> None:
    inner = sentence(Text("no restart is pending"))
    outer = sentence(
        bare(inner),
        Text("out of date: %(names)s", names=listed(["a", Text("a volume"), "c", "d"])),
        Counted("%(num)s day", "%(num)s days", 0),
    )
    assert outer == "No restart is pending; out of date: a, a volume, c and 1 more; 0 days."
    assert in_french(outer) == (
        "Aucun redémarrage n\u2019est en attente\u00a0; "
        "périmé\u00a0: a, un volume, c et 1 autre\u00a0; 0 jour."
    )
    assert again(outer) == outer


@pytest.mark.parametrize(
    "told",
    ["", "{", "[]", '{"other":1}', '{"text":"%(name)s x","with":{}}', '{"text":1}', "null x"],
)
def test_what_cannot_be_said_again_is_said_in_english(told: str) -> None:
    assert told_again(told, "As it was.", Language.FR) in ("As it was.", "[]")


def test_what_is_stored_is_the_message_with_its_values() -> None:
    words = Text("support of %(name)s ended on %(day)s", name="Debian 9", day="2022-06-30")
    assert json.loads(written(sentence(words))) == {
        "sentence": [
            {
                "text": "support of %(name)s ended on %(day)s",
                "with": {"name": "Debian 9", "day": "2022-06-30"},
            }
        ]
    }
