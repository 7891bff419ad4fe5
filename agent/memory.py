"""The memory of this process, which holds its key, is never written to disk when it crashes."""

import sys
from pathlib import Path

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


def held_bytes() -> int:
    """What this process holds in memory now; on macOS the most it ever held."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().rss)
    import resource

    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Path("/proc/self/statm").open("rb") as file:  # ru_maxrss begins with the parent's
        return int(file.read().split()[1]) * resource.getpagesize()
