"""What went wrong, for a program and the person behind it: RFC 9457, with what to do.

Nothing that was sent is repeated, save the names of fields that this API knows or that are short.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Wrong:
    """One field that cannot be taken, and what to do about it."""

    field: str
    what: str


class Problem(Exception):
    """The request is refused; str() says what to do."""

    def __init__(
        self,
        status: int,
        title: str,
        what_to_do: str,
        wrong: Sequence[Wrong] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(what_to_do)
        self.status, self.title = status, title
        self.wrong = tuple(wrong)
        self.headers = dict(headers or {})

    def response(self) -> Response:
        content: dict[str, object] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
        }
        if self.wrong:
            content["errors"] = [{"field": each.field, "detail": each.what} for each in self.wrong]
        return JSONResponse(content, self.status, self.headers, media_type=MEDIA_TYPE)


def not_found() -> Problem:
    """For what is not there and for what the caller may not see: the same words."""
    return Problem(404, "Not found", "There is nothing here that this token may see.")


def unfit(wrong: Sequence[Wrong]) -> Problem:
    return Problem(
        400, "Not understood", "Nothing was done: correct the fields named in errors.", wrong
    )


def conflict(what_to_do: str) -> Problem:
    return Problem(409, "Not possible now", what_to_do)


def password_due() -> Problem:
    return Problem(
        403,
        "A new password is due",
        "The password of the token's owner is as old as one may be for their role. Log in to the "
        "pages, choose a new one, and make another token: this one ends with the old password.",
    )


def no_token() -> Problem:
    return Problem(
        401,
        "A token is needed",
        "Send `Authorization: Bearer muster_pat_...` with a personal access token that lasts; make "
        "one on the page /account/tokens.",
        headers={"WWW-Authenticate": 'Bearer realm="muster"'},
    )


def too_many(seconds: int, what_to_do: str) -> Problem:
    return Problem(429, "Too many", what_to_do, headers={"Retry-After": str(seconds)})


TOO_LARGE = (413, "Too much was sent", "A body here is never larger than 64 KiB.")
UNWRITTEN = (
    503,
    "This cannot be written down, so it is not done",
    "The collector's audit log cannot be written at the moment. Nothing was changed; try later.",
)
BUSY = (503, "The store does not answer", "Nothing was changed. Try again in a minute.")
BROKEN = (
    500,
    "Something went wrong on the collector",
    "Try again in a minute. If it stays, look at the collector's log for this time.",
)


def brief_name(name: str) -> str:
    """A field's name as it can be shown: what a caller made up may be long or steer a terminal."""
    short = "".join(c if c.isprintable() else " " for c in name)
    return short if len(short) <= LONGEST_NAME else short[: LONGEST_NAME - 1] + "…"
