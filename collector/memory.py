"""The memory of this process, which holds its keys, is never written to disk when it crashes."""

import sys

MOST_BYTES = 1
"""Linux gives a dump to a program such as systemd-coredump whatever the limit is, 0 as well, but
for a limit of 1 byte (do_coredump in fs/coredump.c); a file is never written at either.
"""


def keep_off_disk() -> None:
    """For this process and what it starts; it cannot be taken back. Windows has no such limit."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = MOST_BYTES if most == resource.RLIM_INFINITY else min(MOST_BYTES, most)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
