"""Whose devices they are: read, and imported as a whole."""

from typing import Any

from collector.audit.entry import Action
from collector.owners import importing
from collector.owners.importing import Plan, Wanted
from collector.owners.sheet import BadSheet
from collector.store import Connection, person_search
from collector.store.person_search import PersonFilter
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import Wrong, unfit

ONLY = ("without_device", "left_reporting")
MOST_TROUBLES = 50


async def list_people(call: Call) -> Several:
    asked = call.query
    wanted = PersonFilter(asked["text"], asked["only"] or "", asked["cursor"], asked["limit"])
    page = await call.read(lambda c: person_search.find(c, wanted, call.now))
    fields = ("email", "name", "department", "language", "left_at", "source", "devices")
    items = [{name: getattr(each, name) for name in fields} for each in page.persons]
    return Several(items, page.next_after or None)


async def check_import(call: Call) -> One:
    """What it would change; nothing is written."""
    wanted = _wanted(call)
    return One(_plan(await call.read(lambda c: _planned(c, wanted))))


async def do_import(call: Call) -> One:
    """All of it, or nothing."""
    wanted, by, now = _wanted(call), call.bearer.username, call.now
    made = await call.read(lambda c: _planned(c, wanted))
    counts = {words: str(count) for words, count in importing.summary(made)}
    done = await call.change(
        Action.PEOPLE_IMPORTED,
        "people",
        counts,
        lambda c: importing.apply(c, wanted, now, by, "the API"),
    )
    return One(_plan(done))


def _wanted(call: Call) -> Wanted:
    try:
        return importing.wanted_by(call.body["csv"].encode())
    except BadSheet as error:
        raise unfit([Wrong("csv", str(each)) for each in error.troubles[:MOST_TROUBLES]]) from None


def _planned(c: Connection, wanted: Wanted) -> Plan:
    try:
        return importing.plan(c, wanted)
    except BadSheet as error:
        raise unfit([Wrong("csv", str(each)) for each in error.troubles[:MOST_TROUBLES]]) from None


def _plan(made: Plan) -> dict[str, Any]:
    return {
        "new": len(made.new),
        "changed": len(made.changed),
        "same": made.same,
        "devices": len(made.moves),
        "not_enrolled": [str(each) for each in made.missing[:MOST_TROUBLES]],
        "not_kept": list(made.unused),
    }
