"""Why something is unknown, in few words; what to do about it stands with each finding."""

from collector.policy.causes import Cause
from collector.translation import Words, gettext, marked

CAUSES = Words(
    {
        Cause.TOOL_MISSING.value: marked("a tool is missing"),
        Cause.PERMISSION_DENIED.value: marked("permission denied"),
        Cause.TIMED_OUT.value: marked("timed out"),
        Cause.TOOL_FAILED.value: marked("a tool failed"),
        Cause.UNPARSABLE.value: marked("not understood"),
        Cause.TOO_LARGE.value: marked("too large"),
        Cause.NO_USER_SESSION.value: marked("nobody logged in"),
        Cause.CONFLICTING_SOURCES.value: marked("sources disagree"),
        Cause.NOT_IMPLEMENTED.value: marked("not implemented"),
        Cause.NOT_RECORDED.value: marked("not recorded"),
        Cause.SANDBOXED.value: marked("the agent is confined"),
        Cause.NO_DATA.value: marked("no data"),
        Cause.INTERNAL.value: marked("a defect of the agent"),
        Cause.NOT_REPORTED.value: marked("not reported by this agent"),
        Cause.LISTS_OLD.value: marked("package lists are old"),
        Cause.CLOCK_AHEAD.value: marked("the clock is ahead"),
        Cause.SINCE_UNKNOWN.value: marked("since when is unknown"),
        Cause.UNCLASSIFIED.value: marked("not said whether it is security"),
        Cause.RELEASE_UNLISTED.value: marked("an unlisted release"),
        Cause.EDITION_UNKNOWN.value: marked("the edition is unknown"),
    }
)


def cause_words(cause: str) -> str:
    """
    >>> cause_words("timed_out"), cause_words("")
    ('timed out', 'no reason named')
    """
    return CAUSES[cause] if cause in CAUSES else (cause or gettext("no reason named"))
