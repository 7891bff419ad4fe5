"""Every command leaves a trace under the name of who typed it: what it changes, or that it looked.

Generated from the tree of commands: a new one fails here until `USES` says how it is used.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from collector.accounts import totp
from collector.audit.reading import Shown, newest
from collector.cli import program
from collector.incidents.kinds import alarm
from collector.policy import default_text
from collector.store import accounts, devices, incidents
from collector.store.accounts import Account
from collector.store.schema import metadata
from collector.surroundings import Surroundings
from tests.collector.commands.conftest import Console
from tests.collector.commands.test_program import LEAVES
from tests.collector.commands.test_sso import SETTINGS
from tests.collector.commands.test_tokens import SERVING
from tests.collector.desk import GOOD, Desk

Words = tuple[str, ...]


def use(*words: str, first: tuple[Words, ...] = ()) -> tuple[Words, tuple[Words, ...]]:
    return words, first


UNTIL = ("--until", "2026-12-01", "--reason", "in repair")
WAIVED: Words = ("waiver", "request", "alpha", "disk_encrypted", *UNTIL)
SALES: Words = ("group", "make", "sales")
BOB: Words = ("account", "add", "bob", "--role", "viewer")
RELEASED: Words = ("release", "add", "1.2.0")
LINKED: Words = ("sso", "link", "olga", "sub-1")
IMPORTED: Words = ("people", "import", "{people}", "--apply")

USES: dict[Words, tuple[Words, tuple[Words, ...]]] = {
    ("token", "create"): use("--label", "laptops"),
    ("token", "list"): use(),
    ("token", "revoke"): use("{token}", first=(("token", "create"),)),
    ("devices",): use(),
    ("device", "show"): use("alpha"),
    ("device", "retire"): use("alpha", "--yes"),
    ("device", "release"): use("alpha", "--yes"),
    ("device", "owner"): use("alpha", "alice@example.org", first=(IMPORTED,)),
    ("device", "groups"): use("alpha", "sales", first=(SALES,)),
    ("device", "forget"): use("alpha", "--yes", first=(("device", "retire", "alpha", "--yes"),)),
    ("device", "check-now"): use("alpha"),
    ("device", "lock"): use("alpha", "--reason", "left in a train"),
    ("group", "list"): use(),
    ("group", "show"): use("sales", first=(SALES,)),
    ("group", "describe"): use("sales", "--contact", "it@example.org", first=(SALES,)),
    ("group", "make"): use("sales"),
    ("group", "remove"): use("sales", first=(SALES,)),
    ("group", "add"): use("sales", "alpha", first=(SALES,)),
    ("group", "drop"): use("sales", "alpha", first=(SALES, ("group", "add", "sales", "alpha"))),
    ("people", "import"): use("{people}", "--apply"),
    ("people", "list"): use(),
    ("people", "show"): use("alice@example.org", first=(IMPORTED,)),
    ("people", "forget"): use("alice@example.org", "--yes", first=(IMPORTED,)),
    ("policy", "show"): use(),
    ("policy", "try"): use("{policy}"),
    ("policy", "diff"): use("{policy}"),
    ("dispute", "list"): use(),
    ("policy", "apply"): use("{policy}", "--reason", "a reason"),
    ("policy", "history"): use(),
    ("export",): use("--out", "{out}"),
    ("export", "list"): use(),
    ("export", "schedule"): use(),
    ("waiver", "request"): use("alpha", "disk_encrypted", *UNTIL),
    ("waiver", "approve"): use("1", first=(WAIVED,)),
    ("waiver", "refuse"): use("1", "--reason", "encrypt it", first=(WAIVED,)),
    ("waiver", "end"): use("1", first=(WAIVED, ("waiver", "approve", "1"))),
    ("waiver", "list"): use(),
    ("release", "list"): use(),
    ("release", "add"): use("1.2.0"),
    ("release", "promote"): use("1.2.0", first=(RELEASED,)),
    ("release", "halt"): use("1.2.0", "--reason", "it hangs", first=(RELEASED,)),
    ("account", "add"): use("bob", "--role", "viewer"),
    ("account", "connect-app"): use("olga"),
    ("account", "disable"): use("bob", "--because", "left", first=(BOB,)),
    ("account", "enable"): use(
        "bob", first=(BOB, ("account", "disable", "bob", "--because", "left"))
    ),
    ("account", "link"): use("bob", first=(BOB,)),
    ("account", "list"): use(),
    ("account", "role"): use("bob", "admin", first=(BOB,)),
    ("audit", "export"): use("--out", "{out}"),
    ("audit", "list"): use(),
    ("audit", "replicas"): use(),
    ("audit", "verify"): use(first=(("audit", "list"),)),
    ("notify", "list"): use(),
    ("incident", "list"): use(),
    ("incident", "show"): use("1"),
    ("incident", "note"): use("1", "words"),
    ("incident", "close"): use("1", "--cause", "a", "--consequence", "b"),
    ("sso", "list"): use(),
    ("sso", "link"): use("olga", "sub-1"),
    ("sso", "unlink"): use("olga", first=(LINKED,)),
}
"""Words that succeed, and what must have been typed before."""

ELSEWHERE: set[Words] = {
    ("notify", "test"),
    ("notify", "retry"),
    ("dispute", "resolve"),
    ("export", "deliver"),
    ("device", "continue"),
}
"""They need a server that takes messages, a fleet that doubts a check, a pack, or a laptop that was
installed anew, as in their own tests."""

SILENT: set[Words] = {("serve",), ("policy", "check"), ("sso", "check"), ("export", "verify")}
"""`serve` writes that the collector started; the others look at a file that was handed to them."""

GIVES_OUT = {"export"}
"""Changes nothing here, and is more than a look."""


class Refused(Exception):
    """A command did not do it; str() is what it said."""


@dataclass
class World:
    """Everything that the commands are used on."""

    desk: Desk
    console: Console
    scratch: Path

    def build(self) -> None:
        desk, folder = self.desk, self.console.folder
        desk.report(1, GOOD)
        now = desk.clock()
        owners = (Account(name, "hash", now, "owner") for name in ("olga", "otto"))
        for owner in owners:
            desk.store.write(partial(accounts.add, account=owner))
        desk.store.write(lambda c: incidents.open_or_count(c, alarm("clone", "x", "y"), now))
        (folder / "serving.json").write_text(json.dumps(SERVING))
        (folder / "sso.toml").write_text(SETTINGS)
        (self.scratch / "people.csv").write_text("email,name\nalice@example.org,Alice\n")
        stricter = default_text().replace("stale_after_days = ", "stale_after_days = 1 # ", 1)
        (self.scratch / "policy.toml").write_text(stricter)

    def type(self, words: Words, who: str = "alice") -> str:
        places = {
            "people": str(self.scratch / "people.csv"),
            "policy": str(self.scratch / "policy.toml"),
            "out": str(self.scratch / "out"),
            "token": self._token(),
        }
        around = Surroundings(
            self.console.folder, self.console.clock, who=lambda: who, chance=bytes
        )
        now = self.console.clock()
        code = totp.code_at(bytes(totp.SECRET_BYTES), int(now.timestamp()) // 30)
        typed = [word.format(**places) for word in words]
        result = CliRunner().invoke(program, typed, input=f"{code}\n", obj=around)
        if result.exit_code:
            raise Refused(result.output)
        return result.output

    def refused_without_a_log(self, words: Words, *, in_need: bool) -> None:
        audit, kept = self.console.folder / "audit", self.scratch / "kept"
        audit.mkdir(exist_ok=True)
        audit.rename(kept)
        audit.write_text("in the way")
        try:
            if not in_need:
                with pytest.raises(Refused, match="audit cannot be written"):
                    self.type(words)
            elif words != ("audit", "verify"):
                assert "is not written down" in self.type(words)
        finally:
            audit.unlink()
            kept.rename(audit)

    def _token(self) -> str:
        made = self.rows()["token"]
        return made[0][0] if made else ""

    def rows(self) -> dict[str, list[Any]]:
        def all_rows(c: Any) -> dict[str, list[Any]]:
            return {t.name: list(c.execute(t.select())) for t in metadata.sorted_tables}

        return self.desk.store.read(all_rows)

    def records(self) -> list[Shown]:
        return newest(self.console.folder / "audit", 1_000)


@pytest.fixture
def world(desk: Desk, console: Console, tmp_path: Path) -> World:
    built = World(desk, console, tmp_path)
    built.build()
    return built


def test_every_command_says_here_how_it_is_used() -> None:
    assert set(USES) | SILENT | ELSEWHERE == set(LEAVES)


IN_NEED = {("audit", each) for each in ("list", "verify", "replicas")}
IN_NEED |= {("incident", each) for each in ("list", "show")}
"""They show what people need when nothing can be written."""


@pytest.mark.parametrize("path", USES, ids=" ".join)
def test_a_command_leaves_a_trace_and_does_nothing_without_one(world: World, path: Words) -> None:
    words, first = USES[path]
    if path == ("device", "release"):
        now = world.desk.clock()
        world.desk.store.write(lambda c: devices.quarantine(c, "d1", "same hardware", now))
    for number, each in enumerate(first):  # by others: two people for a waiver
        world.type(each, who=f"person {number}")
    rows, written = world.rows(), len(world.records())
    world.refused_without_a_log((*path, *words), in_need=path in IN_NEED)
    assert world.rows() == rows
    world.type((*path, *words))
    new = world.records()[written:]
    assert {(each.actor, each.name) for each in new} == {("system", "alice")}
    changed = {name for name, before in world.rows().items() if before != rows[name]}
    viewed = {each.action for each in new} == {"page.viewed"}
    assert viewed is not bool(changed or path[-1] in GIVES_OUT), changed


def test_a_device_that_was_looked_at_is_named(world: World) -> None:
    world.type(("device", "show", "alpha"))
    last = world.records()[-1]
    assert (last.subject, last.fields["detail"]) == ("command:device show", {"device": "d1"})
