"""What each route of the API is asked about: what is there, gone, never was, or another's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from collector.accounts.roles import ROLES, Permission, Role
from collector.identity import tokens as making
from collector.model import Compliance, Status, Waiver
from collector.policy import default_text
from collector.store import (
    devices,
    disputes,
    exports,
    groups,
    notifications,
    personal_tokens,
    policies,
    tokens,
    waivers,
)
from collector.store.disputes import SYSTEM, Place, Turned
from collector.store.notifications import Message, New
from collector.web.api.routes import Route
from tests.collector.granting import grant
from tests.collector.web.api.desk import Desk
from tests.collector.web.fleet import DISKS, FIREWALL, Seen, device_id, installed_anew

NEVER = {"device_id": "id-never", "token_id": "0" * 12, "version": "99", "rule_id": "no_such_rule"}
ODD = {"device_id": "..%2Fetc", "token_id": "X", "version": "1%20or%201", "rule_id": "'--"}


@dataclass
class Asked:
    """One request, and the status that whoever holds the permission must get."""

    what: str
    path: str
    expected: int
    body: dict[str, object] | None = None


@dataclass
class Objects:
    """Makes fresh objects for every route, since some routes use them up."""

    desk: Desk
    made: int = 0
    serving: Mapping[str, str] = field(
        default_factory=lambda: {
            "check_in": "127.0.0.1:7843",
            "enroll": "127.0.0.1:7844",
            "authority_sha256": "ab" * 32,
            "name": "Muster",
        }
    )

    def __post_init__(self) -> None:
        now = self.desk.clock()
        self.desk.store.write(
            lambda c: policies.add(c, default_text(), now - timedelta(days=7), "somebody")
        )
        path = self.desk.store.path.parent / "serving.json"
        path.write_text(json.dumps(self.serving))

    def asked(self, route: Route, role: str) -> list[Asked]:
        """Every request about this route by somebody of this role."""
        self.made += 1
        template = route.path
        if "{device_id}" in template:
            return self._of_devices(route, role)
        if template == "/account/tokens/{token_id}":
            return self._of_own_tokens(role)
        if template == "/enrollment-tokens/{token_id}/revoke":
            return self._of_enrollment()
        if "{group}" in template:
            return self._of_groups(route, role)
        if "{export}" in template:
            return self._of_exports(route, role)
        if "{number}" in template:
            return self._of_numbers(route, role)
        if "{version}" in template:
            return [
                Asked(what, template.replace("{version}", version), status)
                for what, version, status in (
                    ("there", "1", 200),
                    ("never", NEVER["version"], 404),
                    ("malformed", ODD["version"], 404),
                )
            ]
        return [Asked("all", template, 200, self._body(route, role))]

    def _of_numbers(self, route: Route, role: str) -> list[Asked]:
        if route.path.startswith("/notifications/"):
            return self._of_notifications(route)
        if route.path.startswith("/disputes/"):
            return self._of_disputes(route)
        return self._of_waivers(route, role)

    def _of_devices(self, route: Route, role: str) -> list[Asked]:
        there, retired = f"lap-{self.made}", f"old-{self.made}"
        now, store = self.desk.clock(), self.desk.store
        bad = {FIREWALL: (Status.FAIL, "Incoming connections are let in.")}
        now_and_before = installed_anew(there) if route.path.endswith("/continue") else ()
        self.desk.enrol(*now_and_before or [Seen(there, Compliance.NON_COMPLIANT, bad)])
        self.desk.enrol(Seen(retired, Compliance.NON_COMPLIANT, bad))
        if route.path.endswith("/release"):
            store.write(lambda c: devices.quarantine(c, device_id(there), "two of them", now))
        store.write(lambda c: devices.retire(c, device_id(retired), now))
        body = self._body(route, role)

        def asked(what: str, name: str, status: int) -> Asked:
            path = route.path.replace("{device_id}", name)
            return Asked(what, path, status, body)

        return [
            asked("there", device_id(there), 200),
            asked("retired", device_id(retired), 409 if route.changes else 200),
            asked("never", NEVER["device_id"], 404),
            asked("malformed", ODD["device_id"], 404),
        ]

    def _of_waivers(self, route: Route, role: str) -> list[Asked]:
        """One that waits and one in force, asked for by another; and one's own."""
        there, now, store = f"lap-{self.made}", self.desk.clock(), self.desk.store
        self.desk.enrol(Seen(there, Compliance.NON_COMPLIANT))
        end, device = now + timedelta(days=9), device_id(there)
        granted = Waiver(device, FIREWALL, "in repair", "somebody", now, end)
        held = store.write(lambda c: grant(c, granted))
        asked = waivers.Asked(DISKS, "in repair", "somebody", end, device)
        waits = store.write(lambda c: waivers.request(c, asked, now))
        own = store.write(lambda c: waivers.request(c, replace(asked, requested_by=role), now))
        action = route.path.rsplit("/", 1)[1]
        answers = {
            "approve": {waits: 200, own: 409, held: 409},
            "refuse": {waits: 200, own: 200, held: 409},
            "withdraw": {own: 200, waits: 404, held: 409},
            "end": {held: 200, waits: 409, own: 409},
        }
        body = self._body(route, role)
        return [
            Asked(f"number {number}", route.path.replace("{number}", str(number)), status, body)
            for number, status in {**answers[action], 999: 404}.items()
        ]

    def _of_groups(self, route: Route, role: str) -> list[Asked]:
        name, device = self._group(), f"lap-{self.made}"
        self.desk.enrol(Seen(device, Compliance.COMPLIANT))
        body = self._body(route, role)
        if body is not None:
            body |= {
                n: v for n, v in {"name": name, "devices": device_id(device)}.items() if n in body
            }
        return [
            Asked(what, route.path.replace("{group}", group), status, body)
            for what, group, status in (
                ("there", name, 200),
                ("never", "no-such-group", 404),
                ("malformed", "..%2Fetc", 404),
            )
        ]

    def _of_notifications(self, route: Route) -> list[Asked]:
        now, store = self.desk.clock(), self.desk.store
        new = New(f"key-{self.made}", "failures", "it", Message("Two devices fail"))
        store.write(lambda c: notifications.add(c, [new], now, now))
        (newest, *_) = store.read(notifications.newest)
        return _numbered(route, {str(newest.number): 200, "999999": 404}, {})

    def _of_disputes(self, route: Route) -> list[Asked]:
        now, store = self.desk.clock(), self.desk.store
        found = Turned(DISKS, Place(SYSTEM, f"linux {self.made}"), 12)
        opened = store.write(lambda c: disputes.open_one(c, found, 30, now))
        assert opened is not None
        body: dict[str, object] = {"decision": "right", "reason": "They did change."}
        return _numbered(route, {str(opened.number): 200, "999999": 404}, body)

    def _of_exports(self, route: Route, role: str) -> list[Asked]:
        """One that is there under names, one under pseudonyms, one that is being made."""
        ready, hidden, waits = (self._export(n) for n in ("all", "all+pseudonyms", ""))
        people = role != "nobody" and Permission.SEE_PEOPLE in ROLES[Role(role)]
        stops, fetches = route.path.endswith("/stop"), route.path.endswith("/file")
        delivers = route.path.endswith("/deliver")
        body = self._body(route, role)
        over = 409 if stops else 200
        waiting = ("is being made", str(waits), 404 if fetches else 409 if delivers else 200)
        made = ("there", str(hidden), over)
        over = 409 if delivers else over  # no place takes packs under names
        return [
            Asked(what, route.path.replace("{export}", number), status, body)
            for what, number, status in (
                *((waiting, made) if stops else (made, waiting)),
                ("under names", str(ready), over if people else 404),
                ("never", "99999", 404),
                ("malformed", "..%2Fetc", 404),
            )
        ]

    def _export(self, variant: str) -> int:
        self.made += 1
        now, store = self.desk.clock(), self.desk.store
        at = now - timedelta(seconds=self.made)
        wanted = variant or "all+pseudonyms"
        number, _ = store.write(lambda c: exports.ask(c, wanted, at, "eve", now))
        if variant:
            name = f"pack-{number}.zip"
            (store.path.parent / "packs").mkdir(exist_ok=True)
            (store.path.parent / "packs" / name).write_bytes(b"no pack")
            store.write(lambda c: exports.done(c, number, name, 7, "00", now))
        else:  # nothing else waits behind it
            store.write(lambda c: exports.advance(c, number, "devices", 1))
        return number

    def _of_own_tokens(self, role: str) -> list[Asked]:
        desk = self.desk
        if role == "nobody":
            role = Role.VIEWER
        other = Role.OWNER if role != Role.OWNER else Role.VIEWER
        mine, another, gone = (desk.token(name, Role.VIEWER) for name in (role, other, role))
        ids = [
            desk.store.read(
                lambda c, secret=secret: personal_tokens.by_hash(c, _hash(secret), desk.clock())
            ).token_id
            for secret in (mine, another, gone)
        ]
        desk.store.write(lambda c: personal_tokens.remove(c, role, ids[2]))
        return [
            Asked(what, f"/account/tokens/{token_id}", status)
            for what, token_id, status in (
                ("own", ids[0], 200),
                ("another's", ids[1], 404),
                ("gone", ids[2], 404),
                ("never", NEVER["token_id"], 404),
                ("malformed", ODD["token_id"], 404),
            )
        ]

    def _of_enrollment(self) -> list[Asked]:
        now, store = self.desk.clock(), self.desk.store
        good = store.write(lambda c: making.create(c, now)).token_id
        ended = store.write(lambda c: making.create(c, now)).token_id
        store.write(lambda c: tokens.revoke(c, ended, now))
        return [
            Asked(what, f"/enrollment-tokens/{token_id}/revoke", status, {})
            for what, token_id, status in (
                ("there", good, 200),
                ("revoked", ended, 409),
                ("never", NEVER["token_id"], 404),
                ("malformed", ODD["token_id"], 404),
            )
        ]

    def _group(self) -> str:
        name, now = f"group-{self.made}", self.desk.clock()
        self.desk.store.write(lambda c: groups.add(c, groups.Group(name, "", "", now)))
        return name

    def _body(self, route: Route, role: str) -> dict[str, object] | None:
        """One that is right."""
        if route.body is None:
            return None
        another = f"{default_text()}\n# {self.made}\n"
        values: dict[str, object] = {
            "rule_id": DISKS,
            "until": f"{self.desk.clock() + timedelta(days=3):%Y-%m-%d}",
            "reason": "in repair",
            "remark": "mend it",
            "group": self._group(),
            "text": another,
            "label": "a job",
            "hours": 1,
            "uses": 2,
            "days": 3,
            "version": 1,
            "expect_version": self.desk.store.read(policies.current_version),
            "role": Role.VIEWER.value,
            "csv": "email,name\nalice@example.org,Alice\n",
            "email": "alice@example.org",
            "groups": self._group() if any(g.name == "groups" for g in route.body) else "",
            "subscriber": "it",
            "name": f"set-{self.made}",
            "description": "",
            "contact": "",
            "devices": "",
            "seen": "",
            "day": f"{self.desk.clock() - timedelta(days=2):%Y-%m-%d}",
            "pseudonyms": True,
            "to": "share",
        }
        if route.path.endswith("/forget"):
            values["name"] = f"lap-{self.made}"
        values["of"] = device_id(f"was-lap-{self.made}")
        if any(each.name == "code" for each in route.body):
            codes = self.desk.codes.get(role)
            values["code"] = codes.pop() if codes else "none"
        return {each.name: values[each.name] for each in route.body}


def _numbered(route: Route, answers: Mapping[str, int], body: dict[str, object]) -> list[Asked]:
    return [
        Asked(f"number {number}", route.path.replace("{number}", number), status, body)
        for number, status in answers.items()
    ]


def _hash(secret: str) -> bytes:
    from collector.accounts.access_tokens import hash_of

    return hash_of(secret)
