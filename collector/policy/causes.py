"""What a person can do hangs on these words, and there are no others.

A cause stands beside an unknown verdict, a desktop beside a failing screen lock, a weakness beside
a failing disk or firewall; the words of `collector/policy/words` are chosen by them.
"""

from enum import StrEnum

from protos.posture.v1.signals_pb2 import UnknownReason

PREFIX = "UNKNOWN_REASON_"


class Cause(StrEnum):
    """Why a verdict is unknown: first the device's reasons (signals.proto), then our own."""

    TOOL_MISSING = "tool_missing"
    PERMISSION_DENIED = "permission_denied"
    TIMED_OUT = "timed_out"
    TOOL_FAILED = "tool_failed"
    UNPARSABLE = "unparsable"
    TOO_LARGE = "too_large"
    NO_USER_SESSION = "no_user_session"
    CONFLICTING_SOURCES = "conflicting_sources"
    NOT_IMPLEMENTED = "not_implemented"
    NOT_RECORDED = "not_recorded"
    SANDBOXED = "sandboxed"
    NO_DATA = "no_data"
    INTERNAL = "internal"

    NOT_REPORTED = "not_reported"
    """The agent is older or newer than the rule: it does not answer this question."""
    LISTS_OLD = "lists_old"
    CLOCK_AHEAD = "clock_ahead"
    SINCE_UNKNOWN = "since_unknown"
    """Something is pending, and it cannot be told for how long."""
    UNCLASSIFIED = "unclassified"
    """An update has waited long, and its source does not say whether it is one of security."""
    RELEASE_UNLISTED = "release_unlisted"
    EDITION_UNKNOWN = "edition_unknown"
    DISPUTED = "disputed"
    """The check is doubted: it turned on too many devices at once."""


DESKTOPS = frozenset(
    (
        *("gnome", "kde", "xfce", "cinnamon", "mate", "budgie", "lxqt", "lxde"),
        *("sway", "hyprland", "niri", "labwc", "i3"),
    )
)
"""The desktops whose settings there is advice about, as the agent names them, in lower case."""

WEAKNESSES = frozenset(("key_exposed", "in_part", "swap_only", "data_only", "group_policy"))
"""What a failing disk or firewall may lack besides the whole: each has words of its own where it
calls for something else to be done."""


def cause_of(reason: int) -> str:
    """The cause for a reason of the device; "" for one that a newer agent may send.

    >>> cause_of(UnknownReason.UNKNOWN_REASON_TIMED_OUT), cause_of(999)
    ('timed_out', '')
    """
    number = UnknownReason.DESCRIPTOR.values_by_number.get(reason)
    word = number.name.removeprefix(PREFIX).lower() if number else ""
    return next((cause.value for cause in Cause if cause.value == word), "")
