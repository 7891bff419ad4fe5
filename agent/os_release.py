"""Reads os-release(5), which every Linux distribution has, in one way for everybody."""

import re
import shlex

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_os_release(content: str) -> dict[str, str]:
    """KEY=VALUE with shell quoting; a line that cannot be read is left out.

    >>> parse_os_release('ID="debian"\\nVERSION_ID=12\\nNAME="never closed\\n')
    {'ID': 'debian', 'VERSION_ID': '12'}
    """
    fields: dict[str, str] = {}
    for line in content.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or not NAME.fullmatch(name):
            continue
        try:
            fields[name] = " ".join(shlex.split(value))
        except ValueError:
            continue
    return fields
