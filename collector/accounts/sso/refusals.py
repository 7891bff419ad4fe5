"""Why somebody is not let in by an OpenID provider: one word for the log, one answer for a person.

What the provider or the address bar said is never repeated to the person.
"""

from enum import StrEnum

AGAIN = "Go to the login page and start again."
TELL = "Tell the people who run this collector: its log says more."


class Reason(StrEnum):
    """As it stands in the audit log; see WORDS for what the person reads."""

    CANCELLED = "cancelled"
    STATE = "state"
    OLD = "too old"
    AGAIN = "used before"
    MIXED_UP = "other provider"
    UNREACHABLE = "provider unreachable"
    PROVIDER = "provider's answer"
    CODE = "code refused"
    TOKEN = "token"  # noqa: S105 - a reason, not a secret
    BUSY = "busy"
    UNKNOWN = "unknown identity"
    ROLE = "no role"
    NAME = "no usable name"
    TAKEN = "name taken"
    DISABLED = "account disabled"
    LAST_OWNER = "last owner"
    LINKED = "linked elsewhere"
    SESSION = "session ended"
    CHANGED = "changed meanwhile"


WORDS: dict[Reason, str] = {
    Reason.CANCELLED: f"The login was not finished at the provider. {AGAIN}",
    Reason.STATE: "This answer does not belong to a login that was begun in this browser. It may "
    f"be from another tab, or the browser keeps no cookies. {AGAIN}",
    Reason.OLD: f"The login took more than ten minutes. {AGAIN}",
    Reason.AGAIN: f"This answer of the provider was used already. {AGAIN}",
    Reason.MIXED_UP: f"The answer came from another provider than the one asked. {TELL}",
    Reason.UNREACHABLE: "The provider cannot be asked at the moment. Try again in a minute, or log "
    f"in with your password. {TELL}",
    Reason.PROVIDER: f"The provider answered with something that cannot be used. {TELL}",
    Reason.CODE: f"The provider did not confirm the login. {AGAIN}",
    Reason.TOKEN: f"The provider's word about you could not be verified. {TELL}",
    Reason.BUSY: "Many logins are under way at the moment. Try again in a few seconds.",
    Reason.UNKNOWN: "You are known to the provider, and have no account here. Ask an owner of this "
    "collector for one; if you have one with a password, log in with it and connect the two.",
    Reason.ROLE: "You are known to the provider, and none of your groups may use this collector. "
    "Ask whoever looks after the groups.",
    Reason.NAME: "The provider tells no name that an account could have (for an e-mail address: it "
    f"must be a verified one). {TELL}",
    Reason.TAKEN: "There is an account of your name, and it is not connected with the provider. If "
    "it is yours, log in with your password and connect the two; else ask an owner.",
    Reason.DISABLED: "Your account here is disabled. Ask an owner of this collector.",
    Reason.LAST_OWNER: "This is the last account of an owner, and the provider gives it a lesser "
    "role. Log in with your password and make somebody else an owner first.",
    Reason.LINKED: "This person at the provider is connected with another account, or your account "
    "with another person. Nothing was changed; disconnect them first.",
    Reason.SESSION: "Your session has ended meanwhile, so nothing was connected. Log in and try "
    "again.",
    Reason.CHANGED: f"Your account was changed at the same moment. {AGAIN}",
}


class Refused(Exception):
    """Nobody is let in. `detail` is for the collector's log, and holds no secret."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail

    @property
    def words(self) -> str:
        """What the person reads."""
        return WORDS[self.reason]
