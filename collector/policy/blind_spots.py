"""No verdict outlives a gap: where the device could not look, nothing is concluded.

A gap is named as signals.proto says: "field", "list", "list[key]" or "list[key].field".
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from google.protobuf.message import Message

from collector.model import Rule, Status, Verdict
from collector.policy.causes import cause_of
from collector.policy.seen_parts import plain, separated
from collector.policy.wording import Text, bare, sentence
from collector.translation import marked
from protos.posture.v1.signals_pb2 import Gap, UnknownReason

WORDS = {
    UnknownReason.UNKNOWN_REASON_TOOL_MISSING: marked("the tool that would tell is not installed"),
    UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED: marked("permission denied"),
    UnknownReason.UNKNOWN_REASON_TIMED_OUT: marked("timed out"),
    UnknownReason.UNKNOWN_REASON_TOOL_FAILED: marked(
        "the tool that would tell ended with an error"
    ),
    UnknownReason.UNKNOWN_REASON_UNPARSABLE: marked("the answer was not understood"),
    UnknownReason.UNKNOWN_REASON_TOO_LARGE: marked("the answer is larger than is accepted"),
    UnknownReason.UNKNOWN_REASON_NO_USER_SESSION: marked("nobody is logged in"),
    UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES: marked("two sources disagree"),
    UnknownReason.UNKNOWN_REASON_NOT_IMPLEMENTED: marked("no check for this operating system yet"),
    UnknownReason.UNKNOWN_REASON_NOT_RECORDED: marked("the recording does not hold the answer"),
    UnknownReason.UNKNOWN_REASON_SANDBOXED: marked("the agent's own confinement hides it"),
    UnknownReason.UNKNOWN_REASON_NO_DATA: marked("the source holds nothing to go by"),
    UnknownReason.UNKNOWN_REASON_INTERNAL: marked("a defect of the agent's check"),
}
COULD_NOT_TELL = marked("the agent could not tell")
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
    message: str = WORDS.get(reason, COULD_NOT_TELL)  # type: ignore[call-overload]
    words = Text(message)
    if words in detail.casefold():
        return detail
    return Text("%(why)s: %(detail)s", why=words, detail=detail) if detail else words


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
            words = Text("the agent did not see %(part)s", part=plain(name))
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
        root, key, name = separated(gap.field)
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
        root, key, _ = separated(gap.field)
        if root in touched and key in verdict.because:
            why = because(gap.reason, gap.detail)
            words = Text("%(what)s (%(why)s)", what=bare(verdict.because), why=why)
            cause = cause_of(gap.reason) or verdict.cause
            return replace(verdict, because=sentence(words), cause=cause)
    return verdict


def _hides(path: str, value: Message) -> bool:
    """Whether the gap hides something that the rule could not notice in the value itself.

    A listed element whose field is unset was in front of the rule, which has answered for it.
    """
    root, key, name = separated(path)
    if not key or not name or root not in KEYS:
        return True
    named = [each for each in getattr(value, root) if getattr(each, KEYS[root]) == key]
    return not any(_is_unset(each, name) for each in named)


def _is_unset(element: Message, name: str) -> bool:
    field = element.DESCRIPTOR.fields_by_name.get(name)
    return field is not None and not field.is_repeated and not element.HasField(name)


def _root(path: str) -> str:
    return path.partition("[")[0].partition(".")[0]


def _unseen(gap: Gap) -> Verdict:
    part = plain(gap.field) or Text("a part of it")
    why = because(gap.reason, gap.detail)
    words = Text("%(part)s could not be seen: %(why)s", part=part, why=why)
    return Verdict(Status.UNKNOWN, sentence(words), cause=cause_of(gap.reason))
