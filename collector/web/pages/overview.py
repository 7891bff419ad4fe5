"""Where the fleet stands, and what to look at first: each number leads to what it counts."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from collector import wording
from collector.accounts.roles import Permission
from collector.filtering import WORST_FIRST
from collector.listing import Question
from collector.policy import Policy
from collector.store import Connection, snapshots, tallies
from collector.store.tallies import FleetCounts
from collector.translation import gettext
from collector.web import overview as shown
from collector.web.charts import Plot
from collector.web.frame import Frame, frame_of
from collector.web.overview import Ending, PlatformLine, RuleLine, SignalLine
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
FIX_DAYS = 30
ENDING_DAYS = 14


@dataclass(frozen=True, slots=True)
class Chip:
    kind: str
    label: str
    meaning: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Context:
    """`sure`: False while more devices fell silent than could be counted yet."""

    frame: Frame
    chips: tuple[Chip, ...]
    total: int
    sure: bool
    failing_today: int
    failing_href: str
    fixed_today: int
    fixed_href: str
    failures: Plot
    states: Plot
    turns: Plot
    rules: tuple[RuleLine, ...]
    signals: tuple[SignalLine, ...]
    platforms: tuple[PlatformLine, ...]
    ending: tuple[Ending, ...]
    ending_days: int
    fix_days: int


def page(request: Request) -> Response:
    site, frame = site_of(request.scope), frame_of(request.scope, gettext("Overview"))
    context = site.store.read(lambda c: _context(c, site.policy.current(c), frame))
    return render("overview.html", context)


def _context(c: Connection, policy: Policy, frame: Frame) -> Context:
    today = frame.now.date()
    fleet = tallies.fleet(c, frame.now, timedelta(days=policy.stale_after_days))
    counts = tallies.findings(c)
    flows = tallies.flows(c, today - timedelta(days=shown.FLOW_DAYS))
    kept = snapshots.trend(c, today - timedelta(days=shown.TREND_DAYS))
    times = tallies.fix_times(c, today - timedelta(days=FIX_DAYS))
    now_flows = [each for each in flows if each.day == today]
    return Context(
        frame=frame,
        chips=_chips(fleet, policy.stale_after_days),
        total=fleet.total,
        sure=fleet.sure,
        failing_today=sum(each.failing for each in now_flows),
        failing_href=shown.turns_href("failing", today),
        fixed_today=sum(each.fixed for each in now_flows),
        fixed_href=shown.turns_href("fixed", today),
        failures=shown.failures_over_days(kept, policy),
        states=shown.states_over_days(kept),
        turns=shown.turns_over_days(flows, today),
        rules=shown.by_rule(counts, now_flows, times, policy),
        signals=shown.by_signal(counts),
        platforms=shown.by_platform(fleet),
        ending=shown.ending(c, frame.now, timedelta(days=ENDING_DAYS)),
        ending_days=ENDING_DAYS,
        fix_days=FIX_DAYS,
    )


def _chips(fleet: FleetCounts, stale_after_days: int) -> tuple[Chip, ...]:
    chips = [
        Chip(
            state,
            wording.STATES[state],
            wording.meaning(state, stale_after_days),
            fleet.by_state[state],
            Question(state=state).href(),
        )
        for state in WORST_FIRST
    ]
    meaning = gettext("Every device in service.")
    return (*chips, Chip("all", gettext("All"), meaning, fleet.total, "/devices"))
