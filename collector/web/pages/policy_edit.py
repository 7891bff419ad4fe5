"""A policy is edited, tried on devices, and applied over the version that its editor has seen."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import applying, wording
from collector.accounts.roles import Permission
from collector.applying import Overtaken, SaysTheSame
from collector.audit.entry import Action
from collector.model import Compliance
from collector.policy import Policy, PolicyError, Problem, default_text, load
from collector.policy.differences import Difference, differences
from collector.store import Connection, policies
from collector.translation import gettext as _
from collector.trial import Sample, try_on_sample
from collector.upkeep import rejudge_due
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import looked, noted_on
from collector.web.pages.policy_version import number_in
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/policy/edit"
METHODS = ("GET", "POST")
PERMISSION = Permission.CHANGE_POLICY
LONGEST_NOTE = 500
LARGEST_SAMPLE = 1_000
SHOWN = 20
NAME = "policy.toml"


@dataclass(frozen=True, slots=True)
class Draft:
    """`seen`: the version that was in force when the editor began."""

    text: str
    seen: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`tried` and `changes` are there once the text was tried; `error` is about the whole."""

    changes: tuple[Difference, ...] = ()
    tried: Sample | None = None
    problems: tuple[Problem, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    draft: Draft
    answer: Answer
    states: Mapping[Compliance, str]
    longest: int


async def page(request: Request) -> Response:
    if request.method == "GET":
        return _shown(request, await _begun(request))
    form = await request.form()
    text = str(form.get("text", "")).replace("\r\n", "\n")
    note = " ".join(str(form.get("note", "")).split())
    draft = Draft(text, _seen(str(form.get("seen", ""))), note)
    try:
        policy = await run_in_threadpool(load, text, NAME)
    except PolicyError as error:
        return _shown(request, draft, Answer(problems=tuple(error.problems)), 400)
    if form.get("action") == "apply":
        return await _apply(request, draft)
    await looked(request, PATH, what="what a draft would change")
    return await _try(request, draft, policy)


async def _begun(request: Request) -> Draft:
    """With the text in force, or that of an older version, to go back to it."""
    older = number_in(request.query_params.get("from", ""))

    def find(c: Connection) -> Draft:
        current = policies.current(c)
        text = policies.text_of(c, older)
        seen = current.version if current else 0
        if text is not None:
            return Draft(text, seen, _("Back to version %(number)s", number=older))
        return Draft(current.text if current else default_text(), seen)

    return await run_in_threadpool(site_of(request.scope).store.read, find)


async def _try(request: Request, draft: Draft, policy: Policy) -> Response:
    site = site_of(request.scope)
    wanted = replace(policy, version=draft.seen + 1)
    today = await run_in_threadpool(site.store.read, site.policy.current)
    async with site.trial:  # several at once would be felt
        tried = await run_in_threadpool(
            try_on_sample, site.store, wanted, site.clock(), LARGEST_SAMPLE, SHOWN
        )
    return _shown(request, draft, Answer(tuple(differences(today, policy)), tried))


async def _apply(request: Request, draft: Draft) -> Response:
    site, by = site_of(request.scope), session_of(request).username
    if not draft.note or len(draft.note) > LONGEST_NOTE or not draft.note.isprintable():
        words = _("Note: say why in 1 to %(most)s printable characters.", most=LONGEST_NOTE)
        return _shown(request, draft, Answer(error=words), 400)
    told = {"sha256": hashlib.sha256(draft.text.encode()).hexdigest(), "reason": draft.note}
    try:
        await run_in_threadpool(
            site.store.read, lambda c: applying.check(c, draft.text, draft.seen)
        )
        async with noted_on(request, Action.POLICY_APPLIED, "policy", **told):
            await site.store.submit(
                lambda c: applying.put_in_force(
                    c, draft.text, site.clock(), by, draft.note, draft.seen
                )
            )
    except Overtaken as error:
        words = _(
            "Version %(now)s was applied since you began with version %(seen)s. Nothing was "
            "overwritten. Look at the newest version, and begin again with it.",
            now=error.version,
            seen=draft.seen,
        )
        return _shown(request, draft, Answer(error=words), 409)
    except SaysTheSame as error:
        words = _("Version %(now)s in force says exactly this.", now=error.version)
        return _shown(request, draft, Answer(error=words), 409)
    again = BackgroundTask(rejudge_due, site.store, site.clock)
    return RedirectResponse("/policy", 303, background=again)


def _shown(
    request: Request, draft: Draft, answer: Answer | None = None, status_code: int = 200
) -> Response:
    context = Context(
        frame_of(request.scope, _("Edit the policy")),
        draft,
        answer or Answer(),
        wording.STATES,
        LONGEST_NOTE,
    )
    return render("policy_edit.html", context, status_code=status_code)


def _seen(text: str) -> int:
    """What is no number was seen by nobody: it is refused as overtaken."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 10**9
