"""Releases of the agent and how devices fare with them: as at /releases."""

from typing import Any

from collector.store import releases
from collector.store.releases import Release
from collector.web.api.calls import Call, Several


async def list_releases(call: Call) -> Several:
    found = await call.read(lambda c: releases.newest(c, call.query["limit"]))
    return Several([_shown(each) for each in found])


def _shown(each: Release) -> dict[str, Any]:
    names = ("version", "state", "percent", "begun", "back", "failing", "added_at")
    return {
        name: getattr(each, name) for name in (*names, "halted_at", "halted_by", "halted_because")
    }
