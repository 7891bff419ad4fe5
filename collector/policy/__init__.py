"""What the collector requires of a device: rules, their limits, and the one judge of reports.

Everything here is pure: no clock, no store, no network. `load` reads a policy, `evaluate` judges
a posture by it, `tracked` names what must be remembered between reports, `words_for` tells people
what to do.
"""

from collector.policy.advice import title, words_for, words_for_failure
from collector.policy.judging import Alike, Judged, evaluate, tracked
from collector.policy.reading import default_text, load
from collector.policy.rules import RULES
from collector.policy.settings import (
    Disputes,
    Notices,
    Owners,
    Policy,
    PolicyError,
    Problem,
    RuleSettings,
)

__all__ = [
    "RULES",
    "Alike",
    "Disputes",
    "Judged",
    "Notices",
    "Owners",
    "Policy",
    "PolicyError",
    "Problem",
    "RuleSettings",
    "default_text",
    "evaluate",
    "load",
    "title",
    "tracked",
    "words_for",
    "words_for_failure",
]
