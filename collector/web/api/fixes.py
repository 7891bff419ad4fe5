"""What to fix first, for programs: the same queue as the page."""

from collector.store import Connection, tallies
from collector.web.api.calls import Call, Several
from collector.web.fixes import queue_of


async def list_fixes(call: Call) -> Several:
    def look(c: Connection) -> Several:
        policy = call.site.policy.current(c)
        queue = queue_of(tallies.findings(c), policy, call.reads or policy.language, call.now)
        return Several(
            [
                {
                    "rule_id": fix.rule_id,
                    "cause": fix.cause,
                    "platform": fix.platform,
                    "title": fix.title,
                    "remediation": fix.remediation,
                    "severity": fix.severity,
                    "devices": fix.devices,
                    "percent_with_before": int(fix.with_before),
                }
                for fix in queue.fixes
            ]
        )

    return await call.read(look)
