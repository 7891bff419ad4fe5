r"""Who is logged on to this Windows, by the hives that are loaded below HKEY_USERS.

A hive is loaded while its person is logged on, and for services and tasks that run as somebody;
``Volatile Environment`` is written at an interactive logon only. As a service, HKEY_CURRENT_USER
would be the hive of the system itself.
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, Host
from agent.windows.values import there, words_in

PROFILES = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
LOCAL_OR_DOMAIN = re.compile(r"S-1-5-21(?:-\d+){3}-(?P<rid>\d+)", re.IGNORECASE)
ENTRA = re.compile(r"S-1-12-1(?:-\d+){4}", re.IGNORECASE)
ADMINISTRATOR, FIRST_MADE = 500, 1000
"""Relative identifiers: the built-in administrator, and the first that somebody made."""


@dataclass(frozen=True, slots=True)
class LoggedOn:
    """`name` is the account's, with its domain where two people have the same one."""

    sid: str
    name: str


def human(sid: str) -> bool:
    """Whether it is an account of a person, by its form.

    >>> human("S-1-5-21-1-2-3-1001"), human("S-1-12-1-1-2-3-4"), human("S-1-5-18")
    (True, True, False)
    >>> human("S-1-5-21-1-2-3-1001_Classes")
    False
    """
    if ENTRA.fullmatch(sid):
        return True
    found = LOCAL_OR_DOMAIN.fullmatch(sid)
    rid = int(found["rid"]) if found else 0
    return rid >= FIRST_MADE or rid == ADMINISTRATOR


def logged_on(host: Host) -> tuple[LoggedOn, ...]:
    """Everybody who is logged on, by name. Raises what listing HKEY_USERS raises.

    Where it cannot be told whether a person's hive is loaded by a logon, it is taken for one.
    """
    found = [(sid, *_named(host, sid)) for sid in host.subkeys("HKU") if human(sid)]
    here = [(sid, name, domain) for sid, name, domain in found if name]
    names = [name.casefold() for _, name, _ in here]
    people = [
        LoggedOn(sid, name if names.count(name.casefold()) == 1 else f"{domain or sid}\\{name}")
        for sid, name, domain in here
    ]
    return tuple(sorted(people, key=lambda person: (person.name, person.sid)))


def _named(host: Host, sid: str) -> tuple[str, str]:
    """The names of account and domain; "" for somebody who is not logged on."""
    key = rf"HKU\{sid}\Volatile Environment"
    try:
        if name := words_in(host, key, "USERNAME"):
            return name, words_in(host, key, "USERDOMAIN") or ""
        return (_of_profile(host, sid) if there(host, key) else ""), ""
    except CannotTell:
        return _of_profile(host, sid), ""


def _of_profile(host: Host, sid: str) -> str:
    try:
        path = words_in(host, rf"{PROFILES}\{sid}", "ProfileImagePath") or ""
    except CannotTell:
        path = ""
    return path.rpartition("\\")[2] or sid
