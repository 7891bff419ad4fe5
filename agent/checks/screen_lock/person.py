"""The people of a machine: who they are, where their settings lie, what their session says.

A person is an account that somebody can sit down with: passwd(5), a person's user id and a login
shell. Accounts of a directory service are not in /etc/passwd; `getent` knows them.

The agent is root, and a person's settings may be links to what that person may not read: no
trouble with such a file ever quotes it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from agent.accounts import peoples_ids
from agent.host import CannotTell, Host, NoData, NotRecorded, ToolMissing, read_text

ACCOUNT = re.compile(r"[\w.][\w.@$-]*")
NO_HOMES = ("lost+found", "linuxbrew")
MOST_ASKED = 20
FIRST_PERSON = 1000
NO_LOGIN = ("nologin", "false", "sync", "true")


@dataclass(frozen=True, slots=True)
class Person:
    """One account. `environment` is that of the running session; empty when there is none."""

    user: str
    uid: int | None
    home: str
    shell: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> str:
        """The folder of the person's own settings (XDG Base Directory Specification)."""
        return self._absolute("XDG_CONFIG_HOME", f"{self.home}/.config")

    @property
    def system_config(self) -> tuple[str, ...]:
        """The folders of settings for everybody, the most important first."""
        return self._folders("XDG_CONFIG_DIRS", "/etc/xdg")

    @property
    def data(self) -> tuple[str, ...]:
        """The folders of shared data, the most important first."""
        return self._folders("XDG_DATA_DIRS", "/usr/local/share:/usr/share")

    @property
    def desktops(self) -> tuple[str, ...]:
        """The names in XDG_CURRENT_DESKTOP, such as ubuntu and GNOME."""
        return tuple(filter(None, self.environment.get("XDG_CURRENT_DESKTOP", "").split(":")))

    def _absolute(self, variable: str, otherwise: str) -> str:
        value = self.environment.get(variable, "")
        return value.rstrip("/") if value.startswith("/") else otherwise

    def _folders(self, variable: str, otherwise: str) -> tuple[str, ...]:
        value = self.environment.get(variable) or otherwise
        return tuple(name.rstrip("/") for name in value.split(":") if name.startswith("/"))


def parse_passwd(content: str) -> tuple[Person, ...]:
    """Every account of passwd(5); lines of another form are left out."""
    found = []
    for line in content.splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdecimal() and fields[0] and fields[5].startswith("/"):
            uid = int(fields[2])
            found.append(Person(fields[0], uid, fields[5].rstrip("/"), fields[6]))
    return tuple(found)


def people(host: Host) -> tuple[Person, ...]:
    """The people with an account here, by name. Raises CannotTell."""
    try:
        accounts = parse_passwd(read_text(host, "/etc/passwd"))
    except NotRecorded:
        names = host.list("/home")
        return tuple(Person(name, None, f"/home/{name}") for name in names if name[0] != ".")
    ids = peoples_ids(host)
    human = [one for one in accounts if one.uid is not None and one.uid in ids]
    human += _of_directories(host, accounts)
    found = (one for one in human if one.shell.rpartition("/")[2] not in NO_LOGIN)
    return tuple(sorted(found, key=lambda person: person.user))


def _of_directories(host: Host, accounts: Collection[Person]) -> list[Person]:
    """Those with a home here and no line in /etc/passwd (sssd, winbind, systemd-homed).

    Asked for by name, all at once: a directory is never listed. A home left behind is nobody's.
    """
    try:
        homes = [name for name in host.list("/home") if name not in NO_HOMES and name[0] != "."]
    except CannotTell:
        return []
    local = {one.user for one in accounts} | {one.home.rpartition("/")[2] for one in accounts}
    names = {name.removesuffix(".homedir").removesuffix(".home") for name in homes} - local
    asked = sorted(filter(ACCOUNT.fullmatch, names))[:MOST_ASKED]
    if not asked:
        return []
    try:
        said = host.run("getent", "passwd", *asked, ok=(0, 2), time_limit=5.0).text
    except (ToolMissing, NotRecorded):
        return []
    return [one for one in parse_passwd(said) if one.uid is not None and one.uid >= FIRST_PERSON]


def person_of(host: Host, user: str, uid: int | None, environment: Mapping[str, str]) -> Person:
    """The person behind a session. Raises CannotTell when the home is not known."""
    home = environment.get("HOME", "")
    if not home.startswith("/"):
        home = _home(host, user, uid)
    return Person(user, uid, home.rstrip("/"), environment=environment)


def _in_directory(host: Host, user: str) -> list[Person]:
    """A name that getent would take for an option is not asked for."""
    if user.startswith("-"):
        return []
    return list(parse_passwd(host.run("getent", "passwd", user).text))


def _home(host: Host, user: str, uid: int | None) -> str:
    try:
        accounts = parse_passwd(read_text(host, "/etc/passwd"))
    except NotRecorded:
        return f"/home/{user}"
    named = [one for one in accounts if one.user == user or one.uid == uid]
    if not named:
        try:
            named = _in_directory(host, user)
        except CannotTell:
            named = []
    if not named:
        raise NoData(f"the home directory of {user} is not known")
    return named[0].home
