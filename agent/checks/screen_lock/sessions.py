"""The sessions logind knows: whose, of which type, on which desktop.

`loginctl list-sessions` and `loginctl show-session`; /run/systemd/sessions holds the same and is
private to systemd, so it is asked last. Since systemd 256 every user also has one of class manager.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from agent.host import CannotTell, FileMissing, Host, ToolFailed, Unparsable, read_text

GRAPHICAL = ("x11", "wayland", "mir")
PEOPLE = ("user", "user-early", "user-light")
FOLDER = "/run/systemd/sessions"


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a person. An empty string is "was not said"."""

    id: str
    user: str
    uid: int | None
    type: str = ""
    kind: str = ""
    state: str = ""
    service: str = ""
    desktop: str = ""
    seat: str = ""
    tty: str = ""

    @property
    def graphical(self) -> bool:
        return self.type in GRAPHICAL

    @property
    def at_the_machine(self) -> bool:
        """On a seat or a text console, where somebody may start a compositor."""
        return bool(self.seat) or self.tty.startswith("tty")


def parse_list(content: str) -> list[Session]:
    """`loginctl list-sessions --json=short`. Raises Unparsable."""
    try:
        rows = json.loads(content)
        if not isinstance(rows, list):
            raise TypeError("no list")
        return [_row(row) for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unparsable("loginctl list-sessions printed no list of sessions") from error


def _row(row: Mapping[str, object]) -> Session:
    uid, kind = row["uid"], row.get("class")
    return Session(
        str(row["session"]),
        str(row["user"]),
        uid if isinstance(uid, int) else None,
        kind=str(kind or ""),
        seat=str(row.get("seat") or ""),
        tty=str(row.get("tty") or ""),
    )


def parse_words(content: str) -> list[Session]:
    """`loginctl list-sessions --no-legend`, of systemd before 246: id, uid, user, seat."""
    found = []
    for line in content.splitlines():
        words = line.split()
        if len(words) < 3 or not words[1].isdecimal():
            raise Unparsable("loginctl list-sessions printed a line that is no session")
        found.append(Session(words[0], words[2], int(words[1]), seat=" ".join(words[3:4])))
    return found


def parse_properties(content: str) -> dict[str, str]:
    """NAME=VALUE lines, of `loginctl show-session` and of the files; names in capitals."""
    pairs = (line.partition("=") for line in content.splitlines() if not line.startswith("#"))
    return {name.upper(): value.strip() for name, equals, value in pairs if equals}


def read_sessions(host: Host) -> tuple[Session, ...]:
    """Every person's session that has not ended. Raises CannotTell."""
    found = (_whole(host, session) for session in _listed(host))
    people = [one for one in found if one is not None and one.kind in ("", *PEOPLE)]
    return tuple(sorted((one for one in people if one.state != "closing"), key=lambda s: s.id))


def _listed(host: Host) -> list[Session]:
    try:
        return parse_list(host.run("loginctl", "list-sessions", "--json=short").text)
    except ToolFailed:
        return parse_words(host.run("loginctl", "list-sessions", "--no-legend").text)
    except Unparsable:
        raise
    except CannotTell as trouble:
        try:
            names = host.list(FOLDER)
        except CannotTell:
            raise trouble from None
        return [Session(name, "", None) for name in names if "." not in name]


def _whole(host: Host, session: Session) -> Session | None:
    """With its properties; None when it ended since it was listed."""
    if session.kind not in ("", *PEOPLE):
        return None
    try:
        said = parse_properties(host.run("loginctl", "show-session", session.id, "--no-pager").text)
    except CannotTell as trouble:
        try:
            said = parse_properties(read_text(host, f"{FOLDER}/{session.id}"))
        except FileMissing:
            return None if isinstance(trouble, ToolFailed) else session
        except CannotTell:
            return session
    return _filled(session, said)


def _filled(session: Session, said: Mapping[str, str]) -> Session:
    """show-session says Name and User where the file says USER and UID."""
    user = said.get("NAME") or ("" if "NAME" in said else said.get("USER", ""))
    uid = said.get("UID") or said.get("USER", "")
    return Session(
        session.id,
        user or session.user,
        int(uid) if uid.isdecimal() else session.uid,
        said.get("TYPE", ""),
        said.get("CLASS", session.kind),
        said.get("STATE", ""),
        said.get("SERVICE", ""),
        said.get("DESKTOP", ""),
        said.get("SEAT", session.seat),
        said.get("TTY", session.tty),
    )
