"""Why somebody is not let in by an OpenID provider: one word for the log, one answer for a person.

What the provider or the address bar said is never repeated to the person.
"""

from enum import StrEnum

from collector.translation import Words, marked, said

AGAIN = marked("Go to the login page and start again.")
TELL = marked("Tell the people who run this collector: its log says more.")


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


WORDS = Words(
    {
        Reason.CANCELLED: marked("The login was not finished at the provider."),
        Reason.STATE: marked(
            "This answer does not belong to a login that was begun in this browser. It may be "
            "from another tab, or the browser keeps no cookies."
        ),
        Reason.OLD: marked("The login took more than ten minutes."),
        Reason.AGAIN: marked("This answer of the provider was used already."),
        Reason.MIXED_UP: marked("The answer came from another provider than the one asked."),
        Reason.UNREACHABLE: marked(
            "The provider cannot be asked at the moment. Try again in a minute, or log in with "
            "your password."
        ),
        Reason.PROVIDER: marked("The provider answered with something that cannot be used."),
        Reason.CODE: marked("The provider did not confirm the login."),
        Reason.TOKEN: marked("The provider's word about you could not be verified."),
        Reason.BUSY: marked("Many logins are under way at the moment. Try again in a few seconds."),
        Reason.UNKNOWN: marked(
            "You are known to the provider, and have no account here. Ask an owner of this "
            "collector for one; if you have one with a password, log in with it and connect the "
            "two."
        ),
        Reason.ROLE: marked(
            "You are known to the provider, and none of your groups may use this collector. Ask "
            "whoever looks after the groups."
        ),
        Reason.NAME: marked(
            "The provider tells no name that an account could have (for an e-mail address: it "
            "must be a verified one)."
        ),
        Reason.TAKEN: marked(
            "There is an account of your name, and it is not connected with the provider. If it "
            "is yours, log in with your password and connect the two; else ask an owner."
        ),
        Reason.DISABLED: marked("Your account here is disabled. Ask an owner of this collector."),
        Reason.LAST_OWNER: marked(
            "This is the last account of an owner, and the provider gives it a lesser role. Log "
            "in with your password and make somebody else an owner first."
        ),
        Reason.LINKED: marked(
            "This person at the provider is connected with another account, or your account with "
            "another person. Nothing was changed; disconnect them first."
        ),
        Reason.SESSION: marked(
            "Your session has ended meanwhile, so nothing was connected. Log in and try again."
        ),
        Reason.CHANGED: marked("Your account was changed at the same moment."),
    }
)
NEXT = {
    Reason.CANCELLED: AGAIN,
    Reason.STATE: AGAIN,
    Reason.OLD: AGAIN,
    Reason.AGAIN: AGAIN,
    Reason.MIXED_UP: TELL,
    Reason.UNREACHABLE: TELL,
    Reason.PROVIDER: TELL,
    Reason.CODE: AGAIN,
    Reason.TOKEN: TELL,
    Reason.NAME: TELL,
    Reason.CHANGED: AGAIN,
}
"""What to do about it, where WORDS does not say so."""


class Refused(Exception):
    """Nobody is let in. `detail` is for the collector's log, and holds no secret."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail

    @property
    def words(self) -> str:
        """What the person reads."""
        then = NEXT.get(self.reason, "")
        return " ".join(filter(None, (WORDS[self.reason], said(then) if then else "")))
