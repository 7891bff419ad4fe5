"""No verdict outlives a gap: where the device could not look, nothing is concluded.

A gap is named as signals.proto says: "field", "list", "list[key]" or "list[key].field".
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from google.protobuf.message import Message

from collector.model import Rule, Status, Verdict
from collector.policy.causes import cause_of
from collector.policy.wording import sentence
from protos.posture.v1.signals_pb2 import Gap, UnknownReason

WORDS = {
    UnknownReason.UNKNOWN_REASON_TOOL_MISSING: "the tool that would tell is not installed",
    UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED: "permission denied",
    UnknownReason.UNKNOWN_REASON_TIMED_OUT: "timed out",
    UnknownReason.UNKNOWN_REASON_TOOL_FAILED: "the tool that would tell ended with an error",
    UnknownReason.UNKNOWN_REASON_UNPARSABLE: "the answer was not understood",
    UnknownReason.UNKNOWN_REASON_TOO_LARGE: "the answer is larger than is accepted",
    UnknownReason.UNKNOWN_REASON_NO_USER_SESSION: "nobody is logged in",
    UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES: "two sources disagree",
    UnknownReason.UNKNOWN_REASON_NOT_IMPLEMENTED: "no check for this operating system yet",
    UnknownReason.UNKNOWN_REASON_NOT_RECORDED: "the recording does not hold the answer",
    UnknownReason.UNKNOWN_REASON_SANDBOXED: "the agent's own confinement hides it",
    UnknownReason.UNKNOWN_REASON_NO_DATA: "the source holds nothing to go by",
    UnknownReason.UNKNOWN_REASON_INTERNAL: "a defect of the agent's check",
}
KEYS = {"volumes": "name", "scopes": "name", "products": "name", "users": "user"}
"""The field of a list's elements that gaps name them by."""
UNNAMED = ""
"""A gap that does not say where it is may be anywhere."""

M = TypeVar("M", bound=Message)


def because(reason: int, detail: str) -> str:
    """
    >>> because(UnknownReason.UNKNOWN_REASON_TIMED_OUT, "nft did not answer in 10 s")
    'timed out: nft did not answer in 10 s'
    >>> because(UnknownReason.UNKNOWN_REASON_NO_USER_SESSION, "Nobody is logged in at the screen")
    'Nobody is logged in at the screen'
    """
    words: str = WORDS.get(reason, "the agent could not tell")  # type: ignore[call-overload]
    if words in detail.casefold():
        return detail
    return f"{words}: {detail}" if detail else words


def unset(value: Message, needs: Collection[str], gaps: Iterable[Gap]) -> Verdict | None:
    """Unknown, and why a needed field was not seen; None when every one was.

    A list has no presence: it is missing when it is empty and a gap speaks of it.
    """
    by_root: dict[str, Gap] = {}
    for gap in gaps:
        by_root.setdefault(_root(gap.field), gap)
    for name in needs:
        field = value.DESCRIPTOR.fields_by_name[name]
        gap_here = by_root.get(name)
        if field.is_repeated:
            seen = bool(getattr(value, name)) or gap_here is None
        else:
            seen = value.HasField(name) and gap_here is None
        if not seen:
            words = f"the agent did not see {_plain(name)}"
            return _unseen(gap_here) if gap_here else Verdict(Status.UNKNOWN, sentence(words))
    return None


def seen_only(value: M, gaps: Collection[Gap]) -> M:
    """The value without those fields of listed elements that a gap speaks of: where a device says
    both "true" and "not seen", it did not see. Of several elements of one name (two swaps) the gap
    speaks of those whose field is unset.
    """
    if not gaps:
        return value
    kept = type(value)()
    kept.CopyFrom(value)
    for gap in gaps:
        root, key, name = _parts(gap.field)
        if root in KEYS and root in kept.DESCRIPTOR.fields_by_name:
            named = [each for each in getattr(kept, root) if getattr(each, KEYS[root]) == key]
            if any(_is_unset(each, name) for each in named):
                continue
            for each in named:
                if name in each.DESCRIPTOR.fields_by_name:
                    each.ClearField(name)
    return kept


def believed(rule: Rule, verdict: Verdict, value: Message, gaps: Sequence[Gap]) -> Verdict:
    """The verdict, unless it rests on having seen everything while something was hidden.

    To an unknown verdict of the rule's own, the reason of the gap behind it is added.
    """
    if verdict.status is Status.UNKNOWN:
        return _explained(rule, verdict, gaps)
    whole = {
        Status.PASS: (UNNAMED, *rule.whole_to_pass),
        Status.FAIL: rule.whole_to_fail,
        Status.NOT_APPLICABLE: (UNNAMED, *rule.whole_to_pass, *rule.whole_to_fail),
    }[verdict.status]
    for gap in gaps:
        if _root(gap.field) in whole and _hides(gap.field, value):
            return replace(_unseen(gap), holds_until=verdict.holds_until)
    return verdict


def _explained(rule: Rule, verdict: Verdict, gaps: Sequence[Gap]) -> Verdict:
    touched = {*rule.needs, *rule.whole_to_pass, *rule.whole_to_fail}
    for gap in gaps:
        root, key, _ = _parts(gap.field)
        if root in touched and key in verdict.because:
            words = f"{verdict.because.rstrip('.')} ({because(gap.reason, gap.detail)})"
            cause = cause_of(gap.reason) or verdict.cause
            return replace(verdict, because=sentence(words), cause=cause)
    return verdict


def _hides(path: str, value: Message) -> bool:
    """Whether the gap hides something that the rule could not notice in the value itself.

    A listed element whose field is unset was in front of the rule, which has answered for it.
    """
    root, key, name = _parts(path)
    if not key or not name or root not in KEYS:
        return True
    named = [each for each in getattr(value, root) if getattr(each, KEYS[root]) == key]
    return not any(_is_unset(each, name) for each in named)


def _is_unset(element: Message, name: str) -> bool:
    field = element.DESCRIPTOR.fields_by_name.get(name)
    return field is not None and not field.is_repeated and not element.HasField(name)


def _parts(path: str) -> tuple[str, str, str]:
    """
    >>> _parts("volumes[[swap]].protection"), _parts("users"), _parts("users[alice]")
    (('volumes', '[swap]', 'protection'), ('users', '', ''), ('users', 'alice', ''))
    """
    root, _, rest = path.partition("[")
    key, _, name = rest.rpartition("]")
    return root, key, name.removeprefix(".")


def _root(path: str) -> str:
    return path.partition("[")[0].partition(".")[0]


def _unseen(gap: Gap) -> Verdict:
    part = _plain(gap.field) or "a part of it"
    words = f"{part} could not be seen: {because(gap.reason, gap.detail)}"
    return Verdict(Status.UNKNOWN, sentence(words), cause=cause_of(gap.reason))


def _plain(name: str) -> str:
    """
    >>> _plain("volumes[/].protection"), _plain("pending_security")
    ('protection of /', 'pending security')
    """
    root, key, field = _parts(name)
    if not key:
        return root.replace("_", " ")
    return f"{(field or root).replace('_', ' ')} of {key}"
