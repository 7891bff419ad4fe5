"""How the collector is, what its log holds, and what this API offers."""

from datetime import timedelta
from functools import partial

from starlette.concurrency import run_in_threadpool

from collector import __version__
from collector.audit.reading import newest
from collector.store import Connection, devices
from collector.web.api.calls import Call, One, Several
from collector.web.api.fields import OBJECTS


async def status(call: Call) -> One:
    def look(c: Connection) -> dict[str, object]:
        policy = call.site.policy.current(c)
        counts = devices.count_by_state(c, call.now, timedelta(days=policy.stale_after_days))
        return {
            "name": call.site.keeping.name,
            "environment": call.site.keeping.environment,
            "version": __version__,
            "now": call.now,
            "policy_version": policy.version,
            "devices": {state.value: count for state, count in counts.items()},
        }

    return One(await call.read(look))


async def audit_records(call: Call) -> Several:
    """The newest, oldest first."""
    asked, folder = call.query, call.site.keeping.journal.folder
    read = partial(newest, folder, asked["limit"], asked["action"], asked["actor"])
    found = await run_in_threadpool(read)
    return Several(
        [{name: each.fields.get(name) for name in OBJECTS["AuditRecord"]} for each in found]
    )
