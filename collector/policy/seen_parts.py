"""Which part of a signal a gap speaks of, as machines name it and as people do."""

from collections.abc import Mapping

from collector.policy.wording import Text
from collector.translation import marked

FIELDS: Mapping[str, str] = {
    "volumes": marked("volumes"),
    "protection": marked("protection"),
    "role": marked("role"),
    "encrypted_homes": marked("encrypted homes"),
    "scopes": marked("scopes"),
    "in_use": marked("in use"),
    "inbound": marked("inbound"),
    "openings": marked("openings"),
    "managers": marked("managers"),
    "products": marked("products"),
    "running": marked("running"),
    "real_time": marked("real time"),
    "definitions_at": marked("definitions at"),
    "definitions_current": marked("definitions current"),
    "users": marked("users"),
    "locks": marked("locks"),
    "idle_seconds": marked("idle seconds"),
    "lock_delay_seconds": marked("lock delay seconds"),
    "pending": marked("pending"),
    "pending_security": marked("pending security"),
    "updates": marked("updates"),
    "index_at": marked("index at"),
    "restart_required": marked("restart required"),
    "support_ends_on": marked("support ends on"),
}
"""The fields of signals.proto that gaps are reported of; of others the name is said as it is."""


def separated(path: str) -> tuple[str, str, str]:
    """
    >>> separated("volumes[[swap]].protection"), separated("users"), separated("users[alice]")
    (('volumes', '[swap]', 'protection'), ('users', '', ''), ('users', 'alice', ''))
    """
    root, _, rest = path.partition("[")
    key, _, name = rest.rpartition("]")
    return root, key, name.removeprefix(".")


def plain(path: str) -> str:
    """
    >>> plain("volumes[/].protection"), plain("pending_security"), plain("")
    ('protection of /', 'pending security', '')
    """
    root, key, field = separated(path)
    if not key:
        return _named(root)
    return Text("%(field)s of %(key)s", field=_named(field or root), key=key)


def _named(field: str) -> str:
    if field in FIELDS:
        return Text(FIELDS[field])
    return field.replace("_", " ")
