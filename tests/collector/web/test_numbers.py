"""A number that leads to a list is the length of that list, whatever has happened to the fleet."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from html import unescape
from typing import Any

import pytest

from collector import applying
from collector.accounts import access_tokens
from collector.accounts.access_tokens import Wish
from collector.accounts.roles import Role
from collector.counting import Counting
from collector.deciding import Order, forget, release, retire
from collector.model import Compliance, FormFactor, Platform, Waiver
from collector.policy import default_text
from collector.policy_in_force import PolicyReader, policy_in_force
from collector.store import devices, disputes, recount
from collector.store.devices import InventoryRow
from collector.store.disputes import SYSTEM, Place, Turned
from collector.upkeep import rejudge_due
from protos.posture.v1.device_pb2 import PLATFORM_MACOS, PLATFORM_UNSPECIFIED
from protos.posture.v1.posture_service_pb2 import Posture
from tests.collector.desk import BAD, GOOD, RULE, Desk
from tests.collector.granting import grant
from tests.collector.web.conftest import FROM_US, Browser

PAGES = ("/", "/fixes", "/changes", "/policy")
DRAWN = re.compile(r"<svg.*?</svg>|<[^>]+>", re.DOTALL)
LEADS = re.compile(r'<a [^>]*?href="(/(?:devices|changes)[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
LISTED = re.compile(r'<th scope="row"><a href="/devices/')
ONWARD = re.compile(r'rel="next" href="([^"]+)"')
AS_REPORTED = {Platform.MACOS: PLATFORM_MACOS, None: PLATFORM_UNSPECIFIED}


def numbers(page: str) -> Iterator[tuple[str, int]]:
    """Every link to a list whose words begin with a number, and the number."""
    for href, shown in LEADS.findall(page):
        words = re.match(r"\s*(\d[\d,]*)(?:\s|$)", DRAWN.sub(" ", shown))
        if words:
            yield unescape(href), int(words[1].replace(",", ""))


@dataclass
class Fleet:
    """What devices report and people do, before one collector with pages."""

    browser: Browser
    token: str
    turns: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> Any:
        return self.browser.clock()

    def write(self, change: Any) -> Any:
        self.browser.clock.advance(seconds=1)
        return self.browser.store.write(change)

    def add(self, *names: str, platform: Platform | None = Platform.LINUX) -> None:
        for name in names:
            row = InventoryRow(name, platform, FormFactor.LAPTOP, os_build="one")
            self.write(partial(devices.add, device_id=name, inventory=row, enrolled_at=self.now))

    def report(self, sent: bytes, *names: str, platform: Platform | None = Platform.LINUX) -> None:
        for name in names:
            told = Posture.FromString(sent)
            told.inventory.hostname, told.inventory.os_build = name, "one"
            told.inventory.platform = AS_REPORTED.get(platform, told.inventory.platform)
            self.turns[name] += 1
            desk = Desk(self.browser.store, self.browser.clock, device_id=name)
            desk.policy = self.browser.store.read(policy_in_force)
            desk.report(self.turns[name], told.SerializeToString(deterministic=True))
            self.browser.clock.advance(seconds=1)

    def order(self, name: str) -> Order:
        return Order(name, self.now, "bob")

    def apply(self, text: str) -> None:
        self.write(lambda c: applying.put_in_force(c, text, self.now, "bob", "a test"))

    def keep_up(self) -> None:
        rejudge_due(self.browser.store, self.browser.clock)
        Counting(self.browser.store, self.browser.clock, PolicyReader()).tick()

    def get(self, path: str) -> str:
        """The page, for whoever logs in again when the session has run out."""
        answer = self.browser.client.get(path)
        if answer.status_code == 200:
            return answer.text
        self.browser.client.cookies.clear()
        assert self.browser.log_in() == 303
        return self.browser.get(path)

    def listed(self, href: str) -> int:
        """How many rows the list has; looked at once after each step."""
        if href not in self.lengths:
            page = self.get(href)
            onward = ONWARD.search(page)
            more = self.listed(unescape(onward[1])) if onward else 0
            self.lengths[href] = len(LISTED.findall(page)) + more
        return self.lengths[href]

    def wrong(self, after: str) -> list[tuple[str, str, str, int, int]]:
        """Each number that is not the length of its list, page by page."""
        found = []
        self.lengths.clear()
        for path in PAGES:
            shown = set(numbers(self.get(path)))
            assert shown or path in ("/changes", "/policy", "/fixes"), path
            for href, number in sorted(shown):
                length = self.listed(href)
                if length != number:
                    found.append((after, path, href, number, length))
        return found + [(after, "API", *each) for each in self._wrong_in_api()]

    def _wrong_in_api(self) -> Iterator[tuple[str, int, int]]:
        for state, number in self.api("/status")["devices"].items():
            length = self.listed(f"/devices?state={state}")
            if number != length:
                yield state, number, length
        fixes = self.api("/fixes")["items"]
        on_page = re.findall(r'class="how-many">.*?<b>(\d+)</b>', self.get("/fixes"), re.DOTALL)
        assert [fix["devices"] for fix in fixes] == [int(number) for number in on_page]
        by_rule: Counter[str] = Counter()
        for fix in fixes:
            by_rule[fix["rule_id"]] += fix["devices"]
        for rule_id, number in by_rule.items():
            if number != self.listed(f"/devices?rule={rule_id}"):
                yield rule_id, number, self.listed(f"/devices?rule={rule_id}")

    def api(self, path: str) -> Any:
        answer = self.browser.client.get(
            f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def fleet(helpdesk: Browser) -> Fleet:
    """Devices in every state: silent, retired, forgotten, in quarantine, waived, doubted, mute."""
    wish = Wish("a job", Role.OWNER, helpdesk.clock() + timedelta(days=30))
    make = partial(access_tokens.make, username="admin", wish=wish, now=helpdesk.clock())
    made = Fleet(helpdesk, helpdesk.store.write(make).secret)
    made.apply(default_text())
    made.add("silent-bad", "silent-good", "silent-mute")
    made.report(BAD, "silent-bad")
    made.report(GOOD, "silent-good")
    helpdesk.clock.advance(days=6)
    made.add("bad-1", "bad-2", "good", "mute", "set-apart", "waived", "gone", "forgotten")
    made.report(BAD, "bad-1", "bad-2", "set-apart", "waived", "gone", "forgotten")
    made.report(GOOD, "good")
    made.add("mac", platform=Platform.MACOS)
    made.report(BAD, "mac", platform=Platform.MACOS)
    made.add("strange", platform=None)
    made.report(BAD, "strange", platform=None)
    ends_at = made.now + timedelta(days=5)
    waiver = Waiver("waived", RULE, "why", "alice", made.now, ends_at)
    made.write(lambda c: devices.quarantine(c, "set-apart", "same hardware", made.now))
    made.write(partial(grant, wanted=waiver))
    made.write(lambda c: retire(c, made.order("gone")))
    made.write(lambda c: forget(c, made.order("forgotten"), "forgotten"))
    made.keep_up()
    return made


def bulk(fleet: Fleet) -> None:
    """All that match go into a new group, from the page."""
    fleet.lengths.clear()
    form = {"scope": "all", "query": f"/devices?rule={RULE}", "group": "late", "action": "make"}
    form["counted"] = str(fleet.listed(f"/devices?rule={RULE}"))
    form["form_token"] = fleet.browser.token("/devices")
    answer = fleet.browser.client.post("/devices/bulk", data=form, headers=FROM_US)
    assert "in the new group" in answer.text
    assert fleet.listed("/devices?group=late") == int(form["counted"])


def doubt(fleet: Fleet) -> None:
    found = Turned(RULE, Place(SYSTEM, "linux one"), 5)
    fleet.write(lambda c: disputes.open_one(c, found, 8, fleet.now))
    held = fleet.browser.store.read(disputes.unmarked)
    assert held is not None
    fleet.write(lambda c: disputes.mark_some(c, held, fleet.now, 500))
    fleet.browser.clock.advance(minutes=1)


def test_every_number_is_the_length_of_its_list(fleet: Fleet) -> None:
    clock = fleet.browser.clock
    strict = default_text().replace("stale_after_days = 7", "stale_after_days = 3")
    without = strict.replace(f"[rules.{RULE}]\nenabled = true", f"[rules.{RULE}]\nenabled = false")
    assert without != strict != default_text()
    steps: dict[str, tuple[Callable[[], object], ...]] = {
        "the beginning": (),
        "a fix and a bulk change": (lambda: fleet.report(GOOD, "bad-2"), lambda: bulk(fleet)),
        "retiring, forgetting, releasing": (
            lambda: fleet.write(lambda c: retire(c, fleet.order("bad-2"))),
            lambda: fleet.write(lambda c: forget(c, fleet.order("bad-1"), "bad-1")),
            lambda: fleet.write(lambda c: release(c, fleet.order("set-apart"))),
        ),
        "silence passing": (lambda: clock.advance(days=1, hours=1),),
        "a return": (lambda: fleet.report(GOOD, "silent-bad"), fleet.keep_up),
        "a doubt": (lambda: doubt(fleet), fleet.keep_up),
        "a stricter policy": (lambda: fleet.apply(strict),),
        "the end of a waiver, and all silent": (fleet.keep_up, lambda: clock.advance(days=5)),
        "a rule that is asked no more": (lambda: fleet.apply(without), fleet.keep_up),
        "the policy of the beginning": (lambda: fleet.apply(default_text()),),
        "a recount": (fleet.keep_up, lambda: fleet.write(recount.recount)),
    }
    wrong = []
    for name, step in steps.items():
        for part in step:
            part()
        wrong += fleet.wrong(name)
        assert fleet.browser.store.read(recount.drifted) == [], name
    assert wrong == []


def test_the_fleet_of_this_test_has_every_state(fleet: Fleet) -> None:
    fleet.browser.clock.advance(days=1, hours=1)
    counts = fleet.api("/status")["devices"]
    assert all(counts[state] for state in Compliance if state is not Compliance.COMPLIANT), counts
    assert ("/devices", 11) in set(numbers(fleet.get("/")))
