"""What is required, clause by clause: the rules that measure it, on how many devices, and since."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from collector import applying
from collector.accounts.roles import Permission, may
from collector.model import Status
from collector.policy import Policy
from collector.policy.differences import settings_of
from collector.policy.settings import Clause
from collector.store import Connection, policies, tallies
from collector.store.policies import StoredPolicy
from collector.store.tallies import FindingCount
from collector.translation import gettext as _
from collector.translation import language
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.pages.waivers import rule_title
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/policy"
METHODS = ("GET",)
PERMISSION = Permission.SEE_POLICY
MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class RuleRow:
    """How many devices a rule passes on, fails on, and how many it cannot tell of."""

    rule_id: str
    title: str
    enabled: bool
    passing: int
    failing: int
    unknown: int


@dataclass(frozen=True, slots=True)
class ClauseRow:
    clause: Clause
    rules: tuple[RuleRow, ...]

    @property
    def is_measured(self) -> bool:
        return any(each.enabled for each in self.rules)

    @property
    def said(self) -> tuple[str, str]:
        """Title and text, in the language of whoever reads."""
        return self.clause.said_in(language())


@dataclass(frozen=True, slots=True)
class LimitRow:
    """`changed`: who set it last, when and from what; None where nobody has."""

    key: str
    value: str
    before: str
    changed: StoredPolicy | None


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    name: str
    current: StoredPolicy | None
    clauses: tuple[ClauseRow, ...]
    beside: tuple[RuleRow, ...]
    limits: tuple[LimitRow, ...]
    versions: tuple[applying.Step, ...]
    may_change: bool


def page(request: Request) -> Response:
    site = site_of(request.scope)
    frame = frame_of(request.scope, _("Policy"))
    change = may(session_of(request).role, Permission.CHANGE_POLICY)

    def find(c: Connection) -> Context:
        policy, steps = site.policy.current(c), applying.steps(c, MOST_VERSIONS)
        rules = _rules(policy, tallies.findings(c))
        named = {rule for clause in policy.clauses for rule in clause.rules}
        return Context(
            frame,
            policy.name,
            policies.current(c),
            tuple(ClauseRow(each, tuple(rules[r] for r in each.rules)) for each in policy.clauses),
            tuple(row for rule_id, row in rules.items() if rule_id not in named),
            tuple(_limits(policy, steps)),
            tuple(steps),
            change,
        )

    return render("policy.html", site.store.read(find))


def _rules(policy: Policy, counts: Iterable[FindingCount]) -> Mapping[str, RuleRow]:
    found: Counter[tuple[str, Status]] = Counter()
    for each in counts:
        found[each.rule_id, each.status] += each.count
    return {
        rule_id: RuleRow(
            rule_id,
            rule_title(rule_id),
            settings.enabled,
            found[rule_id, Status.PASS],
            found[rule_id, Status.FAIL],
            found[rule_id, Status.UNKNOWN],
        )
        for rule_id, settings in policy.rules.items()
    }


def _limits(policy: Policy, steps: list[applying.Step]) -> Iterable[LimitRow]:
    last = applying.last_changes(steps)
    for key, value in settings_of(policy).items():
        if not key.startswith(("clauses.", "name")):
            stored, change = last.get(key, (None, None))
            yield LimitRow(key, value, change.before if change else "", stored)
