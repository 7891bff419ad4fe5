"""What a command works with: the data folder, the clock, who asks. Tests hand over their own.

Imports nothing heavy: `--help` passes through here.
"""

import json
import os
import pwd
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.clock import Clock, system_clock
from collector.config import default_folder

if TYPE_CHECKING:
    from collector.audit.entry import Actor, Entry
    from collector.audit.journal import Journal
    from collector.store import Store

SERVING = "serving.json"
DATABASE = "collector.sqlite3"


class BadInput(click.ClickException):
    """What was typed or given cannot be used; the message says what to do."""

    exit_code = 2


class BadFile(BadInput):
    """A file is wrong in places: lines that begin with its name, as editors know them."""


class Trouble(click.ClickException):
    """It did not work; the message says why and what to do."""

    exit_code = 1


def login_name() -> str:
    """Who is asking, as the system knows it; behind sudo, the person and not root."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    person = os.environ.get("SUDO_USER", "") if os.getuid() == 0 else ""
    return f"{person} (as {name})" if person.isprintable() and person else name


@dataclass(frozen=True, slots=True)
class Surroundings:
    folder: Path = field(default_factory=default_folder)
    clock: Clock = system_clock
    who: Callable[[], str] = login_name
    chance: Callable[[int], bytes] = secrets.token_bytes

    @contextmanager
    def store(self) -> "Iterator[Store]":
        """The open store of a collector that has run before; every trouble of it in one line."""
        from collector.store import Store, StoreError

        self.must_be_there()
        try:
            store = Store.open(self.folder, create=False, clock=self.clock)
            try:
                yield store
            finally:
                store.close()
        except StoreError as error:
            raise Trouble(str(error)) from error

    @contextmanager
    def reading(self, what: str, *, in_need: bool = False) -> "Iterator[Store]":
        """As `store`, for a command that shows something: that somebody looked is written down
        first.

        `in_need`: it shows what a person needs when nothing can be written down.
        """
        with self.store() as store:
            if in_need:
                self.seen_if_possible(what)
            else:
                self.seen(what)
            yield store

    def seen_if_possible(self, what: str) -> None:
        """As `seen`, and said instead of raised where it cannot be."""
        try:
            self.seen(what)
        except Trouble as error:
            click.echo(f"This look is not written down: {error.format_message()}", err=True)

    def seen(self, what: str, **detail: str) -> None:
        """Write down that this command showed something. Raises Trouble; then show nothing."""
        from collector.audit.entry import Action, Entry

        subject = f"command:{what}"
        self.record(Entry(Action.VIEWED, self.actor(), subject=subject, detail=detail))

    def actor(self) -> "Actor":
        """Who asks at the command line: the account of the operating system."""
        from collector.audit.entry import Actor, ActorKind

        return Actor(ActorKind.SYSTEM, self.who())

    def record(self, *entries: "Entry") -> None:
        """Write these into the audit log before doing them; what cannot be written is not done."""
        from collector.audit.journal import AuditUnavailable

        journal = self.journal()
        try:
            journal.append(*entries)
        except AuditUnavailable as error:
            raise Trouble(str(error)) from error

    def journal(self) -> "Journal":
        """The audit log, as the running collector writes it. Raises Trouble or BadInput."""
        from collector.audit.journal import FOLDER, Journal
        from collector.audit.signing import open_signer
        from collector.config import ConfigError
        from collector.identity.key_files import KeyFileError
        from collector.settings import read_standby

        try:
            signer, standby = open_signer(self.folder), read_standby(self.folder)
        except ConfigError as error:
            raise BadInput(str(error)) from error
        except KeyFileError as error:
            raise Trouble(str(error)) from error
        return Journal(self.folder / FOLDER, signer, self.clock, standby)

    @contextmanager
    def noting(self, action: str, subject: str, **detail: str) -> Iterator[None]:
        """Write down what the block is about to do; and again, as failed, when it raises.

        `action` as in `collector.audit.entry.Action`.
        """
        from collector.audit.entry import Action, Entry, Outcome

        entry = Entry(Action(action), self.actor(), Outcome.DONE, subject, detail)
        self.record(entry)
        try:
            yield
        except BaseException:
            self.record(replace(entry, outcome=Outcome.FAILED))
            raise

    def is_changed(self) -> bool:
        """Whether the audit log is not as it was written, so that nothing can follow in it."""
        from collector.audit.journal import AuditBroken, AuditUnavailable

        try:
            self.journal().head()
        except AuditBroken:
            return True
        except AuditUnavailable:
            return False
        return False

    def web_address(self) -> str:
        """Where the running collector's pages are, as "https://host:port"."""
        self.must_be_there()
        try:
            return str(json.loads((self.folder / SERVING).read_text())["web"])
        except (OSError, ValueError, KeyError) as error:
            raise Trouble(
                "the collector does not run, so nobody could open the link: start it with "
                "`muster-collector serve` and run this again"
            ) from error

    def must_be_there(self) -> None:
        """Raises Trouble that says how to start a collector where there is none."""
        try:
            there = (self.folder / DATABASE).exists()
        except OSError as error:
            raise Trouble(
                f"{self.folder} cannot be read ({error.strerror}): run this as the account that "
                "runs the collector"
            ) from error
        if not there:
            raise Trouble(
                f"no collector here: {self.folder} holds no {DATABASE}; start it with "
                "`muster-collector serve`, or name its folder with --data DIR"
            )
