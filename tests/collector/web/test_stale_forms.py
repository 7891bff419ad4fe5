"""Two people at once: a form that rests on what was seen before changes nothing unseen."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from collector import releasing
from collector.accounts.roles import Role
from collector.store import disputes
from collector.store.disputes import SYSTEM, Place, Turned
from collector.web.pages import PAGES
from tests.collector.web.test_crawl import World, world

__all__ = ["world"]

OLD = "0" * 16
SHOWN_AT = {
    "/devices/{device_id}/change": "/devices/id-lap-1",
    "/devices/{device_id}/retire": "/devices/id-lap-1",
    "/devices/{device_id}/forget": "/devices/id-lap-1/forget",
    "/groups/group/{group}/change": "/groups/group/sales",
    "/accounts/account/{username}": "/accounts/account/eve",
    "/accounts/review": "/accounts/review",
    "/policy/edit": "/policy/edit",
    "/disputes/resolve": "/disputes",
    "/releases/change": "/releases",
}
"""Forms that carry what was seen, and the page that shows each."""

BY_ITSELF = {
    "/devices/bulk": "how many were counted goes with it",
    "/people/import": "what the check of the list said goes with it",
    "/audit/review/{week}/sign": "the records that were ticked go with it",
    "/groups/group/{group}/remove": "by its name, typed",
    "/people/person/{email}/forget": "by the address, typed",
    "/waivers/{waiver}/decide": "once: what is decided waits no more",
    "/waivers/{waiver}/withdraw": "once",
    "/exports/{export}/change": "only what its state allows",
    "/incidents/{number}/change": "notes are added; a closed one stays closed",
    "/notifications/change": "only what was given up",
    "/releases/change": "how far it was let go goes with it",
    "/devices/{device_id}/continue": "what was seen goes with it, and once only",
    "/enrollment": "what was revoked stays revoked",
    "/accounts/review/sign": "nothing may be left to confirm",
}  # fmt: skip
ADDS = {
    "/accounts", "/groups/new", "/waivers/new", "/exports",
    "/devices/{device_id}/check-now", "/devices/{device_id}/lock",
}  # fmt: skip
"""Nothing is there before that could be overwritten."""


@dataclass
class Form:
    action: str
    values: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page, filled as they are shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
            self._open = True
        if not self._open:
            return
        values, name = self.found[-1].values, given.get("name", "")
        if name and (tag in ("input", "textarea") or tag == "button"):
            values.setdefault(name, given.get("value", ""))
        if tag == "select":
            self._select = name
        if tag == "option" and self._select:
            values.setdefault(self._select, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"
        self._select = "" if tag == "select" else self._select


def test_every_form_carries_what_was_seen_or_says_why_it_need_not() -> None:
    posts = {page.PATH for page in PAGES if page.PERMISSION and "POST" in page.METHODS}
    own = {path for path in posts if path.startswith(("/account/", "/logout", "/login"))}
    assert posts - own == {*SHOWN_AT, *BY_ITSELF, *ADDS}


@pytest.mark.parametrize("path", SHOWN_AT)
def test_what_rests_on_an_older_look_is_refused_and_nothing_is_overwritten(
    world: World, path: str
) -> None:
    now = world.browser.clock()
    found = Turned("disk_encrypted", Place(SYSTEM, "linux 12"), 12)
    world.browser.store.write(lambda c: disputes.open_one(c, found, 30, now))
    world.browser.store.write(lambda c: releasing.add(c, "1.2.0", "eve", now))
    pattern = re.sub(r"\{\w+\}", "[^/]+", path)
    shown = world.ask(Role.OWNER, "GET", SHOWN_AT[path], {}).text
    forms = [f for f in Forms(shown).found if re.fullmatch(pattern, f.action or SHOWN_AT[path])]
    carrying = [each for each in forms if "seen" in each.values]
    assert carrying, [each.action for each in Forms(shown).found]
    for form in carrying:
        filled = {
            **form.values,
            **{name: FILLED[name] for name in FILLED if name in form.values},
            **({"seen": "999", "action": "apply"} if path == "/policy/edit" else {"seen": OLD}),
        }
        if "role" in filled:  # a review confirms the role that it shows
            filled["role"] = "viewer" if filled["role"] != "viewer" else "owner"
        token = filled.pop("form_token", "")
        assert token
        before = world.everything()
        answer = world.ask(Role.OWNER, "POST", form.action or SHOWN_AT[path], filled)
        assert answer.status_code == 409, (form.action, filled, answer.status_code)
        assert world.everything() == before
        said = html.unescape(re.sub(r"<[^>]+>", " ", answer.text))
        assert re.search("meanwhile|another version|since|in force", said)


FILLED = {
    "owner": "bob@example.org", "groups": "sales", "description": "Mine", "reason": "has left",
    "note": "why", "name": "lap-1", "typed": "lap-1", "text": "# another\n", "decision": "right",
    "because": "has left",
}  # fmt: skip
