"""The programs that run in one person's session, found by their name.

A name in /proc is cut to 15 characters, and NixOS wraps programs as ".name-wrapped". A program of
another session of the same person, known by XDG_SESSION_ID, is not one of this session.
"""

from collections.abc import Collection, Mapping

from agent.host import CannotTell, Denied, Host, NoData, Process

CUT = 15


class Programs:
    """The processes of the machine. Raises CannotTell when they cannot be listed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._all = host.processes()

    @property
    def whole(self) -> bool:
        """Whether processes of others are shown too, so that a missing one does not run."""
        return any(process.pid == 1 for process in self._all)

    def anywhere(self, *names: str) -> bool:
        """A program of one of these names runs, whoever runs it."""
        return any(named(process, name) for process in self._all for name in names)

    def of(self, user: str, name: str, elsewhere: Collection[str] = ()) -> list[Process]:
        """The programs of a user with this name, without those of the sessions `elsewhere`."""
        mine = (one for one in self._all if one.user == user and named(one, name))
        return [one for one in mine if not elsewhere or self.session(one) not in elsewhere]

    def session(self, process: Process) -> str:
        """The session a program was started in; "" when it does not say."""
        try:
            return self._host.environment(process.pid).get("XDG_SESSION_ID", "")
        except CannotTell:
            return ""

    def environment(self, processes: Collection[Process]) -> Mapping[str, str]:
        """That of the first whose environment can be read; empty when none was recorded.

        Raises Denied: a profile or a folder named in it would be missed.
        """
        denied: Denied | None = None
        for process in processes:
            try:
                return self._host.environment(process.pid)
            except Denied as trouble:
                denied = trouble
            except CannotTell:
                continue
        if denied is not None:
            raise denied
        return {}


def named(process: Process, name: str) -> bool:
    """Whether a process is the program of this name.

    >>> named(Process(7, "xfce4-screensav", "alice", None, None), "xfce4-screensaver")
    True
    """
    if _is_another_script(process, name):
        return False
    names = [process.name, _last(process.executable)]
    if process.arguments:
        names.append(_last(process.arguments[0]))
    wrapped = f".{name}-wrapped"
    forms = {name, name[:CUT], wrapped, wrapped[:CUT]}
    return any(one in forms for one in names if one)


def _is_another_script(process: Process, name: str) -> bool:
    """An interpreter runs NAME-preferences, say, whose name in /proc is cut to that of NAME."""
    script = _last(process.arguments[1]) if process.arguments and process.arguments[1:] else ""
    return script.startswith(f"{name}-") and script != f"{name}-main.py"


def _last(path: str | None) -> str:
    return (path or "").rpartition("/")[2]


def arguments(process: Process) -> tuple[str, ...]:
    """Without the program itself. Raises NoData."""
    if process.arguments is None:
        raise NoData(f"the arguments of {process.name} could not be seen")
    return process.arguments[1:]
