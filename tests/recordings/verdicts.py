"""What the collector's default policy concludes of a recorded host, rule by rule."""

from collections.abc import Mapping
from datetime import UTC, datetime

from agent.checks import observe_all
from agent.device import inventory
from agent.exchange.report import posture
from agent.recordings.replay import Recording
from collector.policy import default_text, evaluate, load
from protos.posture.v1.posture_service_pb2 import Posture

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def verdicts(host: Recording) -> Mapping[str, str]:
    """By rule: pass, fail, unknown or not_applicable."""
    policy = load(default_text(), "default")
    seen = Posture.FromString(posture(observe_all(host), inventory(host)))
    return {
        judged.rule.id: judged.verdict.status.value for judged in evaluate(policy, seen, NOW, {})
    }
